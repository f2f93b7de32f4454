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

// What to poll for after a look that has found no end.
SYSFD_ALWAYS_INLINE pollfd entry_for(BorrowedFd pidfd, const Look& seen) noexcept {
  return {.fd = pidfd.get(), .events = static_cast<short>(seen.ours ? POLLIN : 0), .revents = 0};
}

// Goes on where the first look has found neither an end nor an error. No value: the deadline is
// past.
Result<std::optional<ExitStatus>> wait_by_poll(BorrowedFd pidfd, Look seen,
                                               const Clock::time_point* deadline) noexcept {
  for (;;) {
    pollfd entry = entry_for(pidfd, seen);
    const long ready = raw_poll_until(&entry, 1, deadline);
    if (ready < 0) return detail::failure(static_cast<int>(-ready));
    if (ready == 0) return std::nullopt;

    seen = look(pidfd, WNOHANG);  // it has ended: there is no stop that this could take
    if (seen.error != 0) return detail::failure(seen.error);
    if (seen.ended) return seen.ended;
    const auto next = Clock::now() + pace;
    const bool last = deadline && *deadline <= next;
    const long slept = raw_poll_until(nullptr, 0, last ? deadline : &next);
    if (slept < 0) return detail::failure(static_cast<int>(-slept));
    if (last && Clock::now() >= *deadline) return std::nullopt;
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

  // The first that try_wait() has an answer for.
  Result<std::optional<std::size_t>> find() noexcept {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      pollfd& entry = entries_[i];
      if (entry.revents == 0) continue;
      if ((entry.revents & POLLNVAL) != 0) return detail::failure(EBADF);
      const Look seen = peek(BorrowedFd::unsafe_borrow(entry.fd), WNOHANG);
      if (seen.ended || seen.error != 0) return i;
      put_off(entry, seen);
    }
    return std::nullopt;
  }

  [[gnu::cold, gnu::noinline]] Result<std::optional<std::size_t>> wait(
      const Clock::time_point* deadline) noexcept {
    for (;;) {
      const auto next = has_paused_ ? Clock::now() + pace : Clock::time_point::max();
      const bool is_last = deadline && *deadline <= next;
      const bool is_limited = is_last || has_paused_;
      const long ready = raw_poll_until(entries_.data(), entries_.size(),
                                        is_last ? deadline : (is_limited ? &next : nullptr));
      if (ready < 0) return detail::failure(static_cast<int>(-ready));
      if (ready == 0 && is_last) return std::nullopt;
      if (ready == 0) go_on_with_paused();
      const auto found = find();
      if (!found || *found) return found;
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

// By way of as many entries.
SYSFD_ALWAYS_INLINE Result<std::optional<std::size_t>> poll_all(
    std::span<const PidFd* const> processes, pollfd* entries,
    std::chrono::nanoseconds timeout) noexcept {
  for (std::size_t i = 0; i < processes.size(); ++i) {
    if (!processes[i]) detail::contract_violation("wait_any: a null pointer among the processes");
    entries[i] = {.fd = processes[i]->fd().get(), .events = POLLIN, .revents = 0};
  }
  auto end = Clock::time_point::min();
  const Clock::time_point* deadline = &end;
  if (timeout == timeout.max())
    deadline = nullptr;
  else if (timeout > timeout.zero())
    end = detail::deadline_after(timeout);
  const long ready = raw_poll_until(entries, processes.size(), deadline);
  if (ready < 0) return detail::failure(static_cast<int>(-ready));
  if (ready == 0) return std::nullopt;
  Polled polled({entries, processes.size()});
  const auto found = polled.find();
  return !found || *found ? found : polled.wait(deadline);
}

}  // namespace

[[gnu::hot]] Result<ExitStatus> PidFd::wait() const noexcept {
  const Look seen = peek(fd_, 0);
  if (seen.ended) {
    reap(fd_, seen);
    return *seen.ended;
  }
  if (seen.error != 0) return detail::failure(seen.error);
  const auto ended = wait_by_poll(fd_, seen, nullptr);
  if (!ended) return std::unexpected(ended.error());
  return **ended;
}

Result<std::optional<ExitStatus>> PidFd::try_wait() const noexcept {
  const Look seen = peek(fd_, WNOHANG);
  if (seen.error != 0) return detail::failure(seen.error);
  if (seen.ended) reap(fd_, seen);
  return seen.ended;
}

Result<std::optional<ExitStatus>> PidFd::wait_until(Clock::time_point deadline) const noexcept {
  const Look seen = peek(fd_, WNOHANG);
  if (seen.error != 0) return detail::failure(seen.error);
  if (!seen.ended) return wait_by_poll(fd_, seen, &deadline);
  reap(fd_, seen);
  return seen.ended;
}

Result<std::optional<ExitStatus>> PidFd::wait_for(
    std::chrono::nanoseconds duration) const noexcept {
  Look seen = peek(fd_, WNOHANG);
  if (seen.error != 0) return detail::failure(seen.error);
  if (seen.ended) {
    reap(fd_, seen);
    return seen.ended;
  }
  if (duration <= duration.zero()) return std::nullopt;
  pollfd entry = entry_for(fd_, seen);
  Clock::time_point deadline;
  const long ready = detail::raw_poll_for(&entry, 1, duration, deadline);
  if (ready == 0) return std::nullopt;
  if (ready < 0) return detail::failure(static_cast<int>(-ready));
  seen = look(fd_, WNOHANG);
  if (seen.error != 0) return detail::failure(seen.error);
  if (seen.ended) return seen.ended;
  return wait_by_poll(fd_, seen, &deadline);
}

Result<WaitEvent> PidFd::wait_event(const WaitOptions& options) const noexcept {
  Result<WaitEvent> event(std::in_place);
  const int flags = to_flags(options);
  int happened = 0;
  for (;;) {
    happened = look_for_event(fd_, flags, *event);
    if (happened != 0) break;
    const auto next = Clock::now() + pace;
    const long slept = raw_poll_until(nullptr, 0, &next);
    if (slept < 0) {
      happened = static_cast<int>(slept);
      break;
    }
  }
  if (happened < 0) event = detail::failure(-happened);
  return event;
}

Result<std::optional<WaitEvent>> PidFd::try_wait_event(const WaitOptions& options) const noexcept {
  Result<std::optional<WaitEvent>> event(std::in_place, std::in_place);
  const int happened = look_for_event(fd_, to_flags(options) | WNOHANG, **event);
  if (happened == 0) event->reset();
  if (happened < 0) event = detail::failure(-happened);
  return event;
}

Result<std::optional<std::size_t>> wait_any(std::span<const PidFd* const> processes,
                                            std::chrono::nanoseconds timeout) noexcept {
  if (processes.empty()) return detail::failure(EINVAL);
  std::array<pollfd, 64> few;
  if (processes.size() <= few.size()) return poll_all(processes, few.data(), timeout);
  const std::unique_ptr<pollfd[]> many(new (std::nothrow) pollfd[processes.size()]);
  if (!many) return detail::failure(ENOMEM);
  return poll_all(processes, many.get(), timeout);
}

}  // namespace v0
}  // namespace sysfd
