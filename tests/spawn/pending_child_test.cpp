// SPDX-License-Identifier: MIT
//
// Tests PendingChild: spawn_async() returns while the child is still being started, whatever the
// caller does meanwhile. If that matters, a seccomp filter stops the child at one of its calls.
#include <sysfd/pending_child.hpp>

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>
#include <sysfd/prepared_command.hpp>
#include <sysfd/spawn_all.hpp>

#include "support/prelude.hpp"

#include "spawn/inspect.hpp"
#include "spawn/pending.hpp"
#include "spawn/talk.hpp"
#include "support/scratch_directory.hpp"
#include "support/stopped_calls.hpp"

namespace sysfd_test {
namespace {

static_assert(std::is_nothrow_move_constructible_v<PendingChild> &&
              std::is_nothrow_move_assignable_v<PendingChild> &&
              !std::is_copy_constructible_v<PendingChild>);

TEST(PendingChild, BecomesTheChildThatSpawnWouldHaveMade) {
  for (const auto confirmation : confirmations) {
    const OwnedFd file = some_file();
    const auto configure = [&](Command& command) {
      command.arg("one")
          .env("NAME", "value")
          .working_directory("/")
          .stdin_from(Stdio::null())
          .pass(file, 9)
          .pass(must(file.duplicate()), 4)
          .session({.new_session = true})
          .signals({.blocked = {SIGUSR1}, .ignored = {SIGUSR2}});
    };
    const Report expected = inspect(configure);
    Inspection inspection;
    configure(inspection.command);
    expect_success(must(start(std::move(inspection.command), confirmation).finish()));
    const Report report = inspection.read();
    EXPECT_EQ(report.descriptors, expected.descriptors);
    EXPECT_EQ(report.environment, expected.environment);
    EXPECT_EQ(report.directory, "/");
    EXPECT_EQ(report.arguments.back(), "one");
    EXPECT_EQ(report.signals_blocked, expected.signals_blocked);
    EXPECT_EQ(report.signals_ignored, expected.signals_ignored);
    for (const char* fact : {"session", "CapEff", "Uid", "limit 7", "ns/net"})
      EXPECT_EQ(report.facts.contains(fact), expected.facts.contains(fact));
    EXPECT_EQ(report.facts.at("session"), report.facts.at("NSpid")) << "it leads a session";
  }
}

TEST(PendingChild, GivesThePipesToTheChild) {
  auto pending = start(shell("read line; echo \"got $line\"; echo oh >&2")
                           .stdin_from(Stdio::pipe())
                           .stdout_to(Stdio::pipe())
                           .stderr_to(Stdio::pipe()));
  auto child = must(pending.finish());
  const auto output = must(child.communicate({.input = bytes("it\n")}));
  EXPECT_EQ(output.out, "got it\n");
  EXPECT_EQ(output.err, "oh\n");
}

// Returns the code of an error that is not about the start itself.
std::error_code why_not_yet(const Result<Child, SpawnError>& child) {
  if (child) return {};
  EXPECT_EQ(child.error().step, SpawnStep::confirmation);
  return child.error().code;
}

TEST(PendingChild, IsThereBeforeTheProgramExecutes) {
  SYSFD_REQUIRE_ISOLATION();
  for (const auto confirmation : confirmations)
    run_apart([confirmation] {
      StoppedCalls execve(SYS_execve);
      auto pending = start(Command("/bin/true"), confirmation);
      execve.await();
      EXPECT_GT(pending.pid(), 1);
      EXPECT_EQ(why_not_yet(pending.try_finish()), std::errc::resource_unavailable_try_again);
      EXPECT_EQ(why_not_yet(pending.finish_for(1ms)), std::errc::timed_out);
      EXPECT_EQ(why_not_yet(pending.finish_until(std::chrono::steady_clock::now())),
                std::errc::timed_out);
      if (confirmation == Confirmation::by_descriptor) {
        EXPECT_FALSE(is_hung_up(pending));
      }
      execve.let_go();
      expect_success(must(pending.finish_for(1h)));
    });
}

TEST(PendingChild, SaysLaterWhyThereIsNone) {
  for (const auto confirmation : confirmations) {
    const auto before = open_descriptors();
    const SpawnError error = error_of(start(Command("/no/such"), confirmation));
    EXPECT_EQ(error.describe(), "exec of \"/no/such\": No such file or directory");
    EXPECT_EQ(open_descriptors(), before);
    expect_no_child_left();
  }
}

// The program was borrowed: a file that has its number now is not even opened to explain an error.
TEST(PendingChild, UsesNoBorrowedDescriptorOnceItIsStarted) {
  const ScratchDirectory directory;
  const std::string path = directory.path() / "script";
  std::ofstream(path) << "#!/bin/sh\n";
  ASSERT_EQ(::chmod(path.c_str(), 0755), 0);
  const OwnedFd program = must(sysfd::open(cwd(), path, O_RDONLY));
  const std::string name = "descriptor " + std::to_string(program.get());
  Command command(program, "script");
  EXPECT_NE(command.spawn().error().subject, name) << "it explains what to do";
  const SpawnError error = error_of(start(std::move(command)));
  EXPECT_EQ(error.code, std::errc::no_such_file_or_directory);
  EXPECT_EQ(error.subject, name);
}

TEST(PendingChild, OfAnInvalidCommandIsNone) {
  const OwnedFd file = some_file();
  Command command("/bin/true");
  command.arg(std::string("a\0b", 3));
  const auto pending = std::move(command).spawn_async();
  ASSERT_FALSE(pending);
  EXPECT_EQ(pending.error().step, SpawnStep::argument);
}

// Nothing is lost: neither the Command nor what it owns.
TEST(PendingChild, OfWhatCannotBeStartedLeavesTheCommand) {
  run_apart([] {
    OwnedFd owned = some_file();
    const int number = owned.get();
    Inspection inspection;
    inspection.command.pass(std::move(owned), 9);
    const int highest = *open_descriptors().rbegin();
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const rlimit tight{static_cast<rlim_t>(std::max(highest, 20)) + 1, limit.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &tight);
    std::vector<OwnedFd> fill;
    while (auto another = BorrowedFd::unsafe_borrow(number).duplicate())
      fill.push_back(*std::move(another));
    const auto pending = std::move(inspection.command).spawn_async();
    ASSERT_FALSE(pending);
    EXPECT_EQ(pending.error().step, SpawnStep::clone) << pending.error().describe();
    fill.clear();
    ::setrlimit(RLIMIT_NOFILE, &limit);
    EXPECT_TRUE(is_open(number));
    inspection.command.env("ADDED", "1");
    const Report report = inspection.run();
    EXPECT_TRUE(report.descriptors.contains(9));
    EXPECT_EQ(report.environment.at("ADDED"), "1");
    EXPECT_FALSE(is_open(number));
  });
}

TEST(PendingChild, ClosesWhatTheCommandOwnedOnceItIsSettled) {
  OwnedFd owned = some_file();
  const int number = owned.get();
  auto child = must(start(Command("/bin/true").pass(std::move(owned), 9)).finish());
  EXPECT_FALSE(is_open(number));
  expect_success(std::move(child));
}

// The first call of the child makes its own descriptor table: close_range(...,
// CLOSE_RANGE_UNSHARE).
constexpr RefusedCall::Match with_flags_of_first{2, CLOSE_RANGE_UNSHARE};

// A file that gets the same number later is not passed to the child.
TEST(PendingChild, HasItsBorrowedDescriptorsHoweverLateItRuns) {
  SYSFD_REQUIRE_ISOLATION();
  for (const auto confirmation : confirmations)
    run_apart([confirmation] {
      StoppedCalls first_call(SYS_close_range, with_flags_of_first);
      std::optional<OwnedFd> borrowed = some_file();
      const int number = borrowed->get();
      const auto expected = identity_of(number);
      Inspection inspection;
      inspection.command.pass(*borrowed, 9).stdout_to(*borrowed);
      auto pending = start(std::move(inspection.command), confirmation);
      first_call.await();
      borrowed.reset();
      const OwnedFd another = some_file();
      ASSERT_EQ(another.get(), number);
      ASSERT_NE(identity_of(number), expected);
      first_call.let_go();
      expect_success(must(pending.finish()));
      const Report report = inspection.read();
      EXPECT_EQ(report.descriptors.at(9), expected);
      EXPECT_EQ(report.descriptors.at(1), expected);
    });
}

// Here too it has a copy of the table from the start, and never leaves a common one.
TEST(PendingChild, InheritsWhatWasOpenWhenItWasStarted) {
  run_apart([] {
    refuse_calls({{SYS_unshare, EPERM}});
    const OwnedFd file = some_file();
    ASSERT_EQ(::fcntl(file.get(), F_SETFD, 0), 0);
    Inspection inspection;
    inspection.command.inherit_descriptors();
    auto child = start(std::move(inspection.command)).finish();
    ASSERT_TRUE(child) << child.error().describe();
    expect_success(*std::move(child));
    EXPECT_EQ(inspection.read().descriptors.at(file.get()), identity_of(file.get()));
  });
}

TEST(PendingChild, HasTheArgumentsAndTheEnvironmentOfTheCall) {
  SYSFD_REQUIRE_ISOLATION();
  run_apart([] {
    StoppedCalls execve(SYS_execve);
    ::setenv("LATER", "old", 1);
    Inspection inspection;
    auto prepared = std::make_optional(must(std::move(inspection.command).prepare()));
    auto pending = [&] {
      const std::string text(1000, 'x');
      const CStr arguments[] = {text, "last"};
      auto made = must(prepared->spawn_async({.arguments = arguments}));
      execve.await();
      return made;
    }();
    prepared.reset();
    ::setenv("LATER", std::string(1000, 'n').c_str(), 1);
    const std::vector<std::string> over(50, std::string(1000, 'y'));  // reuses freed memory
    execve.let_go();
    expect_success(must(pending.finish()));
    const Report report = inspection.read();
    ASSERT_EQ(report.arguments.size(), 3U);
    EXPECT_EQ(report.arguments[1], std::string(1000, 'x'));
    EXPECT_EQ(report.arguments[2], "last");
    EXPECT_EQ(report.environment.at("LATER"), "old");
  });
}

// Uses clone(2), which takes its arguments in another way. The program does not end before it is
// released.
TEST(PendingChild, NeedsNoClone3) {
  run_apart([] {
    refuse_calls({{SYS_clone3, EPERM}});
    for (const auto confirmation : confirmations)
      for (const bool lends : {false, true}) {
        const OwnedFd file = some_file();
        Rope rope;
        Command command("/bin/cat");
        command.stdin_from(must(rope.end().duplicate()));
        if (lends) command.pass(file, 9);
        auto child = must(start(std::move(command), confirmation).finish());
        EXPECT_FALSE(child.report().by_clone3);
        rope.let_go();
        expect_success(std::move(child));
        EXPECT_EQ(error_of(start(Command("/no/such"), confirmation)).code,
                  std::errc::no_such_file_or_directory);
      }
  });
}

TEST(PendingChild, ManyOfOnePreparedCommandAreThereAtATime) {
  const auto prepared = must(shell("exit \"$0\"").prepare());
  std::vector<PendingChild> pending;
  for (int i = 0; i < 50; ++i) {
    const std::string text = std::to_string(i);
    const CStr arguments[] = {text};
    pending.push_back(must(prepared.spawn_async({.arguments = arguments})));
  }
  for (int i = 49; i >= 0; --i) {
    auto child = must(pending[static_cast<std::size_t>(i)].finish());
    EXPECT_EQ(child.wait()->code(), i);
  }
}

TEST(PendingChild, IsStartedByManyThreads) {
  const auto prepared = must(Command("/bin/true").prepare());
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        auto pending = prepared.spawn_async();
        ASSERT_TRUE(pending) << pending.error().describe();
        if (i % 3 == 0) {
          pending->cancel();
        } else {
          auto child = pending->finish();
          ASSERT_TRUE(child) << child.error().describe();
          expect_success(*std::move(child));
        }
      }
    });
}

}  // namespace
}  // namespace sysfd_test
