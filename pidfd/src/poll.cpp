// SPDX-License-Identifier: MIT
#include "poll.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <ctime>

#include <sysfd/detail/syscall.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

timespec to_timespec(std::chrono::nanoseconds duration) noexcept {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(duration);
  return {.tv_sec = seconds.count(), .tv_nsec = (duration - seconds).count()};
}

}  // namespace

Clock::time_point deadline_after(std::chrono::nanoseconds duration) noexcept {
  const auto now = Clock::now();
  const auto furthest = Clock::time_point::max();
  return duration < furthest - now ? now + duration : furthest;
}

Result<int> poll_until(pollfd* entries, nfds_t count, const Clock::time_point* deadline) noexcept {
  for (;;) {
    timespec timeout{};
    if (deadline) {
      const auto now = Clock::now();
      if (*deadline > now) timeout = to_timespec(*deadline - now);
    }
    const long ready = ::syscall(SYS_ppoll, entries, count, deadline ? &timeout : nullptr, nullptr,
                                 std::size_t{0});
    if (ready >= 0) return static_cast<int>(ready);
    if (errno != EINTR) return last_error();
  }
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
