// SPDX-License-Identifier: MIT
//
// Waiting no longer than up to a moment. Not for users.
#ifndef SYSFD_DETAIL_DEADLINE_HPP
#define SYSFD_DETAIL_DEADLINE_HPP

#include <poll.h>

#include <chrono>
#include <ctime>

#include <sysfd/attributes.hpp>
#include <sysfd/detail/syscall.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

using Clock = std::chrono::steady_clock;

// The moment after `duration` from now, or the last that there is.
SYSFD_API Clock::time_point deadline_after(std::chrono::nanoseconds duration) noexcept;

// How long it is until then; zero when it is past.
SYSFD_API timespec time_until(Clock::time_point deadline) noexcept;

// ppoll(2) until the deadline, or for ever without one. How many entries are ready: none, when the
// deadline is past; or -errno. EINTR is retried.
SYSFD_API long raw_poll_until(pollfd* entries, nfds_t count,
                              const Clock::time_point* deadline) noexcept;

// The same for so long, which is not negative; `deadline` becomes the moment after that. One look at
// the clock less.
SYSFD_API long raw_poll_for(pollfd* entries, nfds_t count, std::chrono::nanoseconds duration,
                            Clock::time_point& deadline) noexcept;

inline Result<int> poll_until(pollfd* entries, nfds_t count,
                              const Clock::time_point* deadline) noexcept {
  const long ready = raw_poll_until(entries, count, deadline);
  if (ready < 0) return failure(static_cast<int>(-ready));
  return static_cast<int>(ready);
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_DETAIL_DEADLINE_HPP
