// SPDX-License-Identifier: MIT
//
// Tests signals that a child blocks, ignores, or resets to their default.
#include <sysfd/signals.hpp>

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sysfd/command.hpp>
#include <sysfd/prepared_command.hpp>
#include <sysfd/spawn_all.hpp>

#include "support/prelude.hpp"

#include "spawn/plan/attributes/attribute_checks.hpp"
#include "spawn/talk.hpp"

namespace sysfd_test {
namespace {

constexpr std::uint64_t bit(int signo) {
  return std::uint64_t{1} << (signo - 1);
}

Configure with(const Signals& signals) {
  return [=](Command& command) { command.signals(signals); };
}

Report report_with(const Signals& signals) {
  facts_of_child(with(signals));  // also checks those of this process
  return inspect(with(signals));
}

TEST(CommandSignals, CanBeBlocked) {
  const Report report = report_with({.blocked = {SIGTERM, SIGHUP, SIGRTMIN + 3, 64}});
  EXPECT_EQ(report.signals_blocked, bit(SIGTERM) | bit(SIGHUP) | bit(SIGRTMIN + 3) | bit(64));
  EXPECT_EQ(report_with({.blocked = {SIGKILL, SIGSTOP, SIGUSR1}}).signals_blocked, bit(SIGUSR1))
      << "some cannot be";
}

// A signal that arrives before the program runs stays pending for it.
TEST(CommandSignals, ThatAreBlockedWaitForTheProgram) {
  SYSFD_REQUIRE_ISOLATION();
  auto child = Command("cat")
                   .stdin_from(Stdio::pipe())
                   .stdout_to(Stdio::null())
                   .signals({.blocked = {SIGTERM}})
                   .spawn();
  ASSERT_TRUE(child) << child.error().describe();
  ASSERT_TRUE(child->pidfd().send_signal(SIGTERM));
  EXPECT_TRUE(child->wait()->success()) << "it has reached the end of its input";
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

TEST(CommandSignals, SigchldIsAtItsDefaultUnlessItIsToBeIgnored) {
  run_apart([] {
    ::signal(SIGCHLD, SIG_IGN);
    EXPECT_EQ(inspect([](Command&) {}).signals_ignored & bit(SIGCHLD), 0U);
    EXPECT_EQ(inspect(with({.ignored = {SIGCHLD}})).signals_ignored & bit(SIGCHLD), bit(SIGCHLD));
    struct sigaction action;
    ::sigaction(SIGCHLD, nullptr, &action);
    EXPECT_EQ(action.sa_handler, SIG_IGN) << "it is this process's";
    auto output = shell("sh -c 'exit 7'; echo $?").output();
    ASSERT_TRUE(output) << output.error().describe();
    EXPECT_EQ(output->out, "7\n");
  });
}

class MaskOfThisThread {
 public:
  explicit MaskOfThisThread(std::initializer_list<int> blocked) {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int signo : blocked)
      ::sigaddset(&set, signo);
    ::pthread_sigmask(SIG_SETMASK, &set, &before_);
  }
  ~MaskOfThisThread() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  MaskOfThisThread(const MaskOfThisThread&) = delete;
  MaskOfThisThread& operator=(const MaskOfThisThread&) = delete;

 private:
  sigset_t before_;
};

TEST(CommandSignals, CanBeBlockedAsTheyAreInTheThreadThatStartsTheChild) {
  Inspection inspection;
  inspection.command.signals({.blocked = {SIGHUP}, .inherit_mask = true});
  EXPECT_EQ(inspection.run().signals_blocked, bit(SIGHUP));
  {
    const MaskOfThisThread mask({SIGTERM, SIGRTMAX});
    EXPECT_EQ(inspection.run().signals_blocked, bit(SIGHUP) | bit(SIGTERM) | bit(SIGRTMAX));
    EXPECT_EQ(inspect([](Command&) {}).signals_blocked, 0U) << "it was not requested";
  }
  EXPECT_EQ(inspection.run().signals_blocked, bit(SIGHUP)) << "it is read for each child";
}

TEST(CommandSignals, AreBlockedAsHereHoweverTheChildIsStarted) {
  const MaskOfThisThread mask({SIGTERM});
  const std::uint64_t expected = bit(SIGTERM);
  const auto inheriting = [](Command& command) { command.signals({.inherit_mask = true}); };
  {
    Inspection inspection;
    inheriting(inspection.command);
    EXPECT_TRUE(must(inspection.command.status()).success());
    EXPECT_EQ(inspection.read().signals_blocked, expected);
  }
  {
    Inspection inspection;
    inheriting(inspection.command);
    auto pending = must(std::move(inspection.command).spawn_async());
    EXPECT_TRUE(must(pending.finish()).wait()->success());
    EXPECT_EQ(inspection.read().signals_blocked, expected);
  }
  {
    Inspection first;
    Inspection second;
    inheriting(first.command);
    Command commands[] = {std::move(first.command), std::move(second.command)};
    for (auto& child : spawn_all(commands))
      EXPECT_TRUE(must(std::move(child)).wait()->success());
    EXPECT_EQ(first.read().signals_blocked, expected);
    EXPECT_EQ(second.read().signals_blocked, 0U);
  }
  run_apart([&] {
    Inspection inspection;
    inheriting(inspection.command);
    const pid_t pid = ::fork();
    if (pid == 0) {
      (void)inspection.command.exec();
      ::_exit(1);
    }
    ASSERT_GT(pid, 0);
    ASSERT_EQ(::waitpid(pid, nullptr, 0), pid);
    EXPECT_EQ(inspection.read().signals_blocked, expected);
  });
}

// Each child gets the mask of its own thread, although the threads share the prepared command.
TEST(CommandSignals, AreBlockedAsInEachOfManyThreads) {
  const auto prepared = must(Command("grep")
                                 .args({"SigBlk:", "/proc/self/status"})
                                 .signals({.inherit_mask = true})
                                 .prepare());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&prepared, signo = SIGRTMIN + i] {
      const MaskOfThisThread mask({signo});
      for (int round = 0; round < 20; ++round) {
        const auto output = must(prepared.output());
        ASSERT_TRUE(output.out.starts_with("SigBlk:")) << output.out;
        EXPECT_EQ(std::stoull(output.out.substr(7), nullptr, 16), bit(signo));
      }
    });
  for (std::thread& thread : threads)
    thread.join();
}

sigset_t set_of(std::initializer_list<int> numbers) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signo : numbers)
    ::sigaddset(&set, signo);
  return set;
}

TEST(CommandSignals, MayBeGivenAsASet) {
  const Report report =
      report_with({.blocked = set_of({SIGTERM, SIGRTMAX}), .ignored = set_of({SIGUSR1, SIGUSR2})});
  EXPECT_EQ(report.signals_blocked, bit(SIGTERM) | bit(SIGRTMAX));
  EXPECT_EQ(report.signals_ignored & (bit(SIGUSR1) | bit(SIGUSR2)), bit(SIGUSR1) | bit(SIGUSR2));
  const std::vector<int> list = {SIGHUP};
  EXPECT_EQ(report_with({.blocked = list}).signals_blocked, bit(SIGHUP));
}

// The set includes SIGKILL and SIGSTOP, which always have their default.
TEST(CommandSignals, OfAFullSetCanBeAtTheirDefault) {
  run_apart([] {
    ::signal(SIGUSR1, SIG_IGN);
    ::signal(SIGRTMAX, SIG_IGN);
    sigset_t all;
    ::sigfillset(&all);
    EXPECT_EQ(report_with({.to_default = all}).signals_ignored, 0U);
    EXPECT_EQ(report_with({.to_default = {SIGKILL, SIGSTOP}}).signals_ignored,
              bit(SIGUSR1) | bit(SIGRTMAX));
  });
}

TEST(CommandSignals, CanAllBeAtTheirDefaultButThoseThatAreNot) {
  run_apart([] {
    for (int signo = 1; signo <= SIGRTMAX; ++signo)
      if (signo != SIGCHLD) ::signal(signo, SIG_IGN);  // a status could be lost
    EXPECT_EQ(report_with({.all_to_default = true}).signals_ignored, 0U);
    EXPECT_EQ(report_with({.ignored = {SIGHUP}, .all_to_default = true, .unchanged = {SIGPIPE}})
                  .signals_ignored,
              bit(SIGHUP) | bit(SIGPIPE));
    ::signal(SIGHUP, SIG_DFL);
    EXPECT_EQ(report_with({.to_default = {SIGTERM}, .all_to_default = true, .unchanged = {SIGHUP}})
                  .signals_ignored,
              0U);
  });
}

TEST(CommandSignals, CanBeWhatTheyAreHere) {
  run_apart([] {
    ::signal(SIGPIPE, SIG_IGN);
    EXPECT_EQ(report_with({}).signals_ignored & bit(SIGPIPE), 0U);
    EXPECT_EQ(report_with({.unchanged = {SIGPIPE}}).signals_ignored & bit(SIGPIPE), bit(SIGPIPE));
    ::signal(SIGPIPE, SIG_DFL);
    EXPECT_EQ(report_with({.unchanged = {SIGPIPE}}).signals_ignored & bit(SIGPIPE), 0U);
    ::signal(SIGPIPE, [](int) {});
    const Report report = report_with({.unchanged = {SIGPIPE}});
    EXPECT_EQ((report.signals_ignored | report.signals_caught) & bit(SIGPIPE), 0U);
  });
}

TEST(CommandSignals, AreTheSameWhereOnlyCloneIsAllowed) {
  run_apart([] {
    refuse_calls({{SYS_clone3, ENOSYS}});
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
  expect_refused({
      {with({.blocked = {SIGTERM, 0}}), SpawnStep::signals,
       "signal state of the child \"0 blocked\""},
      {with({.blocked = {65}}), SpawnStep::signals, "signal state of the child \"65 blocked\""},
      {with({.to_default = {SIGTERM, 65}}), SpawnStep::signals,
       "signal state of the child 1 \"65\"", 1},
      {with({.to_default = {SIGTERM}, .ignored = {SIGINT, SIGSTOP}}), SpawnStep::signals,
       "signal state of the child 2 \"19\"", 2},
      {with({.ignored = {-1}}), SpawnStep::signals, "signal state of the child 0 \"-1\"", 0},
      {with({.to_default = {SIGINT, SIGHUP}, .ignored = {SIGHUP}}), SpawnStep::signals,
       "signal state of the child 2 \"1, default and ignored\"", 2},
      {with({.ignored = {SIGINT}, .unchanged = {SIGHUP, SIGINT}}), SpawnStep::signals,
       "signal state of the child 2 \"2, ignored and unchanged\"", 2},
      {with({.to_default = {SIGINT}, .unchanged = {SIGINT}}), SpawnStep::signals,
       "signal state of the child 1 \"2, default and unchanged\"", 1},
  });
}

TEST(CommandSignals, ThatTheKernelRefusesAreNamed) {
  const Signals signals{.to_default = {SIGHUP}, .ignored = {SIGINT, SIGUSR1}};
  const auto action_of = [](int signo) {
    return RefusedCall{SYS_rt_sigaction, EINVAL,
                       RefusedCall::Match{0, static_cast<std::uint32_t>(signo)}};
  };
  expect_failures({
      {action_of(SIGHUP), with(signals), SpawnStep::signals, 0},
      {action_of(SIGUSR1), with(signals), SpawnStep::signals, 2},
      {action_of(SIGPIPE), with(signals), SpawnStep::signals, -1},
      {action_of(SIGTERM), with({.all_to_default = true}), SpawnStep::signals, -1},
  });
}

}  // namespace
}  // namespace sysfd_test
