// SPDX-License-Identifier: MIT
#include <sysfd/detail/deadline.hpp>

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>

#include <sysfd/detail/syscall.hpp>

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

Result<int> poll_until(pollfd* entries, nfds_t count, const Clock::time_point* deadline) noexcept {
  for (;;) {
    timespec timeout{};
    if (deadline) timeout = time_until(*deadline);
    const long ready = ::syscall(SYS_ppoll, entries, count, deadline ? &timeout : nullptr, nullptr,
                                 std::size_t{0});
    if (ready >= 0) return static_cast<int>(ready);
    if (errno != EINTR) return last_error();
  }
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
