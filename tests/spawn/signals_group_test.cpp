// SPDX-License-Identifier: MIT
//
// Signals that a child is to block, to ignore, or to have at their default.
#include <sysfd/signals.hpp>

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <csignal>
#include <cstdint>

#include <sysfd/command.hpp>

#include "spawn/attribute_checks.hpp"
#include "support/requirements.hpp"
#include "support/run_apart.hpp"

namespace {

using sysfd::Command;
using sysfd::Signals;
using sysfd::SpawnStep;
using sysfd::Stdio;
using sysfd_test::Configure;
using sysfd_test::inspect;
using sysfd_test::RefusedCall;
using sysfd_test::Report;
using sysfd_test::run_apart;

constexpr std::uint64_t bit(int signo) {
  return std::uint64_t{1} << (signo - 1);
}

Configure with(const Signals& signals) {
  return [=](Command& command) { command.signals(signals); };
}

Report report_with(const Signals& signals) {
  sysfd_test::facts_of_child(with(signals));  // which looks at this process's as well
  return inspect(with(signals));
}

TEST(CommandSignals, CanBeBlocked) {
  const Report report = report_with({.blocked = {SIGTERM, SIGHUP, SIGRTMIN + 3, 64}});
  EXPECT_EQ(report.signals_blocked, bit(SIGTERM) | bit(SIGHUP) | bit(SIGRTMIN + 3) | bit(64));
  EXPECT_EQ(report_with({.blocked = {SIGKILL, SIGSTOP, SIGUSR1}}).signals_blocked, bit(SIGUSR1))
      << "some cannot be";
}

// One that comes before the program can ask stays for it.
TEST(CommandSignals, ThatAreBlockedWaitForTheProgram) {
  SYSFD_REQUIRE_ISOLATION();
  auto child = Command("cat")
                   .stdin_from(Stdio::pipe())
                   .stdout_to(Stdio::null())
                   .signals({.blocked = {SIGTERM}})
                   .spawn();
  ASSERT_TRUE(child) << child.error().describe();
  ASSERT_TRUE(child->pidfd().send_signal(SIGTERM));
  EXPECT_TRUE(child->wait()->success()) << "it came to the end of its input";
}

TEST(CommandSignals, CanBeIgnored) {
  const Report report = report_with({.ignored = {SIGHUP, SIGINT, SIGPIPE, SIGRTMAX}});
  const std::uint64_t expected = bit(SIGHUP) | bit(SIGINT) | bit(SIGPIPE) | bit(SIGRTMAX);
  EXPECT_EQ(report.signals_ignored & expected, expected);
}

TEST(CommandSignals, ThatAreHandledHereCanBeIgnoredThere) {
  run_apart([] {
    ::signal(SIGUSR1, [](int) {});
    const Report report = report_with({.ignored = {SIGUSR1}});
    EXPECT_EQ(report.signals_ignored & bit(SIGUSR1), bit(SIGUSR1));
    struct sigaction action;
    ::sigaction(SIGUSR1, nullptr, &action);
    EXPECT_NE(action.sa_handler, SIG_IGN);
  });
}

TEST(CommandSignals, ThatAreIgnoredHereCanBeAtTheirDefaultThere) {
  run_apart([] {
    for (const int signo : {SIGHUP, SIGCHLD, SIGINT})
      ::signal(signo, SIG_IGN);
    const Report report = inspect(with({.to_default = {SIGHUP, SIGCHLD, SIGUSR1}}));
    EXPECT_EQ(report.signals_ignored & (bit(SIGHUP) | bit(SIGCHLD) | bit(SIGINT)), bit(SIGINT));
    struct sigaction action;
    ::sigaction(SIGHUP, nullptr, &action);
    EXPECT_EQ(action.sa_handler, SIG_IGN);
  });
}

TEST(CommandSignals, AreTheSameWhereOnlyCloneIsAllowed) {
  run_apart([] {
    sysfd_test::refuse_calls({{SYS_clone3, ENOSYS}});
    ::signal(SIGHUP, SIG_IGN);
    ::signal(SIGUSR1, [](int) {});
    const Report report = inspect(
        with({.blocked = {SIGTERM}, .to_default = {SIGHUP}, .ignored = {SIGPIPE, SIGUSR1}}));
    EXPECT_EQ(report.signals_blocked, bit(SIGTERM));
    EXPECT_EQ(report.signals_ignored & (bit(SIGHUP) | bit(SIGPIPE) | bit(SIGUSR1)),
              bit(SIGPIPE) | bit(SIGUSR1));
  });
}

TEST(CommandSignals, ThatCannotBeAreRefused) {
  sysfd_test::expect_refused({
      {with({.blocked = {SIGTERM, 0}}), SpawnStep::signals,
       "signal state of the child \"0 blocked\""},
      {with({.blocked = {65}}), SpawnStep::signals, "signal state of the child \"65 blocked\""},
      {with({.to_default = {SIGTERM, SIGKILL}}), SpawnStep::signals,
       "signal state of the child 1 \"9\"", 1},
      {with({.to_default = {SIGTERM}, .ignored = {SIGINT, SIGSTOP}}), SpawnStep::signals,
       "signal state of the child 2 \"19\"", 2},
      {with({.ignored = {-1}}), SpawnStep::signals, "signal state of the child 0 \"-1\"", 0},
      {with({.to_default = {SIGINT, SIGHUP}, .ignored = {SIGHUP}}), SpawnStep::signals,
       "signal state of the child 2 \"1, default and ignored\"", 2},
  });
}

TEST(CommandSignals, ThatTheKernelRefusesAreNamed) {
  const Signals signals{.to_default = {SIGHUP}, .ignored = {SIGINT, SIGUSR1}};
  const auto action_of = [](int signo) {
    return RefusedCall{SYS_rt_sigaction, EINVAL,
                       RefusedCall::Match{0, static_cast<std::uint32_t>(signo)}};
  };
  sysfd_test::expect_failures({
      {action_of(SIGHUP), with(signals), SpawnStep::signals, 0},
      {action_of(SIGUSR1), with(signals), SpawnStep::signals, 2},
      {action_of(SIGPIPE), with(signals), SpawnStep::signals, -1},
  });
}

}  // namespace
