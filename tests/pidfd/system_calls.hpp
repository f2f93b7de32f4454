// SPDX-License-Identifier: MIT
//
// Which system calls something makes, and things that happen between them.
#ifndef SYSFD_TESTS_PIDFD_SYSTEM_CALLS_HPP
#define SYSFD_TESTS_PIDFD_SYSTEM_CALLS_HPP

#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

namespace sysfd_test {

// Runs `prepare` and then `body` in a forked copy of this process, as run_apart() does, and gives the
// numbers of the system calls that `body` makes. Before each of them, that copy stands still while
// `before` runs here, with the number of calls so far. Its assertions count for the calling test.
// Sends signals: needs isolation.
inline std::vector<long> system_calls(
    const std::function<void()>& body, const std::function<void(std::size_t)>& before = {},
    const std::function<void()>& prepare = [] {}) {
  // A call that fails and does nothing: what is between two of them is the body's.
  constexpr long mark = SYS_getpgid;
  constexpr long no_process = -4242;

  // The failures of the test so far are not those of the copy.
  const auto* result = testing::UnitTest::GetInstance()->current_test_info()->result();
  const int parts_before = result->total_part_count();
  std::fflush(nullptr);
  const pid_t copy = ::fork();
  if (copy < 0) std::abort();
  if (copy == 0) {
    prepare();
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) std::abort();
    ::raise(SIGSTOP);
    ::syscall(mark, no_process);
    body();
    ::syscall(mark, no_process);
    std::fflush(nullptr);
    ::_exit(result->total_part_count() > parts_before ? 1 : 0);
  }

  std::vector<long> calls;
  int status = 0;
  int marks = 0;
  for (bool traced = false; ::waitpid(copy, &status, __WALL) == copy && WIFSTOPPED(status);) {
    if (!traced) {
      ::ptrace(PTRACE_SETOPTIONS, copy, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
      traced = true;
    } else if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
      __ptrace_syscall_info info{};
      ::ptrace(static_cast<__ptrace_request>(PTRACE_GET_SYSCALL_INFO), copy, sizeof info, &info);
      if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
        const auto number = static_cast<long>(info.entry.nr);
        const bool is_mark = number == mark && static_cast<int>(info.entry.args[0]) == no_process;
        if (is_mark) ++marks;
        if (marks == 1 && !is_mark) {
          if (before) before(calls.size());
          calls.push_back(number);
        }
      }
    }
    if (::ptrace(PTRACE_SYSCALL, copy, nullptr, nullptr) != 0) std::abort();
  }
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "see the failures above";
  EXPECT_EQ(marks, 2);
  return calls;
}

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_PIDFD_SYSTEM_CALLS_HPP
