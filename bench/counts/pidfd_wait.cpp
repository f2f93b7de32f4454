// SPDX-License-Identifier: MIT
//
// Waiting for processes.
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <span>

#include <sysfd/pidfd.hpp>

#include "counts/children.hpp"
#include "counts/operation.hpp"

namespace sysfd_bench {
namespace {

using sysfd::PidFd;

// How it ended, as wait(2) encodes it.
int status_of(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return (info.si_status & 0xff) << 8;
  return info.si_status | (info.si_code == CLD_DUMPED ? WCOREFLAG : 0);
}

// The same; -1: not yet. A first look that takes nothing, as it may find a stop of a process that
// is traced from here.
int wait_raw(int fd, int options) {
  siginfo_t info;
  info.si_pid = 0;
  checked(::waitid(P_PIDFD, static_cast<id_t>(fd), &info, WEXITED | WNOWAIT | __WALL | options));
  if (info.si_pid == 0 || info.si_code == CLD_TRAPPED) return -1;
  checked(::waitid(P_PIDFD, static_cast<id_t>(fd), nullptr, WEXITED | WNOHANG | __WALL));
  return status_of(info);
}

// What our WaitEvent tells, from the codes of siginfo_t.
struct RawEvent {
  enum { ended, stopped, continued, trapped } kind;
  int status;  // as wait(2) encodes it, of one that ended; else the signal
  pid_t pid;
  uid_t user;
  struct rusage usage;
};

RawEvent wait_event_raw(int fd, int options) {
  RawEvent event{};
  siginfo_t info;
  info.si_pid = 0;
  checked(::syscall(SYS_waitid, P_PIDFD, fd, &info, WEXITED | __WALL | options, &event.usage));
  if (info.si_pid == 0) give_up("nothing has happened");
  event.pid = info.si_pid;
  event.user = info.si_uid;
  switch (info.si_code) {
    case CLD_STOPPED: event.kind = RawEvent::stopped; break;
    case CLD_CONTINUED: event.kind = RawEvent::continued; break;
    case CLD_TRAPPED: event.kind = RawEvent::trapped; break;
    default: event.status = status_of(info); return event;
  }
  event.status = info.si_status;
  return event;
}

// So long that the deadline is not past before the kernel is asked to wait.
constexpr std::chrono::milliseconds patience{200};

// With a deadline, as a signal may interrupt the wait, which goes on then.
int wait_up_to(int fd, std::chrono::nanoseconds duration) {
  using Clock = std::chrono::steady_clock;
  const int status = wait_raw(fd, WNOHANG);
  if (status != -1) return status;
  const auto deadline = Clock::now() + duration;
  for (;;) {
    const auto left = std::max((deadline - Clock::now()).count(), std::int64_t{0});
    const timespec timeout{left / 1'000'000'000, left % 1'000'000'000};
    pollfd entry{fd, POLLIN, 0};
    const int ready = ::ppoll(&entry, 1, &timeout, nullptr);
    if (ready == 0) return -1;
    if (ready > 0) return wait_raw(fd, WNOHANG);
    if (errno != EINTR) give_up("ppoll");
  }
}

// Of any number up to 64, the first that is ready.
[[gnu::noinline]] std::size_t poll_raw(std::span<const int> fds) {
  pollfd entries[64];
  for (std::size_t i = 0; i < fds.size(); ++i)
    entries[i] = {fds[i], POLLIN, 0};
  checked(::ppoll(entries, fds.size(), nullptr, nullptr));
  std::size_t first = 0;
  while (entries[first].revents == 0)
    ++first;
  // A zombie that another process has to reap is ready, too.
  siginfo_t info;
  info.si_pid = 0;
  checked(::waitid(P_PIDFD, static_cast<id_t>(fds[first]), &info,
                   WEXITED | WNOHANG | WNOWAIT | __WALL));
  if (info.si_pid == 0) give_up("not yet");
  return first;
}

}  // namespace

void add_pidfd_waits(Operations& operations) {
  const auto wait_here = [](int options) {
    return [options] { return wait_raw(raw_child, options); };
  };
  operations.push_back(
      compare("pidfd: wait", wait_here(0), [] { return child->wait(); }, with_ended_child()));
  operations.push_back(compare(
      "pidfd: try_wait", wait_here(WNOHANG), [] { return child->try_wait(); }, with_ended_child()));
  operations.push_back(compare(
      "pidfd: try_wait, not yet", wait_here(WNOHANG), [] { return !child->try_wait(); },
      with_waiting_child()));
  operations.push_back(compare(
      "pidfd: wait_for", [] { return wait_up_to(raw_child, patience); },
      [] { return child->wait_for(patience); }, with_ended_child()));
  operations.push_back(compare(
      "pidfd: wait_for, not in time", [] { return wait_up_to(raw_child, patience); },
      [] { return !child->wait_for(patience); }, with_waiting_child()));
  operations.push_back(compare(
      "pidfd: wait_event", [] { return wait_event_raw(raw_child, 0); },
      [] { return child->wait_event(); }, with_ended_child()));
  operations.push_back(compare(
      "pidfd: try_wait_event", [] { return wait_event_raw(raw_child, WNOHANG); },
      [] { return child->try_wait_event(); }, with_ended_child()));
  operations.push_back(compare(
      "pidfd: wait_any",
      [] {
        const int fds[] = {raw_child, raw_child};
        return poll_raw(fds);
      },
      [] {
        const PidFd* const processes[] = {&*child, &*child};
        return sysfd::wait_any(processes);
      },
      with_ended_child()));
}

}  // namespace sysfd_bench
