// SPDX-License-Identifier: MIT
#include <sysfd/detail/deadline.hpp>

#include <sys/syscall.h>

#include <algorithm>
#include <cstddef>

#include <sysfd/detail/raw_syscall.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

Clock::time_point deadline_after(std::chrono::nanoseconds duration) noexcept {
  const auto now = Clock::now();
  const auto furthest = Clock::time_point::max();
  const auto wait = std::max(duration, std::chrono::nanoseconds::zero());
  return wait < furthest - now ? now + wait : furthest;
}

timespec time_until(Clock::time_point deadline) noexcept {
  const auto now = Clock::now();
  if (deadline <= now) return {};
  const auto left = deadline - now;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
  return {.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
}

namespace {

SYSFD_ALWAYS_INLINE long poll(pollfd* entries, nfds_t count, const timespec* timeout) noexcept {
  return system_call(SYS_ppoll, entries, count, timeout, nullptr, std::size_t{0});
}

// Not inlined: who waits for ever is not to pay for its registers.
[[gnu::noinline]] long poll_before(pollfd* entries, nfds_t count,
                                   Clock::time_point deadline) noexcept {
  for (;;) {
    const timespec timeout = time_until(deadline);
    const long ready = poll(entries, count, &timeout);
    if (ready != -EINTR) return ready;
  }
}

}  // namespace

long raw_poll_until(pollfd* entries, nfds_t count, const Clock::time_point* deadline) noexcept {
  if (deadline) return poll_before(entries, count, *deadline);
  for (;;) {
    const long ready = poll(entries, count, nullptr);
    if (ready != -EINTR) return ready;
  }
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
