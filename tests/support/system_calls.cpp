// SPDX-License-Identifier: MIT
#include "support/system_calls.hpp"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace sysfd_test {
namespace {

// A call that fails and has no effect: the calls between two of them are the body's.
constexpr long mark = SYS_getpgid;
constexpr long no_process = -4242;

constexpr int not_allowed = 77;

[[noreturn]] void run_traced(const std::function<void()>& body,
                             const std::function<void()>& prepare) {
  // The failures that the test had before are not those of the copy.
  const auto* result = testing::UnitTest::GetInstance()->current_test_info()->result();
  const int parts_before = result->total_part_count();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (prepare) prepare();
  if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(not_allowed);
  ::raise(SIGSTOP);
  ::syscall(mark, no_process);
  body();
  ::syscall(mark, no_process);
  std::fflush(nullptr);
  ::_exit(result->total_part_count() > parts_before ? 1 : 0);
}

int wait_for(pid_t copy) {
  int status = 0;
  while (::waitpid(copy, &status, __WALL) == -1 && errno == EINTR) {
  }
  return status;
}

}  // namespace

std::optional<std::vector<long>> system_calls_of(const std::function<void()>& body,
                                                 const std::function<void(std::size_t)>& before,
                                                 const std::function<void()>& prepare) {
  std::fflush(nullptr);
  const pid_t copy = ::fork();
  if (copy < 0) return std::nullopt;
  if (copy == 0) run_traced(body, prepare);
  int status = wait_for(copy);
  if (WIFEXITED(status) && WEXITSTATUS(status) == not_allowed) return std::nullopt;
  constexpr long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
  ::ptrace(PTRACE_SETOPTIONS, copy, nullptr, options);

  std::vector<long> calls;
  int marks = 0;
  for (; WIFSTOPPED(status); status = wait_for(copy)) {
    __ptrace_syscall_info info{};
    constexpr auto get_syscall_info = static_cast<__ptrace_request>(PTRACE_GET_SYSCALL_INFO);
    if (WSTOPSIG(status) == (SIGTRAP | 0x80) &&
        ::ptrace(get_syscall_info, copy, sizeof info, &info) > 0 &&
        info.op == PTRACE_SYSCALL_INFO_ENTRY) {
      const auto number = static_cast<long>(info.entry.nr);
      const bool is_mark = number == mark && static_cast<int>(info.entry.args[0]) == no_process;
      if (is_mark) ++marks;
      const bool is_for_the_clock = number == SYS_clock_gettime;
      if (marks == 1 && !is_mark && !is_for_the_clock) {
        if (before) before(calls.size());
        calls.push_back(number);
      }
    }
    if (::ptrace(PTRACE_SYSCALL, copy, nullptr, nullptr) != 0) std::abort();
  }
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "see the failures above";
  EXPECT_EQ(marks, 2);
  return calls;
}

}  // namespace sysfd_test
