// SPDX-License-Identifier: MIT
#include "support/instructions.hpp"

#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>

namespace sysfd_bench {

#if defined(__x86_64__)

namespace {

// Stops the copy where counting begins and ends.
inline void stop_here() {
  asm volatile("int3" ::: "memory");
}

[[noreturn]] void run_traced(const std::function<void()>& body) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(1);
  ::raise(SIGSTOP);
  body();  // the first time, symbols are bound and pages come
  stop_here();
  body();
  stop_here();
  ::_exit(0);
}

// The signal that the copy has stopped for; 0 if it has ended.
int stops(pid_t copy) {
  int status = 0;
  while (::waitpid(copy, &status, 0) == -1 && errno == EINTR) {
  }
  return WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
}

// Lets it go on until its next trap. Other signals, of its children, are handed to it.
bool go_on_to_trap(pid_t copy, __ptrace_request how) {
  for (int signo = 0;;) {
    if (::ptrace(how, copy, nullptr, signo) != 0) return false;
    signo = stops(copy);
    if (signo == 0 || signo == SIGTRAP) return signo != 0;
  }
}

bool is_at_stop(pid_t copy) {
  siginfo_t info{};
  return ::ptrace(PTRACE_GETSIGINFO, copy, nullptr, &info) == 0 && info.si_code == SI_KERNEL;
}

// What it is about to execute.
bool is_system_call(pid_t copy) {
  user_regs_struct registers{};
  if (::ptrace(PTRACE_GETREGS, copy, nullptr, &registers) != 0) return false;
  errno = 0;
  const long word = ::ptrace(PTRACE_PEEKTEXT, copy, registers.rip, nullptr);
  constexpr long syscall_instruction = 0x050f;
  return errno == 0 && (word & 0xffff) == syscall_instruction;
}

}  // namespace

std::optional<Cost> cost_of(const std::function<void()>& body) {
  const pid_t copy = ::fork();
  if (copy < 0) return std::nullopt;
  if (copy == 0) run_traced(body);
  if (stops(copy) == 0) return std::nullopt;
  ::ptrace(PTRACE_SETOPTIONS, copy, nullptr, PTRACE_O_EXITKILL);
  if (!go_on_to_trap(copy, PTRACE_CONT)) return std::nullopt;

  Cost cost{0, 0};
  for (bool more = true; more; ++cost.instructions) {
    if (is_system_call(copy)) ++cost.system_calls;
    if (!go_on_to_trap(copy, PTRACE_SINGLESTEP)) return std::nullopt;
    more = !is_at_stop(copy);
  }
  ::ptrace(PTRACE_CONT, copy, nullptr, nullptr);
  (void)stops(copy);
  return cost;
}

#else

std::optional<Cost> cost_of(const std::function<void()>&) {
  return std::nullopt;
}

#endif

}  // namespace sysfd_bench
