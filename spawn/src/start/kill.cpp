// SPDX-License-Identifier: MIT
#include "start/kill.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <csignal>
#include <string_view>

#include <sysfd/detail/proc_file.hpp>
#include <sysfd/detail/raw_syscall.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

bool is_unreaped(const PidFd& process) noexcept {
  siginfo_t info;
  return system_call_retried(SYS_waitid, P_PIDFD, process.fd().get(), &info,
                             WEXITED | WNOHANG | WNOWAIT | __WALL, nullptr) == 0;
}

// True if a process that was told to end has what it needs: it neither sleeps in the kernel (D),
// nor is it stopped (T) or kept by a tracer (t), nor is it a zombie that is another's to reap
// first.
bool is_on_its_way(const PidFd& process) noexcept {
  pollfd entry{process.fd().get(), POLLIN, 0};
  if (raw_poll_until(&entry, 1, {Clock::time_point::min()}) != 0) return false;
  const auto directory = process.proc_directory();
  if (!directory) return false;
  const auto status = open_in_proc(*directory, "status", O_RDONLY);
  if (!status) return false;
  char room[32];
  const auto state = find_field(*status, "State:\t", room);
  return state && !state->empty() && !std::string_view("DtT").contains(state->front());
}

}  // namespace

Result<> signal_group(const ChildGroup& group, int signo) noexcept {
  if (!group.leads_group) return failure(ESRCH);
  const auto sent = group.process.send_signal(signo, SignalScope::process_group);
  if (sent || sent.error() != std::errc::operation_not_supported) return sent;
  if (group.is_reaped || group.pid <= 1 || !is_unreaped(group.process)) return sent;
  const long answer = system_call(SYS_kill, -group.pid, signo);
  if (answer < 0) return failure(static_cast<int>(-answer));
  return {};
}

Killed kill_group(const ChildGroup& group) noexcept {
  const auto why_not = [](const Result<>& sent) {
    const bool is_gone = !sent && sent.error() == std::errc::no_such_process;
    return sent || is_gone ? std::error_code() : sent.error();
  };
  Killed killed;
  if (group.leads_group) killed.group = why_not(signal_group(group, SIGKILL));
  if (!group.is_reaped) killed.child = why_not(group.process.send_signal(SIGKILL));
  return killed;
}

// Each process gets each signal once: the second SIGTERM may mean something else to it.
void ask_to_end(const ChildGroup& group) noexcept {
  for (const int signo : {SIGTERM, SIGCONT})
    if (!signal_group(group, signo)) (void)group.process.send_signal(signo);
}

// It has rarely ended at once: the first call is to wait for that.
bool await_end_on_its_way(const PidFd& process, Clock::time_point deadline) noexcept {
  constexpr std::chrono::milliseconds look_again{20};
  const auto latest = deadline + kill_patience;
  for (;;) {
    pollfd entry{process.fd().get(), POLLIN, 0};
    if (raw_poll_until(&entry, 1, {deadline}) > 0) return true;
    if (deadline >= latest || !is_on_its_way(process)) return false;
    deadline += look_again;
  }
}

Result<ExitStatus> await_killed(const PidFd& process, Clock::time_point deadline) noexcept {
  (void)await_end_on_its_way(process, deadline);
  return process.wait_until(deadline);
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
