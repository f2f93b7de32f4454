// SPDX-License-Identifier: MIT
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <ctime>

#include <sysfd/pidfd.hpp>

#include "info.hpp"

namespace sysfd {
inline namespace v0 {
namespace {

using Clock = std::chrono::steady_clock;

// What one look at the process gave, where it was no error.
struct Look {
  std::optional<ExitStatus> ended;
  bool ours = true;  // our child; otherwise the end is known only once somebody else has reaped it
};

ExitStatus to_status(const siginfo_t& info) noexcept {
  if (info.si_code == CLD_EXITED) return ExitStatus::exited(info.si_status);
  return ExitStatus::killed(info.si_status, info.si_code == CLD_DUMPED);
}

// Whether and how a process has ended that waitid(2) does not let us wait for.
Result<Look> look_from_outside(BorrowedFd pidfd) noexcept {
  const auto info = detail::get_info(pidfd, detail::kernel::info_pid | detail::kernel::info_exit);
  if (!info) {
    const bool cannot_tell = info.error() == std::errc::operation_not_supported ||
                             info.error() == std::errc::no_such_process;
    return cannot_tell ? detail::failure(ECHILD) : std::unexpected(info.error());
  }
  Look look{std::nullopt, false};
  if (info->mask & detail::kernel::info_exit)
    look.ended = ExitStatus::from_wait_status(info->exit_code);
  return look;
}

// waitid(2) with `options`, EAGAIN being "not yet" (that is how it says so for a pidfd in
// non-blocking mode).
Result<Look> look(BorrowedFd pidfd, int options) noexcept {
  siginfo_t info;
  info.si_pid = 0;
  // __WALL: also children that were made with another exit signal than SIGCHLD.
  const long answer = detail::retry_eintr([&] {
    return ::syscall(SYS_waitid, detail::kernel::wait_pidfd, pidfd.get(), &info,
                     WEXITED | __WALL | options, nullptr);
  });
  if (answer == -1) {
    if (errno == EAGAIN) return Look{};
    if (errno == ECHILD) return look_from_outside(pidfd);
    return detail::last_error();
  }
  if (info.si_pid == 0) return Look{};
  return Look{to_status(info), true};
}

timespec to_timespec(std::chrono::nanoseconds duration) noexcept {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(duration);
  return {.tv_sec = seconds.count(), .tv_nsec = (duration - seconds).count()};
}

// A child that somebody else traces is readable when it has ended, but can be waited for only once
// the tracer has let go, and nothing announces that: it is looked at again at this pace.
constexpr std::chrono::milliseconds tracer_pace{10};

// ppoll(2) until the deadline, or for ever without one. Whether something happened before it.
Result<bool> poll_until(pollfd* entry, nfds_t count, const Clock::time_point* deadline) noexcept {
  for (;;) {
    timespec timeout{};
    if (deadline) {
      const auto now = Clock::now();
      if (*deadline > now) timeout = to_timespec(*deadline - now);
    }
    const long ready =
        ::syscall(SYS_ppoll, entry, count, deadline ? &timeout : nullptr, nullptr, std::size_t{0});
    if (ready >= 0) return ready > 0;
    if (errno != EINTR) return detail::last_error();
  }
}

// No value: the deadline is past.
Result<std::optional<ExitStatus>> wait_by_poll(BorrowedFd pidfd, int options,
                                               const Clock::time_point* deadline) noexcept {
  for (bool readable = false;;) {
    const auto seen = look(pidfd, options);
    if (!seen) return std::unexpected(seen.error());
    if (seen->ended) return seen->ended;
    if (readable) {
      const auto next = Clock::now() + tracer_pace;
      const bool last = deadline && *deadline <= next;
      if (const auto slept = poll_until(nullptr, 0, last ? deadline : &next); !slept)
        return std::unexpected(slept.error());
      if (last && Clock::now() >= *deadline) return std::nullopt;
    }
    pollfd entry{
        .fd = pidfd.get(), .events = static_cast<short>(seen->ours ? POLLIN : 0), .revents = 0};
    const auto ready = poll_until(&entry, 1, deadline);
    if (!ready) return std::unexpected(ready.error());
    if (!*ready) return std::nullopt;
    readable = true;
  }
}

}  // namespace

Result<ExitStatus> PidFd::wait() const noexcept {
  const auto ended = wait_by_poll(fd_, 0, nullptr);
  if (!ended) return std::unexpected(ended.error());
  return **ended;
}

Result<std::optional<ExitStatus>> PidFd::try_wait() const noexcept {
  const auto seen = look(fd_, WNOHANG);
  if (!seen) return std::unexpected(seen.error());
  return seen->ended;
}

Result<std::optional<ExitStatus>> PidFd::wait_until(Clock::time_point deadline) const noexcept {
  return wait_by_poll(fd_, WNOHANG, &deadline);
}

Result<std::optional<ExitStatus>> PidFd::wait_for(
    std::chrono::nanoseconds duration) const noexcept {
  if (duration <= duration.zero()) return try_wait();
  const auto now = Clock::now();
  const auto furthest = Clock::time_point::max();
  return wait_until(duration < furthest - now ? now + duration : furthest);
}

}  // namespace v0
}  // namespace sysfd
