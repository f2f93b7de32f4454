// SPDX-License-Identifier: MIT
//
// Signals: what the child starts with, and that none of the parent's handlers ever runs in it.
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>

#include <sysfd/command.hpp>

#include "spawn/inspect.hpp"
#include "support/refuse_calls.hpp"
#include "support/requirements.hpp"
#include "support/run_apart.hpp"

namespace {

using sysfd::Command;
using sysfd_test::inspect;
using sysfd_test::Report;
using sysfd_test::run_apart;

constexpr std::uint64_t bit(int signo) {
  return std::uint64_t{1} << (signo - 1);
}

void do_nothing(int) {}

void expect_default_signals() {
  run_apart([] {
    ::signal(SIGUSR1, &do_nothing);
    ::signal(SIGRTMAX, &do_nothing);
    ::signal(SIGUSR2, SIG_IGN);
    ::signal(SIGPIPE, SIG_IGN);
    sigset_t blocked;
    ::sigemptyset(&blocked);
    ::sigaddset(&blocked, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &blocked, nullptr);
    const Report report = inspect([](Command&) {});
    EXPECT_EQ(report.signals_blocked, 0U);
    EXPECT_EQ(report.signals_caught & (bit(SIGUSR1) | bit(SIGRTMAX)), 0U);
    EXPECT_EQ(report.signals_ignored & bit(SIGUSR2), bit(SIGUSR2)) << "ignored stays ignored";
    EXPECT_EQ(report.signals_ignored & bit(SIGPIPE), 0U);

    struct sigaction action;
    ::sigaction(SIGUSR1, nullptr, &action);
    EXPECT_EQ(action.sa_handler, &do_nothing) << "the parent's handlers are the parent's";
    ::sigaction(SIGPIPE, nullptr, &action);
    EXPECT_EQ(action.sa_handler, SIG_IGN);
    sigset_t now;
    ::sigprocmask(SIG_BLOCK, nullptr, &now);
    EXPECT_EQ(::sigismember(&now, SIGTERM), 1);
    EXPECT_EQ(::sigismember(&now, SIGUSR1), 0);
  });
}

TEST(ChildSignals, StartEmptyDefaultAndWithWhatWasIgnored) {
  expect_default_signals();
}

TEST(ChildSignals, StartTheSameWhereOnlyCloneIsAllowed) {
  run_apart([] {
    sysfd_test::refuse_calls({{SYS_clone3, EPERM}});
    expect_default_signals();
  });
}

std::atomic<pid_t> parent;
std::atomic<int> handled_here;
std::atomic<int> handled_elsewhere;

void count(int) {
  ++(static_cast<pid_t>(::syscall(SYS_getpid)) == parent ? handled_here : handled_elsewhere);
}

// The memory is shared, so that a handler that ran in a child would be counted here.
TEST(ChildSignals, NeverRunAHandlerOfTheParentInAStorm) {
  SYSFD_REQUIRE_ISOLATION();
  run_apart([] {
    ASSERT_EQ(::setpgid(0, 0), 0);  // a group of our own: this process, its children, and the storm
    parent = ::getpid();
    struct sigaction action = {};
    action.sa_handler = &count;
    action.sa_flags = SA_RESTART;
    for (const int signo : {SIGUSR1, SIGRTMIN})
      ASSERT_EQ(::sigaction(signo, &action, nullptr), 0);

    const pid_t storm = ::fork();
    ASSERT_GE(storm, 0);
    if (storm == 0) {
      // Real-time signals queue up, each of them; too many would leave the parent no time for
      // anything else.
      ::signal(SIGUSR1, SIG_IGN);
      ::signal(SIGRTMIN, SIG_IGN);
      for (long i = 0; i < 10'000'000; ++i)
        ::kill(0, i % 64 == 0 ? SIGRTMIN : SIGUSR1);
      ::_exit(0);
    }
    for (int round = 0; round < 200; ++round) {
      const auto child = Command("/bin/true").spawn();
      EXPECT_TRUE(child) << child.error().describe();
    }
    ASSERT_GT(storm, 0);
    ::kill(storm, SIGKILL);
    ::waitpid(storm, nullptr, 0);
    EXPECT_GT(handled_here, 0) << "there was no storm";
    EXPECT_EQ(handled_elsewhere, 0);
  });
}

}  // namespace
