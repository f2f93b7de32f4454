// SPDX-License-Identifier: MIT
#include "support/count_calls.hpp"

#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>

namespace sysfd_test {
namespace {

// Stands before and behind what is counted; nothing that is tested makes this call.
constexpr long marker = SYS_getppid;

// Goes on to where the child enters a system call, or leaves one, or ends. False: it has ended.
bool to_next_stop(pid_t child) {
  int status = 0;
  if (::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr) != 0) return false;
  while (::waitpid(child, &status, __WALL) == -1 && errno == EINTR) {
  }
  return WIFSTOPPED(status);
}

// Of the system call that the child enters; -1 where it leaves one.
long entered_call(pid_t child) {
  __ptrace_syscall_info info;
  constexpr auto get_syscall_info = static_cast<__ptrace_request>(PTRACE_GET_SYSCALL_INFO);
  if (::ptrace(get_syscall_info, child, sizeof info, &info) <= 0) return -1;
  return info.op == PTRACE_SYSCALL_INFO_ENTRY ? static_cast<long>(info.entry.nr) : -1;
}

}  // namespace

std::optional<std::vector<long>> system_calls_of(const std::function<void()>& body) {
  const pid_t child = ::fork();
  if (child < 0) return std::nullopt;
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) std::_Exit(1);
    ::raise(SIGSTOP);
    ::syscall(marker);
    body();
    ::syscall(marker);
    std::_Exit(0);
  }
  int status = 0;
  while (::waitpid(child, &status, __WALL) == -1 && errno == EINTR) {
  }
  if (!WIFSTOPPED(status)) return std::nullopt;  // it was not allowed to be traced
  constexpr long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
  ::ptrace(PTRACE_SETOPTIONS, child, nullptr, options);

  std::vector<long> calls;
  int markers = 0;
  while (to_next_stop(child)) {
    const long call = entered_call(child);
    if (call == marker)
      ++markers;
    else if (call >= 0 && markers == 1)
      calls.push_back(call);
  }
  return markers == 2 ? std::optional(calls) : std::nullopt;
}

}  // namespace sysfd_test
