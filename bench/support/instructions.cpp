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
  body();  // the first time, symbols are bound and pages come
  stop_here();
  body();
  stop_here();
  ::_exit(0);
}

// Whether the copy has stopped, and did not end.
bool stops(pid_t copy) {
  int status = 0;
  while (::waitpid(copy, &status, 0) == -1 && errno == EINTR) {
  }
  return WIFSTOPPED(status);
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
  if (!stops(copy)) return std::nullopt;
  ::ptrace(PTRACE_SETOPTIONS, copy, nullptr, PTRACE_O_EXITKILL);

  Cost cost{0, 0};
  for (bool more = true; more; ++cost.instructions) {
    if (is_system_call(copy)) ++cost.system_calls;
    if (::ptrace(PTRACE_SINGLESTEP, copy, nullptr, nullptr) != 0 || !stops(copy))
      return std::nullopt;
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
