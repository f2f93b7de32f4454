// SPDX-License-Identifier: MIT
//
// Waits until a deadline, or until the wait is canceled. Not for users.
#ifndef SYSFD_DETAIL_DEADLINE_HPP
#define SYSFD_DETAIL_DEADLINE_HPP
#include <sysfd/detail/cxx23.hpp>

#include <poll.h>

#include <algorithm>
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

// A time, and a descriptor that ends the wait earlier when it is ready.
struct Deadline {
  Clock::time_point time = Clock::time_point::max();  // max() means: never
  int canceled_by = -1;

  bool is_never() const noexcept { return time == Clock::time_point::max(); }
  bool is_past() const noexcept { return !is_never() && time <= Clock::now(); }
};

// Returns the time `duration` from now, clamped to time_point::max().
SYSFD_API Clock::time_point deadline_after(std::chrono::nanoseconds duration) noexcept;

// Returns the deadline that is `timeout` from now. Does not read the clock if the timeout is zero
// or forever.
inline Deadline deadline_after(const Timeout& timeout) noexcept {
  const auto canceled_by = timeout.canceled_by();
  Deadline deadline{.canceled_by = canceled_by ? canceled_by->get() : -1};
  if (timeout.duration() == timeout.duration().zero())
    deadline.time = Clock::time_point::min();
  else if (!timeout.is_forever())
    deadline.time = deadline_after(timeout.duration());
  return deadline;
}

// Returns the timeout that ends at the deadline.
inline Timeout timeout_until(const Deadline& deadline) noexcept {
  Timeout left = Timeout::forever();
  if (!deadline.is_never()) left = deadline.time - std::min(deadline.time, Clock::now());
  if (deadline.canceled_by >= 0)
    left = left.canceled_by(BorrowedFd::unsafe_borrow(deadline.canceled_by));
  return left;
}

// Returns the time left until then; zero if it is past.
SYSFD_API timespec time_until(Clock::time_point deadline) noexcept;

// ppoll(2): waits until the deadline. Returns the number of ready entries, which is zero at the
// deadline, or -errno. -ECANCELED: the wait was canceled, and no entry is ready. EINTR is retried.
// If there are entries and `deadline.canceled_by` is set, the array must have room for one more
// entry.
SYSFD_API long raw_poll_until(pollfd* entries, nfds_t count, const Deadline& deadline) noexcept;

// Does the same with a deadline that is `timeout` from now, and sets `deadline` to it. Reads the
// clock one time less.
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
