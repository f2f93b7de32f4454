// SPDX-License-Identifier: MIT
#ifndef SYSFD_PIDFD_SRC_POLL_HPP
#define SYSFD_PIDFD_SRC_POLL_HPP

#include <poll.h>

#include <chrono>

#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

using Clock = std::chrono::steady_clock;

// The moment after `duration` from now, or the last that there is. For none of zero and less.
Clock::time_point deadline_after(std::chrono::nanoseconds duration) noexcept;

// ppoll(2) until the deadline, or for ever without one. How many entries are ready: none, when the
// deadline is past.
Result<int> poll_until(pollfd* entries, nfds_t count, const Clock::time_point* deadline) noexcept;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_PIDFD_SRC_POLL_HPP
