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

// What one look at the process gave. Small enough to come back in registers.
struct Look {
  std::optional<ExitStatus> ended{};
  int error = 0;
  bool ours = true;  // our child; otherwise the end is known only once somebody else has reaped it
};

ExitStatus to_status(const siginfo_t& info) noexcept {
  if (info.si_code == CLD_EXITED) return ExitStatus::exited(info.si_status);
  return ExitStatus::killed(info.si_status, info.si_code == CLD_DUMPED);
}

// Whether and how a process has ended that waitid(2) does not let us wait for.
[[gnu::cold]] Look look_from_outside(BorrowedFd pidfd) noexcept {
  detail::kernel::PidFdInfo info;
  const int error =
      detail::get_info(pidfd, detail::kernel::info_pid | detail::kernel::info_exit, info);
  if (error == EOPNOTSUPP || error == ESRCH) return {.error = ECHILD};
  if (error != 0) return {.error = error};
  Look look{.ours = false};
  if (info.mask & detail::kernel::info_exit)
    look.ended = ExitStatus::from_wait_status(info.exit_code);
  return look;
}

// waitid(2) with `options`, EAGAIN being "not yet" (that is how it says so for a pidfd in
// non-blocking mode).
SYSFD_ALWAYS_INLINE Look look(BorrowedFd pidfd, int options) noexcept {
  siginfo_t info;
  info.si_pid = 0;
  // __WALL: also children that were made with another exit signal than SIGCHLD.
  const long answer =
      detail::system_call_retried(SYS_waitid, detail::kernel::wait_pidfd, pidfd.get(), &info,
                                  WEXITED | __WALL | options, nullptr);
  if (answer == -EAGAIN) return {};
  if (answer == -ECHILD) return look_from_outside(pidfd);
  if (answer < 0) return {.error = static_cast<int>(-answer)};
  if (info.si_pid == 0 || info.si_code == CLD_TRAPPED) return {};
  return {.ended = to_status(info)};
}

// Takes nothing: a tracer is told of every stop of its child, asked for or not, and one that is
// taken here would be lost to wait_event().
[[gnu::hot]] Look peek(BorrowedFd pidfd, int options) noexcept {
  return look(pidfd, WNOWAIT | options);
}

// Of a process that has ended: reaps it, if it is for us to reap. It is no error where another
// thread was faster, as the status is known.
SYSFD_ALWAYS_INLINE void reap(BorrowedFd pidfd, const Look& seen) noexcept {
  if (!seen.ours) return;
  (void)detail::system_call_retried(SYS_waitid, detail::kernel::wait_pidfd, pidfd.get(), nullptr,
                                    WEXITED | WNOHANG | __WALL, nullptr);
}

// A child that somebody else traces is readable when it has ended, but can be waited for only once
// the tracer has let go, and nothing announces that: it is looked at again at this pace.
// So it is where a pidfd in non-blocking mode is asked for stops.
constexpr std::chrono::milliseconds pace{10};

// Sleeps for that long, or until the deadline. Answers 0 or -errno: ETIMEDOUT the deadline is past.
long pause(const Deadline& deadline) noexcept {
  const auto next = Clock::now() + pace;
  if (deadline.time > next) return raw_poll_until(nullptr, 0, {next, deadline.canceled_by});
  const long slept = raw_poll_until(nullptr, 0, deadline);
  return slept == 0 && deadline.is_past() ? -ETIMEDOUT : slept;
}

// What to poll for after a look that has found no end.
SYSFD_ALWAYS_INLINE pollfd entry_for(BorrowedFd pidfd, const Look& seen) noexcept {
  return {.fd = pidfd.get(), .events = static_cast<short>(seen.ours ? POLLIN : 0), .revents = 0};
}

// Goes on where the first look has found neither an end nor an error.
Result<ExitStatus> wait_by_poll(BorrowedFd pidfd, Look seen, const Deadline& deadline) noexcept {
  for (;;) {
    pollfd entries[2] = {entry_for(pidfd, seen)};
    const long ready = raw_poll_until(entries, 1, deadline);
    if (ready < 0) return detail::failure(static_cast<int>(-ready));
    if (ready == 0) return detail::failure(ETIMEDOUT);

    seen = look(pidfd, WNOHANG);  // it has ended: there is no stop that this could take
    if (seen.error != 0) return detail::failure(seen.error);
    if (seen.ended) return *seen.ended;
    if (const long slept = pause(deadline); slept < 0)
      return detail::failure(static_cast<int>(-slept));
  }
}

int to_flags(const WaitOptions& options) noexcept {
  return (options.ended ? WEXITED : 0) | (options.stopped ? WSTOPPED : 0) |
         (options.continued ? WCONTINUED : 0) | (options.consume ? 0 : WNOWAIT) | __WALL;
}

// What waitid(2) tells, into `event`. Answers 1, or 0 where nothing has happened, or -errno.
SYSFD_ALWAYS_INLINE int look_for_event(BorrowedFd pidfd, int flags, WaitEvent& event) noexcept {
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

// Entries that were polled, of which some are ready.
class Polled {
 public:
  explicit Polled(std::span<pollfd> entries) noexcept : entries_(entries) {}

  // The first that try_wait() has an answer for. EAGAIN: there is none.
  Result<std::size_t> find() noexcept {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      pollfd& entry = entries_[i];
      if (entry.revents == 0) continue;
      if ((entry.revents & POLLNVAL) != 0) return detail::failure(EBADF);
      const Look seen = peek(BorrowedFd::unsafe_borrow(entry.fd), WNOHANG);
      if (seen.ended || seen.error != 0) return i;
      put_off(entry, seen);
    }
    return detail::failure(EAGAIN);
  }

  [[gnu::cold, gnu::noinline]] Result<std::size_t> wait(const Deadline& deadline) noexcept {
    for (;;) {
      const auto next = has_paused_ ? Clock::now() + pace : Clock::time_point::max();
      const bool is_last = deadline.time <= next;
      const long ready = raw_poll_until(entries_.data(), entries_.size(),
                                        is_last ? deadline : Deadline{next, deadline.canceled_by});
      if (ready < 0) return detail::failure(static_cast<int>(-ready));
      if (ready == 0 && is_last) return detail::failure(ETIMEDOUT);
      if (ready == 0) go_on_with_paused();
      auto found = find();
      if (found || found.error() != std::errc::resource_unavailable_try_again) return found;
    }
  }

 private:
  // So that it is not ready at once again.
  void put_off(pollfd& entry, const Look& seen) noexcept {
    if (!seen.ours && entry.events != 0) {
      entry.events = 0;  // POLLHUP: somebody else has reaped it
      return;
    }
    entry.fd = ~entry.fd;  // which poll(2) passes over
    has_paused_ = true;
  }

  void go_on_with_paused() noexcept {
    has_paused_ = false;
    for (pollfd& entry : entries_)
      if (entry.fd < 0) entry.fd = ~entry.fd;
  }

  std::span<pollfd> entries_;
  bool has_paused_ = false;  // some, as nothing announces what is waited for
};

// With entries for all of them, and one more.
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
  const Look seen = peek(fd_, 0);
  if (seen.ended) {
    reap(fd_, seen);
    return *seen.ended;
  }
  if (seen.error != 0) return detail::failure(seen.error);
  return wait_by_poll(fd_, seen, Deadline{});
}

Result<ExitStatus> PidFd::try_wait() const noexcept {
  const Look seen = peek(fd_, WNOHANG);
  if (seen.error != 0) return detail::failure(seen.error);
  if (!seen.ended) return detail::failure(EAGAIN);
  reap(fd_, seen);
  return *seen.ended;
}

Result<ExitStatus> PidFd::wait_until(Clock::time_point deadline) const noexcept {
  const Look seen = peek(fd_, WNOHANG);
  if (seen.error != 0) return detail::failure(seen.error);
  if (!seen.ended) return wait_by_poll(fd_, seen, Deadline{deadline});
  reap(fd_, seen);
  return *seen.ended;
}

Result<ExitStatus> PidFd::wait_for(Timeout timeout) const noexcept {
  Look seen = peek(fd_, WNOHANG);
  if (seen.error != 0) return detail::failure(seen.error);
  if (seen.ended) {
    reap(fd_, seen);
    return *seen.ended;
  }
  if (timeout.duration() == timeout.duration().zero()) return detail::failure(ETIMEDOUT);
  pollfd entries[2] = {entry_for(fd_, seen)};
  Deadline deadline;
  const long ready = detail::raw_poll_for(entries, 1, timeout, deadline);
  if (ready == 0) return detail::failure(ETIMEDOUT);
  if (ready < 0) return detail::failure(static_cast<int>(-ready));
  seen = look(fd_, WNOHANG);
  if (seen.error != 0) return detail::failure(seen.error);
  if (seen.ended) return *seen.ended;
  return wait_by_poll(fd_, seen, deadline);
}

Result<WaitEvent> PidFd::wait_event(const WaitOptions& options) const noexcept {
  Result<WaitEvent> event(std::in_place);
  const int flags = to_flags(options);
  long happened = look_for_event(fd_, flags, *event);
  while (happened == 0) {  // in non-blocking mode
    happened = pause({});
    if (happened == 0) happened = look_for_event(fd_, flags, *event);
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
  const int happened = look_for_event(fd_, to_flags(options) | WNOHANG, *event);
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
