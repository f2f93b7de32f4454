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

// Of a duration that is not negative.
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

// Not inlined: who waits for ever is not to pay for its registers.
[[gnu::noinline]] long poll_before(pollfd* entries, nfds_t count,
                                   Clock::time_point deadline) noexcept {
  for (;;) {
    const timespec timeout = left_until(deadline);
    const long ready = poll(entries, count, &timeout);
    if (ready != -EINTR) return ready;
  }
}

}  // namespace

Clock::time_point deadline_after(std::chrono::nanoseconds duration) noexcept {
  return after(std::max(duration, std::chrono::nanoseconds::zero()));
}

timespec time_until(Clock::time_point deadline) noexcept {
  return left_until(deadline);
}

long raw_poll_until(pollfd* entries, nfds_t count, const Clock::time_point* deadline) noexcept {
  if (deadline) return poll_before(entries, count, *deadline);
  for (;;) {
    const long ready = poll(entries, count, nullptr);
    if (ready != -EINTR) return ready;
  }
}

long raw_poll_for(pollfd* entries, nfds_t count, std::chrono::nanoseconds duration,
                  Clock::time_point& deadline) noexcept {
  deadline = after(duration);
  const timespec timeout = to_timespec(duration);
  const long ready = poll(entries, count, &timeout);
  return ready == -EINTR ? poll_before(entries, count, deadline) : ready;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
