// SPDX-License-Identifier: MIT
#include <sysfd/detail/deadline.hpp>

#include <sys/syscall.h>

#include <algorithm>
#include <cstddef>

#include <sysfd/detail/raw_syscall.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

namespace {

// Requires a duration that is not negative.
SYSFD_ALWAYS_INLINE timespec to_timespec(std::chrono::nanoseconds duration) noexcept {
  constexpr long second = 1'000'000'000;
  const auto left = static_cast<unsigned long>(duration.count());
  return {.tv_sec = static_cast<time_t>(left / second),
          .tv_nsec = static_cast<long>(left % second)};
}

SYSFD_ALWAYS_INLINE timespec left_until(Clock::time_point deadline) noexcept {
  const auto now = Clock::now();
  return deadline <= now ? timespec{} : to_timespec(deadline - now);
}

SYSFD_ALWAYS_INLINE Clock::time_point after(std::chrono::nanoseconds duration) noexcept {
  const auto now = Clock::now();
  const auto furthest = Clock::time_point::max();
  return duration < furthest - now ? now + duration : furthest;
}

SYSFD_ALWAYS_INLINE long poll(pollfd* entries, nfds_t count, const timespec* timeout) noexcept {
  return system_call(SYS_ppoll, entries, count, timeout, nullptr, std::size_t{0});
}

// This is not inlined, so that a wait without a deadline does not pay for its registers.
[[gnu::noinline]] long poll_before(pollfd* entries, nfds_t count,
                                   Clock::time_point deadline) noexcept {
  for (;;) {
    const timespec timeout = left_until(deadline);
    const long ready = poll(entries, count, &timeout);
    if (ready != -EINTR) return ready;
  }
}

long poll_without_cancel(pollfd* entries, nfds_t count, const Deadline& deadline) noexcept {
  if (!deadline.is_never()) return poll_before(entries, count, deadline.time);
  for (;;) {
    const long ready = poll(entries, count, nullptr);
    if (ready != -EINTR) return ready;
  }
}

// Adds one entry after the others: that of the descriptor that cancels the wait.
[[gnu::noinline]] long poll_unless_canceled(pollfd* entries, nfds_t count,
                                            const Deadline& deadline) noexcept {
  pollfd alone{};
  if (count == 0) entries = &alone;
  pollfd& cancel = entries[count];
  cancel = {.fd = deadline.canceled_by, .events = POLLIN, .revents = 0};
  const long ready = poll_without_cancel(entries, count + 1, deadline);
  if (ready <= 0 || cancel.revents == 0) return ready;
  if ((cancel.revents & POLLNVAL) != 0) return -EBADF;
  return ready == 1 ? -ECANCELED : ready - 1;
}

}  // namespace

Clock::time_point deadline_after(std::chrono::nanoseconds duration) noexcept {
  return after(std::max(duration, std::chrono::nanoseconds::zero()));
}

timespec time_until(Clock::time_point deadline) noexcept {
  return left_until(deadline);
}

long raw_poll_until(pollfd* entries, nfds_t count, const Deadline& deadline) noexcept {
  if (deadline.canceled_by >= 0) [[unlikely]]
    return poll_unless_canceled(entries, count, deadline);
  return poll_without_cancel(entries, count, deadline);
}

long raw_poll_for(pollfd* entries, nfds_t count, const Timeout& timeout,
                  Deadline& deadline) noexcept {
  if (timeout.is_forever() || timeout.canceled_by()) [[unlikely]] {
    deadline = deadline_after(timeout);
    return raw_poll_until(entries, count, deadline);
  }
  deadline = {after(timeout.duration())};
  const timespec left = to_timespec(timeout.duration());
  const long ready = poll(entries, count, &left);
  return ready == -EINTR ? poll_before(entries, count, deadline.time) : ready;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
