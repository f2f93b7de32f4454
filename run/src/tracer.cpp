// SPDX-License-Identifier: MIT
#include "tracer.hpp"

#include <linux/audit.h>
#include <poll.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <utility>

namespace sysfd_run {
namespace {

constexpr int system_call_stop = SIGTRAP | 0x80;  // PTRACE_O_TRACESYSGOOD
// Other numbers are those of 32-bit programs.
#if defined(__x86_64__)
constexpr std::uint32_t own_architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t own_architecture = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t own_architecture = AUDIT_ARCH_RISCV64;
#endif

void resume(pid_t process, int signo = 0) {
  ::ptrace(PTRACE_SYSCALL, process, nullptr, static_cast<long>(signo));
}

}  // namespace

void start_traced(char** argv) {
  ::raise(SIGSTOP);
  ::execve(argv[0], argv + 1, environ);
  const int error = errno;
  write_out(2, cat({"sysfd-run: exec of \"", argv[0],
                    "\": ", message_of({error, std::system_category()}), "\n"}));
  ::_exit(error == ENOENT || error == ENOTDIR ? not_found : not_executable);
}

Checked<> Tracer::attach() {
  constexpr long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                           PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;
  if (::ptrace(PTRACE_SEIZE, child_.pid(), nullptr, options) != 0)
    return complain({"--why: ptrace(2): ", message_of({errno, std::system_category()}),
                     ": it is forbidden here; --explain tells what is allowed"});
  traced_.emplace(child_.pid(), std::nullopt);
  return {};
}

void Tracer::handle_stops() {
  for (bool found = true; std::exchange(found, false);)
    for (auto each = traced_.begin(); each != traced_.end();) {
      const auto now = each++;
      found = handle_one(now->first, now->second) || found;
    }
}

// True if there was something to handle, and may be more.
bool Tracer::handle_one(pid_t process, Entered& entered) {
  siginfo_t info{};
  constexpr int look = WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL;
  if (::waitid(P_PID, static_cast<id_t>(process), &info, look) != 0) {
    traced_.erase(process);  // a thread whose process has executed another program
    return false;
  }
  if (info.si_pid == 0) return false;
  const bool has_ended =
      info.si_code == CLD_EXITED || info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED;
  if (has_ended && process == child_.pid() &&
      child_.containment() == sysfd::ContainmentKind::none) {
    traced_.erase(process);
    return false;
  }
  int status = 0;
  if (::waitpid(process, &status, WNOHANG | __WALL) != process) return false;
  if (WIFSTOPPED(status))
    handle_stop(process, status, entered);
  else
    traced_.erase(process);
  return true;
}

void Tracer::handle_stop(pid_t process, int status, Entered& entered) {
  const int signo = WSTOPSIG(status);
  const int event = status >> 16;
  if (is_leaving_) return leave(process, signo, event);
  switch (event) {
    case 0:
      if (signo != system_call_stop) return resume(process, signo);
      note_system_call(process, entered);
      return resume(process);
    case PTRACE_EVENT_STOP:
      // Before it executes the program, it stops for this.
      if (signo == SIGSTOP && process == child_.pid() && !std::exchange(is_started_, true)) {
        static_cast<void>(child_.pidfd().send_signal(SIGCONT));
        return resume(process);
      }
      if (signo == SIGTRAP) return resume(process);
      ::ptrace(PTRACE_LISTEN, process, nullptr, nullptr);  // it is stopped, and stays so
      return;
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK:
    case PTRACE_EVENT_CLONE: note_new(process); return resume(process);
    default: return resume(process);
  }
}

// What the process has started is traced, too, and stops for it.
void Tracer::note_new(pid_t process) {
  unsigned long started = 0;
  if (::ptrace(PTRACE_GETEVENTMSG, process, nullptr, &started) == 0)
    traced_.emplace(static_cast<pid_t>(started), std::nullopt);
}

void Tracer::leave(pid_t process, int signo, int event) {
  if (event >= PTRACE_EVENT_FORK && event <= PTRACE_EVENT_CLONE) note_new(process);
  const bool is_signal = event == 0 && signo != system_call_stop;
  ::ptrace(PTRACE_DETACH, process, nullptr, static_cast<long>(is_signal ? signo : 0));
  traced_.erase(process);
}

void Tracer::note_system_call(pid_t process, Entered& entered) {
  __ptrace_syscall_info info{};
  if (::ptrace(PTRACE_GET_SYSCALL_INFO, process, sizeof info, &info) <= 0) return;
  if (info.op == PTRACE_SYSCALL_INFO_ENTRY && info.arch == own_architecture) {
    entered = RefusedSystemCall{process, static_cast<long>(info.entry.nr), {}};
    std::ranges::copy(info.entry.args, entered->arguments);
  } else if (info.op == PTRACE_SYSCALL_INFO_EXIT && entered) {
    if (info.exit.rval == -EACCES) denials_.add(*entered);
    entered.reset();
  }
}

// A process stops for this only when it can: not while it waits for the exec of its vfork(2) child,
// which may never come.
void Tracer::detach() {
  if (std::exchange(is_leaving_, true)) return;
  for (const auto& [process, entered] : traced_)
    ::ptrace(PTRACE_INTERRUPT, process, nullptr, nullptr);
  for (int i = 0; i < 100; ++i) {
    handle_stops();
    if (traced_.empty()) return;
    ::poll(nullptr, 0, 1);
  }
}

}  // namespace sysfd_run
