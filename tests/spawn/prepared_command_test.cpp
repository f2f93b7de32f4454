// SPDX-License-Identifier: MIT
//
// Tests PreparedCommand: its children are those of the Command from which it was made, whatever has
// changed since, with their own arguments and descriptors, from any thread.
#include <sysfd/prepared_command.hpp>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <set>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "spawn/inspect.hpp"
#include "spawn/talk.hpp"
#include "support/system_calls.hpp"

namespace sysfd_test {
namespace {

static_assert(std::is_nothrow_move_constructible_v<PreparedCommand> &&
              !std::is_copy_constructible_v<PreparedCommand>);

// Runs it, and reads the report.
Report run(const Inspection& inspection, const PreparedCommand& prepared,
           const SpawnChanges& changes = {}) {
  EXPECT_TRUE(must(prepared.spawn(changes)).wait()->success());
  return inspection.read();
}

SpawnError error_of(const PreparedCommand& prepared, const SpawnChanges& changes = {}) {
  const auto child = prepared.spawn(changes);
  if (!child) return child.error();
  ADD_FAILURE() << "it was started";
  return {SpawnStep::program, {}, -1, ""};
}

TEST(PreparedCommand, StartsTheSameChildrenAsTheCommand) {
  const OwnedFd file = some_file();
  Inspection inspection;
  inspection.command.arg("one")
      .env("NAME", "value")
      .working_directory("/")
      .stdin_from(Stdio::null())
      .pass(file, 9)
      .signals({.blocked = {SIGUSR1}, .ignored = {SIGUSR2}});
  const Report expected = inspection.run();
  const auto prepared = must(std::move(inspection.command).prepare());
  for (int i = 0; i < 3; ++i) {
    const Report report = run(inspection, prepared);
    EXPECT_EQ(report.arguments, expected.arguments);
    EXPECT_EQ(report.environment, expected.environment);
    EXPECT_EQ(report.directory, expected.directory);
    EXPECT_EQ(report.descriptors, expected.descriptors);
    EXPECT_EQ(report.signals_blocked, expected.signals_blocked);
    EXPECT_EQ(report.signals_ignored, expected.signals_ignored);
  }
}

TEST(PreparedCommand, HasTheEnvironmentOfWhenItWasPrepared) {
  run_apart([] {
    ::setenv("SOME_NAME", "before", 1);
    ::setenv("LISTEN_FDS", "1", 1);
    Inspection inspection;
    inspection.command.env("OTHER", "1").remove_env("HOME");
    const auto prepared = must(std::move(inspection.command).prepare());
    const Report before = run(inspection, prepared);
    ::setenv("SOME_NAME", "after", 1);
    ::setenv("HOME", "/", 1);
    ::unsetenv("PATH");
    const Report report = run(inspection, prepared);
    EXPECT_EQ(report.environment, before.environment);
    EXPECT_EQ(report.environment.at("SOME_NAME"), "before");
    EXPECT_EQ(report.environment.at("OTHER"), "1");
    EXPECT_FALSE(report.environment.contains("HOME"));
    EXPECT_FALSE(report.environment.contains("LISTEN_FDS"));
  });
}

TEST(PreparedCommand, SearchesTheProgramInThePathFromWhenItWasPrepared) {
  run_apart([] {
    const auto prepared = must(Command("true").prepare());
    ::setenv("PATH", "/nowhere", 1);
    EXPECT_TRUE(must(prepared.spawn()).wait()->success());
    const auto lost = must(Command("true").prepare());
    ::setenv("PATH", "/bin", 1);
    EXPECT_EQ(error_of(lost).code, std::errc::no_such_file_or_directory);
  });
}

TEST(PreparedCommand, InheritsTheStreamsThatWereToBeInherited) {
  run_apart([] {
    ::fcntl(1, F_SETFD, FD_CLOEXEC);
    Inspection inspection;
    const auto prepared = must(std::move(inspection.command).prepare());
    ::fcntl(1, F_SETFD, 0);
    const Report report = run(inspection, prepared);
    EXPECT_EQ(report.descriptors.at(0), identity_of(0));
    EXPECT_EQ(report.descriptors.at(1), identity_of_null());
  });
}

TEST(PreparedCommand, AppendsArguments) {
  Inspection inspection;
  inspection.command.arg("one");
  const auto prepared = must(std::move(inspection.command).prepare());
  const std::string two = "two";
  const CStr more[] = {two, ""};
  using Arguments = std::vector<std::string>;
  const auto behind_the_first = [](const Report& report) {
    return Arguments(report.arguments.begin() + 1, report.arguments.end());
  };
  EXPECT_EQ(behind_the_first(run(inspection, prepared, {.arguments = more})),
            (Arguments{"one", "two", ""}));
  EXPECT_EQ(behind_the_first(run(inspection, prepared)), Arguments{"one"});
  const std::vector<CStr> many(1000, two);
  EXPECT_EQ(run(inspection, prepared, {.arguments = many}).arguments.size(), 1002U);

  const std::string with_nul("a\0b", 3);
  const CStr wrong[] = {"fine", with_nul};
  const SpawnError error = error_of(prepared, {.arguments = wrong});
  EXPECT_EQ(error.step, SpawnStep::argument);
  EXPECT_EQ(error.index, 3) << "after the two of the Command";
  EXPECT_EQ(error.code, std::errc::invalid_argument);
}

// A plan contains numbers: the files that they refer to may change.
TEST(PreparedCommand, GivesTheFileThatANumberRefersToNow) {
  OwnedFd file = some_file();
  const OwnedFd other = some_file();
  Inspection inspection;
  inspection.command.pass(other, 9);
  const auto prepared = must(std::move(inspection.command).prepare());
  for (int round = 0; round < 3; ++round) {
    const BorrowedFd given[] = {file};
    EXPECT_EQ(run(inspection, prepared, {.descriptors = given}).descriptors.at(9),
              identity_of(file.get()));
    const OwnedFd next = some_file();
    ASSERT_EQ(::dup3(next.get(), file.get(), O_CLOEXEC), file.get());
  }
  const BorrowedFd closed[] = {file};
  (void)std::move(file).close();
  const SpawnError error = error_of(prepared, {.descriptors = closed});
  EXPECT_EQ(error.step, SpawnStep::descriptor);
  EXPECT_EQ(error.code, std::errc::bad_file_descriptor);
  EXPECT_EQ(error.index, 0);
}

TEST(PreparedCommand, GivesEachChildItsDescriptors) {
  const OwnedFd files[] = {some_file(), some_file(), some_file(), some_file()};
  Inspection inspection;
  inspection.command.pass(files[0], 3).pass(files[1], 7);
  const auto prepared = must(std::move(inspection.command).prepare());
  const auto expect = [&](const SpawnChanges& changes, const OwnedFd& third,
                          const OwnedFd& seventh) {
    const Report report = run(inspection, prepared, changes);
    EXPECT_EQ(report.descriptors.size(), 5U);
    EXPECT_EQ(report.descriptors.at(3), identity_of(third.get()));
    EXPECT_EQ(report.descriptors.at(7), identity_of(seventh.get()));
  };
  const BorrowedFd others[] = {files[2], files[3]};
  const BorrowedFd swapped[] = {files[1], files[0]};
  expect({}, files[0], files[1]);
  for (int round = 0; round < 3; ++round)  // the second one uses the plan of the first
    expect({.descriptors = others}, files[2], files[3]);
  expect({.descriptors = swapped}, files[1], files[0]);
  expect({.descriptors = others}, files[2], files[3]);
  expect({}, files[0], files[1]);

  const BorrowedFd one[] = {files[2]};
  const SpawnError few = error_of(prepared, {.descriptors = one});
  EXPECT_EQ(few.step, SpawnStep::descriptor);
  EXPECT_EQ(few.code, std::errc::invalid_argument);
  EXPECT_EQ(few.index, -1);
  const BorrowedFd closed[] = {files[2], BorrowedFd::unsafe_borrow(900)};
  const SpawnError error = error_of(prepared, {.descriptors = closed});
  EXPECT_EQ(error.step, SpawnStep::descriptor);
  EXPECT_EQ(error.code, std::errc::bad_file_descriptor);
  EXPECT_EQ(error.index, 1);
  expect({}, files[0], files[1]);
}

TEST(PreparedCommand, KeepsWhatItOwnsAndPassesItToEveryChild) {
  OwnedFd file = some_file();
  const auto identity = identity_of(file.get());
  const int number = file.get();
  {
    Inspection inspection;
    inspection.command.pass(std::move(file), 7).stdin_from(some_file());
    const auto prepared = must(std::move(inspection.command).prepare());
    for (int i = 0; i < 3; ++i)
      EXPECT_EQ(run(inspection, prepared).descriptors.at(7), identity);
    EXPECT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
}

TEST(PreparedCommand, MakesPipesForEachChild) {
  const auto prepared = must(
      shell("read line; echo $line").stdin_from(Stdio::pipe()).stdout_to(Stdio::pipe()).prepare());
  auto first = must(prepared.spawn());
  auto second = must(prepared.spawn());
  EXPECT_EQ(must(first.communicate({.input = bytes("1\n")})).out, "1\n");
  EXPECT_EQ(must(second.communicate({.input = bytes("2\n")})).out, "2\n");
}

TEST(PreparedCommand, CollectsOutput) {
  const auto prepared = must(shell("cat; echo $0 >&2").prepare());
  for (const char* name : {"a", "b"}) {
    const CStr more[] = {name};
    const auto output = must(prepared.output({.input = bytes("text")}, {.arguments = more}));
    EXPECT_EQ(output.out, "text");
    EXPECT_EQ(output.err, std::string(name) + '\n');
  }
}

TEST(PreparedCommand, TellsEachChildThatTheDescriptorsAreForIt) {
  const OwnedFd file = some_file();
  Inspection inspection;
  inspection.command.listen_fds("name", file);
  const auto prepared = must(std::move(inspection.command).prepare());
  for (int i = 0; i < 2; ++i) {
    auto child = must(prepared.spawn());
    const std::string pid = std::to_string(child.pid());
    EXPECT_TRUE(child.wait()->success());
    const Report report = inspection.read();
    EXPECT_EQ(report.environment.at("LISTEN_PID"), pid);
    EXPECT_EQ(report.environment.at("LISTEN_FDNAMES"), "name");
  }
}

TEST(PreparedCommand, StartsChildrenInManyThreadsAtOnce) {
  run_apart([] {
    const OwnedFd placeholder = some_file();
    const auto prepared =
        must(shell("echo $0 >&7; echo $0").stdout_to(Stdio::pipe()).pass(placeholder, 7).prepare());
    std::vector<std::thread> threads;
    for (int id = 0; id < 8; ++id)
      threads.emplace_back([&, id] {
        const std::string name = "thread " + std::to_string(id);
        const CStr more[] = {name};
        for (int round = 0; round < 25; ++round) {
          auto [read, write] = must(sysfd::pipe());
          const BorrowedFd given[] = {write};
          auto child = must(prepared.spawn({.arguments = more, .descriptors = given}));
          EXPECT_EQ(must(child.communicate()).out, name + '\n');
          char line[32] = {};
          EXPECT_GT(::read(read.get(), line, sizeof line - 1), 0);
          EXPECT_EQ(line, name + '\n');
        }
      });
    for (std::thread& thread : threads)
      thread.join();
  });
}

TEST(PreparedCommand, MakesThreeSystemCallsForAChild) {
  SYSFD_REQUIRE_ISOLATION();
  const auto prepared = must(Command("/bin/true").prepare());
  const auto calls = system_calls_of([&] {
    // The wait is not counted; the child also ends with the process.
    auto child = must(prepared.spawn());
    (void)std::move(child).detach().into_fd().release();
  });
  if (!calls) GTEST_SKIP() << "needs ptrace";
  EXPECT_EQ(*calls, (std::vector<long>{SYS_rt_sigprocmask, SYS_clone3, SYS_rt_sigprocmask}));
}

TEST(PreparedCommand, IsNotMadeOfAnInvalidCommand) {
  const OwnedFd file = some_file();
  const auto error_of_preparing = [](Command command) {
    const auto prepared = std::move(command).prepare();
    EXPECT_FALSE(prepared.has_value());
    return prepared ? SpawnError{} : prepared.error();
  };
  EXPECT_EQ(error_of_preparing(Command("")).step, SpawnStep::program);
  EXPECT_EQ(error_of_preparing(Command("true").pass(file, 5).pass(file, 5)).step,
            SpawnStep::descriptor);
  EXPECT_EQ(error_of_preparing(Command("true").env("a=b", "c")).step, SpawnStep::environment);
}

TEST(PreparedCommand, CanBeTriedAgainAfterAFailure) {
  const auto prepared = must(Command("/no/such").prepare());
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(error_of(prepared).step, SpawnStep::exec);
}

TEST(PreparedCommandDeathTest, ThatWasMovedFromStopsTheProgram) {
  auto prepared = must(Command("true").prepare());
  const PreparedCommand moved = std::move(prepared);
  EXPECT_TRUE(must(moved.spawn()).wait()->success());
  EXPECT_DEATH((void)prepared.spawn(), "moved from");
}

TEST(PreparedCommandStatus, IsThatOfEachChild) {
  const OwnedFd file = some_file();
  const OwnedFd other = some_file();
  const auto prepared =
      must(Command("/bin/sh").args({"-c", "exit \"$1\"", "sh"}).pass(file, 9).prepare());
  const CStr five[] = {"5"};
  const BorrowedFd others[] = {other};
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(must(prepared.status({.arguments = five})), ExitStatus::exited(5));
    for (int again = 0; again < 2; ++again)
      EXPECT_EQ(must(prepared.status({.arguments = five, .descriptors = others})),
                ExitStatus::exited(5));
  }
  const std::string with_nul("a\0b", 3);
  const CStr wrong[] = {with_nul};
  EXPECT_EQ(prepared.status({.arguments = wrong}).error().step, SpawnStep::argument);
}

TEST(PreparedCommandStatus, IsAskedForByManyThreads) {
  const auto prepared = must(Command("/bin/sh").args({"-c", "exit \"$1\"", "sh"}).prepare());
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&prepared, i] {
      const std::string number = std::to_string(i);
      const CStr arguments[] = {number};
      for (int round = 0; round < 25; ++round)
        EXPECT_EQ(must(prepared.status({.arguments = arguments})), ExitStatus::exited(i));
    });
}

}  // namespace
}  // namespace sysfd_test
