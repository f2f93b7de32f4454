// SPDX-License-Identifier: MIT
#include <sys/syscall.h>

#include <array>
#include <csignal>
#include <memory>
#include <new>

#include <sysfd/detail/deadline.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/pidfd.hpp>

#include "get_info.hpp"

namespace sysfd {
inline namespace v0 {
namespace {

using detail::Clock;
using detail::Deadline;
using detail::raw_poll_until;

// The result of one waitid(2). Small enough to be returned in registers.
struct WaitAttempt {
  std::optional<ExitStatus> ended{};
  int answer = 0;    // -errno of a failure
  bool ours = true;  // it is our child; if not, its end is known after its parent has reaped it
};

ExitStatus to_status(const siginfo_t& info) noexcept {
  if (info.si_code == CLD_EXITED) return ExitStatus::exited(info.si_status);
  return ExitStatus::killed(info.si_status, info.si_code == CLD_DUMPED);
}

// Finds out if and how a process has ended that is not our child.
[[gnu::cold]] WaitAttempt try_get_info(BorrowedFd pidfd) noexcept {
  detail::kernel::PidFdInfo info;
  const long answer =
      detail::get_info(pidfd, detail::kernel::info_pid | detail::kernel::info_exit, info);
  if (answer == -EOPNOTSUPP || answer == -ESRCH) return {.answer = -ECHILD};
  if (answer < 0) return {.answer = static_cast<int>(answer)};
  WaitAttempt attempt{.ours = false};
  if (info.mask & detail::kernel::info_exit)
    attempt.ended = ExitStatus::from_wait_status(info.exit_code);
  return attempt;
}

// waitid(2) with `options`. EAGAIN means "not yet": a pidfd in non-blocking mode fails with it.
SYSFD_ALWAYS_INLINE WaitAttempt try_waitid(BorrowedFd pidfd, int options) noexcept {
  siginfo_t info;
  info.si_pid = 0;
  // __WALL also finds children that were made with another exit signal than SIGCHLD.
  const long answer =
      detail::system_call_retried(SYS_waitid, detail::kernel::wait_pidfd, pidfd.get(), &info,
                                  WEXITED | __WALL | options, nullptr);
  if (answer == -EAGAIN) return {};
  if (answer == -ECHILD) return try_get_info(pidfd);
  if (answer < 0) return {.answer = static_cast<int>(answer)};
  if (info.si_pid == 0 || info.si_code == CLD_TRAPPED) return {};
  return {.ended = to_status(info)};
}

// Consumes nothing: the kernel reports every stop of a traced child to its tracer, requested or
// not, and wait_event() would miss a stop that is consumed here.
[[gnu::hot]] WaitAttempt peek(BorrowedFd pidfd, int options) noexcept {
  return try_waitid(pidfd, WNOWAIT | options);
}

// Reaps a process that has ended, if it is our child, and returns its status. Before Linux 5.17,
// WNOWAIT tells that of the first thread, which may have ended before. It is no error if another
// thread was faster here: then that is all that is known.
SYSFD_ALWAYS_INLINE ExitStatus reap(BorrowedFd pidfd, const WaitAttempt& attempt) noexcept {
  if (!attempt.ours) return *attempt.ended;
  siginfo_t info;
  info.si_pid = 0;
  const long answer =
      detail::system_call_retried(SYS_waitid, detail::kernel::wait_pidfd, pidfd.get(), &info,
                                  WEXITED | WNOHANG | __WALL, nullptr);
  return answer == 0 && info.si_pid != 0 ? to_status(info) : *attempt.ended;
}

// When a child that another process traces has ended, its pidfd is readable, but waitid(2) succeeds
// only after the tracer has detached, and nothing announces that: so it is tried again at this
// interval. The same applies to waiting for stops with a pidfd in non-blocking mode.
constexpr std::chrono::milliseconds retry_interval{10};

// Sleeps for one interval, or until the deadline. Returns 0 or -errno. -ETIMEDOUT: the deadline is
// past.
long pause(const Deadline& deadline) noexcept {
  const auto next = Clock::now() + retry_interval;
  if (deadline.time > next) return raw_poll_until(nullptr, 0, {next, deadline.canceled_by});
  const long slept = raw_poll_until(nullptr, 0, deadline);
  return slept == 0 && deadline.is_past() ? -ETIMEDOUT : slept;
}

// Returns the entry to poll after an attempt that found no end.
SYSFD_ALWAYS_INLINE pollfd entry_for(BorrowedFd pidfd, const WaitAttempt& attempt) noexcept {
  return {.fd = pidfd.get(), .events = static_cast<short>(attempt.ours ? POLLIN : 0), .revents = 0};
}

// Goes on after a first attempt that found neither an end nor an error.
Result<ExitStatus> wait_by_poll(BorrowedFd pidfd, WaitAttempt attempt,
                                const Deadline& deadline) noexcept {
  for (;;) {
    pollfd entries[2] = {entry_for(pidfd, attempt)};
    const long ready = raw_poll_until(entries, 1, deadline);
    if (ready < 0) return detail::failure(static_cast<int>(-ready));
    if (ready == 0) return detail::failure(ETIMEDOUT);

    attempt = try_waitid(pidfd, WNOHANG);  // the process has ended: this cannot consume a stop
    if (attempt.answer < 0) return detail::failure(-attempt.answer);
    if (attempt.ended) return *attempt.ended;
    if (const long slept = pause(deadline); slept < 0)
      return detail::failure(static_cast<int>(-slept));
  }
}

int to_flags(const WaitOptions& options) noexcept {
  return (options.ended ? WEXITED : 0) | (options.stopped ? WSTOPPED : 0) |
         (options.continued ? WCONTINUED : 0) | (options.consume ? 0 : WNOWAIT) | __WALL;
}

// Stores what waitid(2) reports in `event`. Returns 1, or 0 if nothing has happened, or -errno.
SYSFD_ALWAYS_INLINE int try_event(BorrowedFd pidfd, int flags, WaitEvent& event) noexcept {
  siginfo_t info;
  info.si_pid = 0;
  const long answer = detail::system_call_retried(SYS_waitid, detail::kernel::wait_pidfd,
                                                  pidfd.get(), &info, flags, &event.usage);
  if (answer < 0 && answer != -EAGAIN) return static_cast<int>(answer);
  if (answer < 0 || info.si_pid == 0) return 0;
  event.pid = info.si_pid;
  event.user = info.si_uid;
  switch (info.si_code) {
    case CLD_STOPPED: event.kind = WaitEvent::Kind::stopped; break;
    case CLD_CONTINUED: event.kind = WaitEvent::Kind::continued; break;
    case CLD_TRAPPED: event.kind = WaitEvent::Kind::trapped; break;
    default: event.status = to_status(info); return 1;
  }
  event.signal = info.si_status;
  return 1;
}

// Checks polled entries, some of which are ready.
class Polled {
 public:
  explicit Polled(std::span<pollfd> entries) noexcept : entries_(entries) {}

  // Returns the first process for which try_wait() has a result. Fails with EAGAIN if there is
  // none.
  Result<std::size_t> find() noexcept {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      pollfd& entry = entries_[i];
      if (entry.revents == 0) continue;
      if ((entry.revents & POLLNVAL) != 0) return detail::failure(EBADF);
      const WaitAttempt attempt = peek(BorrowedFd::unsafe_borrow(entry.fd), WNOHANG);
      if (attempt.ended || attempt.answer < 0) return i;
      defer(entry, attempt);
    }
    return detail::failure(EAGAIN);
  }

  [[gnu::cold, gnu::noinline]] Result<std::size_t> wait(const Deadline& deadline) noexcept {
    for (;;) {
      const auto next = has_paused_ ? Clock::now() + retry_interval : Clock::time_point::max();
      const bool is_last = deadline.time <= next;
      const long ready = raw_poll_until(entries_.data(), entries_.size(),
                                        is_last ? deadline : Deadline{next, deadline.canceled_by});
      if (ready < 0) return detail::failure(static_cast<int>(-ready));
      if (ready == 0 && is_last) return detail::failure(ETIMEDOUT);
      if (ready == 0) resume_paused();
      auto found = find();
      if (found || found.error() != std::errc::resource_unavailable_try_again) return found;
    }
  }

 private:
  // Changes the entry so that it is not ready again at once.
  void defer(pollfd& entry, const WaitAttempt& attempt) noexcept {
    if (!attempt.ours && entry.events != 0) {
      entry.events = 0;  // POLLHUP: the parent has reaped it
      return;
    }
    entry.fd = ~entry.fd;  // poll(2) skips negative numbers
    has_paused_ = true;
  }

  void resume_paused() noexcept {
    has_paused_ = false;
    for (pollfd& entry : entries_)
      if (entry.fd < 0) entry.fd = ~entry.fd;
  }

  std::span<pollfd> entries_;
  bool has_paused_ = false;  // some entries are paused, because nothing announces their end
};

// Requires entries for all processes, and one more.
SYSFD_ALWAYS_INLINE Result<std::size_t> poll_all(std::span<const PidFd* const> processes,
                                                 pollfd* entries, const Timeout& timeout) noexcept {
  for (std::size_t i = 0; i < processes.size(); ++i) {
    if (!processes[i]) detail::contract_violation("wait_any: a null pointer among the processes");
    entries[i] = {.fd = processes[i]->fd().get(), .events = POLLIN, .revents = 0};
  }
  const Deadline deadline = detail::deadline_after(timeout);
  const long ready = raw_poll_until(entries, processes.size(), deadline);
  if (ready < 0) return detail::failure(static_cast<int>(-ready));
  if (ready == 0) return detail::failure(ETIMEDOUT);
  Polled polled({entries, processes.size()});
  auto found = polled.find();
  if (found || found.error() != std::errc::resource_unavailable_try_again) return found;
  return polled.wait(deadline);
}

}  // namespace

[[gnu::hot]] Result<ExitStatus> PidFd::wait() const noexcept {
  const WaitAttempt attempt = peek(fd_, 0);
  if (attempt.ended) return reap(fd_, attempt);
  if (attempt.answer < 0) return detail::failure(-attempt.answer);
  return wait_by_poll(fd_, attempt, Deadline{});
}

Result<ExitStatus> PidFd::try_wait() const noexcept {
  const WaitAttempt attempt = peek(fd_, WNOHANG);
  if (attempt.answer < 0) return detail::failure(-attempt.answer);
  if (!attempt.ended) return detail::failure(EAGAIN);
  return reap(fd_, attempt);
}

Result<ExitStatus> PidFd::wait_until(Clock::time_point deadline) const noexcept {
  const WaitAttempt attempt = peek(fd_, WNOHANG);
  if (attempt.answer < 0) return detail::failure(-attempt.answer);
  if (!attempt.ended) return wait_by_poll(fd_, attempt, Deadline{deadline});
  return reap(fd_, attempt);
}

Result<ExitStatus> PidFd::wait_for(Timeout timeout) const noexcept {
  WaitAttempt attempt = peek(fd_, WNOHANG);
  if (attempt.answer < 0) return detail::failure(-attempt.answer);
  if (attempt.ended) return reap(fd_, attempt);
  if (timeout.duration() == timeout.duration().zero()) return detail::failure(ETIMEDOUT);
  pollfd entries[2] = {entry_for(fd_, attempt)};
  Deadline deadline;
  const long ready = detail::raw_poll_for(entries, 1, timeout, deadline);
  if (ready == 0) return detail::failure(ETIMEDOUT);
  if (ready < 0) return detail::failure(static_cast<int>(-ready));
  attempt = try_waitid(fd_, WNOHANG);
  if (attempt.answer < 0) return detail::failure(-attempt.answer);
  if (attempt.ended) return *attempt.ended;
  return wait_by_poll(fd_, attempt, deadline);
}

Result<WaitEvent> PidFd::wait_event(const WaitOptions& options) const noexcept {
  Result<WaitEvent> event(std::in_place);
  const int flags = to_flags(options);
  long happened = try_event(fd_, flags, *event);
  while (happened == 0) {  // in non-blocking mode
    happened = pause({});
    if (happened == 0) happened = try_event(fd_, flags, *event);
  }
  if (happened < 0) event = detail::failure(static_cast<int>(-happened));
  return event;
}

Result<WaitEvent> PidFd::wait_event_for(Timeout timeout,
                                        const WaitOptions& options) const noexcept {
  const Deadline deadline = detail::deadline_after(timeout);
  for (;;) {
    auto event = try_wait_event(options);
    if (event || event.error().value() != EAGAIN) return event;
    if (const long slept = pause(deadline); slept < 0)
      return detail::failure(static_cast<int>(-slept));
  }
}

Result<WaitEvent> PidFd::try_wait_event(const WaitOptions& options) const noexcept {
  Result<WaitEvent> event(std::in_place);
  const int happened = try_event(fd_, to_flags(options) | WNOHANG, *event);
  if (happened <= 0) event = detail::failure(happened == 0 ? EAGAIN : -happened);
  return event;
}

Result<std::size_t> wait_any(std::span<const PidFd* const> processes, Timeout timeout) noexcept {
  if (processes.empty()) return detail::failure(EINVAL);
  std::array<pollfd, 65> few;
  if (processes.size() < few.size()) return poll_all(processes, few.data(), timeout);
  const std::unique_ptr<pollfd[]> many(new (std::nothrow) pollfd[processes.size() + 1]);
  if (!many) return detail::failure(ENOMEM);
  return poll_all(processes, many.get(), timeout);
}

}  // namespace v0
}  // namespace sysfd
