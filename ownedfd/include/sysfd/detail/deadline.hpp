// SPDX-License-Identifier: MIT
//
// Waiting no longer than up to a moment, or until the wait is called off. Not for users.
#ifndef SYSFD_DETAIL_DEADLINE_HPP
#define SYSFD_DETAIL_DEADLINE_HPP
#include <sysfd/detail/cxx23.hpp>

#include <poll.h>

#include <ctime>

#include <sysfd/attributes.hpp>
#include <sysfd/detail/chrono.hpp>
#include <sysfd/detail/syscall.hpp>
#include <sysfd/result.hpp>
#include <sysfd/timeout.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

using Clock = std::chrono::steady_clock;

// A moment, and a descriptor whose readiness ends the wait before it.
struct Deadline {
  Clock::time_point time = Clock::time_point::max();  // the last moment means: never
  int canceled_by = -1;

  bool is_never() const noexcept { return time == Clock::time_point::max(); }
  bool is_past() const noexcept { return !is_never() && time <= Clock::now(); }
};

// The moment after `duration` from now, or the last that there is.
SYSFD_API Clock::time_point deadline_after(std::chrono::nanoseconds duration) noexcept;

// From now on. Does not look at the clock where the timeout is zero or for ever.
inline Deadline deadline_after(const Timeout& timeout) noexcept {
  const auto canceled_by = timeout.canceled_by();
  Deadline deadline{.canceled_by = canceled_by ? canceled_by->get() : -1};
  if (timeout.duration() == timeout.duration().zero())
    deadline.time = Clock::time_point::min();
  else if (!timeout.is_forever())
    deadline.time = deadline_after(timeout.duration());
  return deadline;
}

// How long it is until then; zero when it is past.
SYSFD_API timespec time_until(Clock::time_point deadline) noexcept;

// ppoll(2) until the deadline. Returns how many of these entries are ready: none, when the deadline
// is past; or -errno: ECANCELED none is, and the wait is called off. EINTR is retried. Where there
// are entries and `deadline.canceled_by` is set, there is room for one entry more behind them.
SYSFD_API long raw_poll_until(pollfd* entries, nfds_t count, const Deadline& deadline) noexcept;

// The same from now on; `deadline` becomes the moment after that. One look at the clock less.
SYSFD_API long raw_poll_for(pollfd* entries, nfds_t count, const Timeout& timeout,
                            Deadline& deadline) noexcept;

inline Result<int> poll_until(pollfd* entries, nfds_t count, const Deadline& deadline) noexcept {
  const long ready = raw_poll_until(entries, count, deadline);
  if (ready < 0) return failure(static_cast<int>(-ready));
  return static_cast<int>(ready);
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_DETAIL_DEADLINE_HPP
