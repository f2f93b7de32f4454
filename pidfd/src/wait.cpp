// SPDX-License-Identifier: MIT
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <memory>
#include <new>

#include <sysfd/detail/deadline.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/pidfd.hpp>

#include "info.hpp"

namespace sysfd {
inline namespace v0 {
namespace {

using detail::Clock;
using detail::poll_until;

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
  const long answer =
      detail::system_call_retried(SYS_waitid, detail::kernel::wait_pidfd, pidfd.get(), &info,
                                  WEXITED | __WALL | options, nullptr);
  if (answer == -EAGAIN) return Look{};
  if (answer == -ECHILD) return look_from_outside(pidfd);
  if (answer < 0) return detail::failure(static_cast<int>(-answer));
  // Its tracer is told of every stop, asked for or not.
  if (info.si_pid == 0 || info.si_code == CLD_TRAPPED) return Look{};
  return Look{to_status(info), true};
}

// A child that somebody else traces is readable when it has ended, but can be waited for only once
// the tracer has let go, and nothing announces that: it is looked at again at this pace.
// So it is where a pidfd in non-blocking mode is asked for stops.
constexpr std::chrono::milliseconds pace{10};

// No value: the deadline is past.
Result<std::optional<ExitStatus>> wait_by_poll(BorrowedFd pidfd, int options,
                                               const Clock::time_point* deadline) noexcept {
  for (bool readable = false;;) {
    const auto seen = look(pidfd, options);
    if (!seen) return std::unexpected(seen.error());
    if (seen->ended) return seen->ended;
    if (readable) {
      const auto next = Clock::now() + pace;
      const bool last = deadline && *deadline <= next;
      if (const auto slept = poll_until(nullptr, 0, last ? deadline : &next); !slept)
        return std::unexpected(slept.error());
      if (last && Clock::now() >= *deadline) return std::nullopt;
    }
    pollfd entry{
        .fd = pidfd.get(), .events = static_cast<short>(seen->ours ? POLLIN : 0), .revents = 0};
    const auto ready = poll_until(&entry, 1, deadline);
    if (!ready) return std::unexpected(ready.error());
    if (*ready == 0) return std::nullopt;
    readable = true;
  }
}

int to_flags(const WaitOptions& options) noexcept {
  return (options.ended ? WEXITED : 0) | (options.stopped ? WSTOPPED : 0) |
         (options.continued ? WCONTINUED : 0) | (options.consume ? 0 : WNOWAIT) | __WALL;
}

WaitEvent to_event(const siginfo_t& info, const struct rusage& usage) noexcept {
  WaitEvent event;
  event.pid = info.si_pid;
  event.user = info.si_uid;
  event.usage = usage;
  switch (info.si_code) {
    case CLD_STOPPED: event.kind = WaitEvent::Kind::stopped; break;
    case CLD_CONTINUED: event.kind = WaitEvent::Kind::continued; break;
    case CLD_TRAPPED: event.kind = WaitEvent::Kind::trapped; break;
    default: event.status = to_status(info); return event;
  }
  event.signal = info.si_status;
  return event;
}

// No value: nothing has happened, and waitid(2) was told not to wait for it.
Result<std::optional<WaitEvent>> look_for_event(BorrowedFd pidfd, int flags) noexcept {
  siginfo_t info;
  info.si_pid = 0;
  struct rusage usage{};
  const long answer = detail::retry_eintr([&] {
    return ::syscall(SYS_waitid, detail::kernel::wait_pidfd, pidfd.get(), &info, flags, &usage);
  });
  if (answer == -1 && errno != EAGAIN) return detail::last_error();
  if (answer == -1 || info.si_pid == 0) return std::nullopt;
  return to_event(info, usage);
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
  return wait_until(detail::deadline_after(duration));
}

Result<WaitEvent> PidFd::wait_event(const WaitOptions& options) const noexcept {
  for (;;) {
    const auto event = look_for_event(fd_, to_flags(options));
    if (!event) return std::unexpected(event.error());
    if (*event) return **event;
    const auto next = Clock::now() + pace;
    if (const auto slept = poll_until(nullptr, 0, &next); !slept)
      return std::unexpected(slept.error());
  }
}

Result<std::optional<WaitEvent>> PidFd::try_wait_event(const WaitOptions& options) const noexcept {
  return look_for_event(fd_, to_flags(options) | WNOHANG);
}

Result<std::optional<std::size_t>> wait_any(std::span<const PidFd* const> processes,
                                            std::chrono::nanoseconds timeout) noexcept {
  if (processes.empty()) return detail::failure(EINVAL);
  std::array<pollfd, 64> few;
  std::unique_ptr<pollfd[]> many;
  if (processes.size() > few.size()) {
    many.reset(new (std::nothrow) pollfd[processes.size()]);
    if (!many) return detail::failure(ENOMEM);
  }
  pollfd* const entries = many ? many.get() : few.data();
  for (std::size_t i = 0; i < processes.size(); ++i) {
    if (!processes[i]) detail::contract_violation("wait_any: a null pointer among the processes");
    entries[i] = {.fd = processes[i]->fd().get(), .events = POLLIN, .revents = 0};
  }

  const bool for_ever = timeout == timeout.max();
  const Clock::time_point deadline =
      timeout > timeout.zero() ? detail::deadline_after(timeout) : Clock::time_point::min();
  const auto ready = poll_until(entries, processes.size(), for_ever ? nullptr : &deadline);
  if (!ready) return std::unexpected(ready.error());
  if (*ready == 0) return std::nullopt;
  const pollfd* const first =
      std::find_if(entries, entries + processes.size(), [](const pollfd& e) { return e.revents; });
  return static_cast<std::size_t>(first - entries);
}

}  // namespace v0
}  // namespace sysfd
