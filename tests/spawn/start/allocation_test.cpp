// SPDX-License-Identifier: MIT
//
// Tests that spawn() and status() allocate nothing that the Command does not have already, and that
// a Command is unchanged if memory runs out.
#include <sysfd/command.hpp>

#include <cstdlib>
#include <string>
#include <utility>

#include <sysfd/prepared_command.hpp>

#include "support/prelude.hpp"

#include "spawn/inspect.hpp"
#include "support/allocations.hpp"

namespace sysfd_test {
namespace {

template <class Started>
int allocations_of_spawn(Started& command, const auto&... changes) {
  Result<Child, SpawnError> child = std::unexpected(SpawnError{});
  const int made = allocations_of([&] { child = command.spawn(changes...); });
  EXPECT_TRUE(child && child->wait()->success());
  return made;
}

TEST(SpawnAllocations, AreNoneForAProgramGivenByItsPath) {
  SYSFD_REQUIRE_COUNTED_ALLOCATIONS();
  const OwnedFd file = some_file();
  Command command("/bin/true");
  command.arg("x").working_directory("/").stdin_from(Stdio::null());
  command.stdout_to(Stdio::pipe()).pass(file, 7).pass(file, 8).pass(file, file.get());
  EXPECT_EQ(allocations_of_spawn(command), 0);
}

TEST(SpawnAllocations, AreNoneTheSecondTime) {
  SYSFD_REQUIRE_COUNTED_ALLOCATIONS();
  Command command("true");
  command.env("SYSFD_VARIABLE", "a value that is too long to be stored in the object itself");
  EXPECT_GT(allocations_of_spawn(command), 0) << "or the counter does not count";
  EXPECT_EQ(allocations_of_spawn(command), 0);
}

TEST(SpawnAllocations, AreNoneForAPreparedCommand) {
  SYSFD_REQUIRE_COUNTED_ALLOCATIONS();
  const OwnedFd file = some_file();
  const auto prepared = must(Command("true")
                                 .env("SYSFD_VARIABLE", "a value")
                                 .stdout_to(Stdio::pipe())
                                 .pass(file, 7)
                                 .pass(file, 8)
                                 .prepare());
  EXPECT_EQ(allocations_of_spawn(prepared), 0);
  const BorrowedFd others[] = {file, file};
  const CStr more[] = {"one", "two"};
  const SpawnChanges changes{.arguments = more, .descriptors = others};
  EXPECT_GT(allocations_of_spawn(prepared, changes), 0) << "room for the arguments";
  EXPECT_EQ(allocations_of_spawn(prepared, changes), 0);
}

TEST(SpawnAllocations, AreAStackForTheFirstStatus) {
  SYSFD_REQUIRE_COUNTED_ALLOCATIONS();
  const auto prepared = must(Command("true").prepare());
  const auto allocations = [&prepared] {
    bool succeeded = false;
    const int made = allocations_of([&] {
      const auto status = prepared.status();
      succeeded = status && status->success();
    });
    EXPECT_TRUE(succeeded);
    return made;
  };
  EXPECT_EQ(allocations(), 1);
  EXPECT_EQ(allocations(), 0);
}

// Its cgroup is asked what has happened in it.
TEST(SpawnAllocations, AreNoneForTheEndOfATree) {
  SYSFD_REQUIRE_COUNTED_ALLOCATIONS();
  SYSFD_REQUIRE_ISOLATION();
  auto child = Command("/bin/true").contain({.own_cgroup = true}).spawn();
  if (!child && child.error().step == SpawnStep::cgroup) GTEST_SKIP() << child.error().describe();
  ASSERT_TRUE(child) << child.error().describe();
  bool succeeded = false;
  EXPECT_EQ(allocations_of([&] { succeeded = child->wait() == ExitStatus::exited(0); }), 0);
  EXPECT_TRUE(succeeded);
}

#if defined(__cpp_exceptions)

// Passes a Command to `consume` while each of its allocations fails in turn: the Command is not
// moved then, and starts the same child as before, with everything that it owned.
template <class Consume>
void expect_unchanged_by_failures(Consume consume) {
  bool failed = true;
  for (int n = 1; failed; ++n) {
    ASSERT_LT(n, 1000);
    SCOPED_TRACE(n);
    Inspection inspection("spawn_inspector");
    OwnedFd owned = some_file();
    const auto identity = identity_of(owned.get());
    inspection.command.env("OTHER", "a value that is too long to be stored in the object itself")
        .remove_env("REMOVED")
        .pass(std::move(owned), 9);
    decltype(consume(std::move(inspection.command))) consumed = std::unexpected(SpawnError{});
    failed = fails_at_allocation(n, [&] { consumed = consume(std::move(inspection.command)); });
    if (!failed) {
      EXPECT_TRUE(consumed) << consumed.error().describe();
      break;
    }
    ::setenv("LATER", "1", 1);
    const Report report = inspection.run();
    ::unsetenv("LATER");
    EXPECT_EQ(report.environment.at("KEPT"), "1");
    EXPECT_EQ(report.environment.at("LATER"), "1") << "it is the one from the start";
    EXPECT_TRUE(report.environment.contains("OTHER"));
    EXPECT_FALSE(report.environment.contains("REMOVED"));
    EXPECT_EQ(report.descriptors.at(9), identity);
  }
}

// Calls `add` of a Command with a descriptor that it will own, while each of its allocations fails
// in turn: then the Command does not own it, and the call can be repeated.
template <class Add>
void expect_owner_kept_by_failures(Add add) {
  bool failed = true;
  for (int n = 1; failed; ++n) {
    ASSERT_LT(n, 1000);
    SCOPED_TRACE(n);
    Inspection inspection;
    OwnedFd owned = some_file();
    const int number = owned.get();
    const auto identity = identity_of(number);
    failed = fails_at_allocation(n, [&] { add(inspection.command, std::move(owned)); });
    EXPECT_TRUE(is_open(number));
    if (failed) add(inspection.command, std::move(owned));
    const Report report = inspection.run();
    EXPECT_EQ(report.descriptors.size(), 4U);
    EXPECT_EQ(report.descriptors.at(3), identity);
    if (report.environment.contains("LISTEN_FDNAMES")) {
      EXPECT_EQ(report.environment.at("LISTEN_FDNAMES"), "name");
    }
  }
}

TEST(CommandOutOfMemory, HasNotTakenWhatItWasToOwn) {
  SYSFD_REQUIRE_COUNTED_ALLOCATIONS();
  expect_owner_kept_by_failures(
      [](Command& command, OwnedFd&& fd) { command.pass(std::move(fd), 3); });
  expect_owner_kept_by_failures(
      [](Command& command, OwnedFd&& fd) { command.listen_fds("name", std::move(fd)); });
}

// The inspector is found by its name, so that paths must be put together.
TEST(CommandOutOfMemory, IsAsItWasBefore) {
  SYSFD_REQUIRE_ISOLATION();  // unfinished children are killed
  SYSFD_REQUIRE_COUNTED_ALLOCATIONS();
  run_apart([] {
    const std::string program = Inspection::inspector_path();
    ::setenv("PATH", program.substr(0, program.rfind('/')).c_str(), 1);
    ::setenv("KEPT", "1", 1);
    ::setenv("REMOVED", "1", 1);
    expect_unchanged_by_failures([](Command&& command) { return std::move(command).prepare(); });
    for (const auto confirmation : {Confirmation::by_finish, Confirmation::by_descriptor})
      expect_unchanged_by_failures([confirmation](Command&& command) {
        return std::move(command).spawn_async(confirmation);
      });
  });
}

// The child tells whether it has the umask that it was to have.
Command with_umask() {
  Command command("sh");
  command.args({"-c", "test $(umask) = 0077"}).resources({.umask = 077});
  return command;
}

TEST(CommandOutOfMemory, DoesNotStartTheNextChildByAHalfMadePlan) {
  SYSFD_REQUIRE_COUNTED_ALLOCATIONS();
  bool failed = true;
  for (int n = 1; failed; ++n) {
    ASSERT_LT(n, 1000);
    SCOPED_TRACE(n);
    Command command = with_umask();
    EXPECT_TRUE(must(command.status()).success());
    command.env("NAME", "value");
    failed = fails_at_allocation(n, [&] { (void)command.status(); });
    EXPECT_TRUE(must(command.status()).success());
  }
}

TEST(CommandOutOfMemory, LeavesNoHalfMadePlanToAPreparedCommand) {
  SYSFD_REQUIRE_COUNTED_ALLOCATIONS();
  const CStr change[] = {"NAME=value"};
  bool failed = true;
  for (int n = 1; failed; ++n) {
    ASSERT_LT(n, 1000);
    SCOPED_TRACE(n);
    const auto prepared = must(with_umask().prepare());
    EXPECT_TRUE(must(prepared.status()).success());
    failed = fails_at_allocation(n, [&] { (void)prepared.status({.environment = change}); });
    EXPECT_TRUE(must(prepared.status()).success());
  }
}

#endif

}  // namespace
}  // namespace sysfd_test
