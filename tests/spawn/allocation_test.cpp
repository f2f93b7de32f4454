// SPDX-License-Identifier: MIT
//
// spawn() and status() allocate nothing that the Command does not have already; and a Command is as
// it was where memory runs out.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <utility>

#include <sysfd/command.hpp>
#include <sysfd/prepared_command.hpp>

#include "spawn/inspect.hpp"
#include "support/allocations.hpp"
#include "support/descriptors.hpp"
#include "support/requirements.hpp"
#include "support/results.hpp"
#include "support/run_apart.hpp"

namespace {

template <class Started>
int allocations_of_spawn(Started& command, const auto&... changes) {
  sysfd::Result<sysfd::Child, sysfd::SpawnError> child = std::unexpected(sysfd::SpawnError{});
  const int made = sysfd_test::allocations_of([&] { child = command.spawn(changes...); });
  EXPECT_TRUE(child && child->wait()->success());
  return made;
}

TEST(SpawnAllocations, AreNoneForAProgramGivenByItsPath) {
  SYSFD_REQUIRE_COUNTED_ALLOCATIONS();
  const sysfd::OwnedFd file = sysfd_test::some_file();
  sysfd::Command command("/bin/true");
  command.arg("x").working_directory("/").stdin_from(sysfd::Stdio::null());
  command.stdout_to(sysfd::Stdio::pipe()).pass(file, 7).pass(file, 8).pass(file, file.get());
  EXPECT_EQ(allocations_of_spawn(command), 0);
}

TEST(SpawnAllocations, AreNoneTheSecondTime) {
  SYSFD_REQUIRE_COUNTED_ALLOCATIONS();
  sysfd::Command command("true");
  command.env("SYSFD_VARIABLE", "a value that is too long to be stored in the object itself");
  EXPECT_GT(allocations_of_spawn(command), 0) << "or the counter does not count";
  EXPECT_EQ(allocations_of_spawn(command), 0);
}

TEST(SpawnAllocations, AreNoneForAPreparedCommand) {
  SYSFD_REQUIRE_COUNTED_ALLOCATIONS();
  const sysfd::OwnedFd file = sysfd_test::some_file();
  const auto prepared = sysfd_test::must(sysfd::Command("true")
                                             .env("SYSFD_VARIABLE", "a value")
                                             .stdout_to(sysfd::Stdio::pipe())
                                             .pass(file, 7)
                                             .pass(file, 8)
                                             .prepare());
  EXPECT_EQ(allocations_of_spawn(prepared), 0);
  const sysfd::BorrowedFd others[] = {file, file};
  const sysfd::CStr more[] = {"one", "two"};
  const sysfd::SpawnChanges changes{.arguments = more, .descriptors = others};
  EXPECT_GT(allocations_of_spawn(prepared, changes), 0) << "room for the arguments";
  EXPECT_EQ(allocations_of_spawn(prepared, changes), 0);
}

TEST(SpawnAllocations, AreAStackForTheFirstStatus) {
  SYSFD_REQUIRE_COUNTED_ALLOCATIONS();
  const auto prepared = sysfd_test::must(sysfd::Command("true").prepare());
  const auto allocations = [&prepared] {
    bool succeeded = false;
    const int made = sysfd_test::allocations_of([&] {
      const auto status = prepared.status();
      succeeded = status && status->success();
    });
    EXPECT_TRUE(succeeded);
    return made;
  };
  EXPECT_EQ(allocations(), 1);
  EXPECT_EQ(allocations(), 0);
}

#if defined(__cpp_exceptions)

// A Command that `consume` takes over, unless an allocation fails in it, each in turn: then it
// starts what it would have started before, with all that it owned.
template <class Consume>
void expect_unchanged_by_failures(Consume consume) {
  bool failed = true;
  for (int n = 1; failed; ++n) {
    ASSERT_LT(n, 1000);
    SCOPED_TRACE(n);
    sysfd_test::Inspection inspection("spawn_inspector");
    sysfd::OwnedFd owned = sysfd_test::some_file();
    const auto identity = sysfd_test::identity_of(owned.get());
    inspection.command.env("OTHER", "a value that is too long to be stored in the object itself")
        .remove_env("REMOVED")
        .pass(std::move(owned), 9);
    decltype(consume(std::move(inspection.command))) consumed =
        std::unexpected(sysfd::SpawnError{});
    failed = sysfd_test::fails_at_allocation(
        n, [&] { consumed = consume(std::move(inspection.command)); });
    if (!failed) {
      EXPECT_TRUE(consumed) << consumed.error().describe();
      break;
    }
    ::setenv("LATER", "1", 1);
    const sysfd_test::Report report = inspection.run();
    ::unsetenv("LATER");
    EXPECT_EQ(report.environment.at("KEPT"), "1");
    EXPECT_EQ(report.environment.at("LATER"), "1") << "it is the one of when it is started";
    EXPECT_TRUE(report.environment.contains("OTHER"));
    EXPECT_FALSE(report.environment.contains("REMOVED"));
    EXPECT_EQ(report.descriptors.at(9), identity);
  }
}

// Calls `add` of a Command with a descriptor that it is to own, each of its allocations failing in
// turn: it has not taken it then, and can be called again.
template <class Add>
void expect_owner_kept_by_failures(Add add) {
  bool failed = true;
  for (int n = 1; failed; ++n) {
    ASSERT_LT(n, 1000);
    SCOPED_TRACE(n);
    sysfd_test::Inspection inspection;
    sysfd::OwnedFd owned = sysfd_test::some_file();
    const int number = owned.get();
    const auto identity = sysfd_test::identity_of(number);
    failed = sysfd_test::fails_at_allocation(n, [&] { add(inspection.command, std::move(owned)); });
    EXPECT_TRUE(sysfd_test::is_open(number));
    if (failed) add(inspection.command, std::move(owned));
    const sysfd_test::Report report = inspection.run();
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
      [](sysfd::Command& command, sysfd::OwnedFd&& fd) { command.pass(std::move(fd), 3); });
  expect_owner_kept_by_failures([](sysfd::Command& command, sysfd::OwnedFd&& fd) {
    command.listen_fds("name", std::move(fd));
  });
}

// The path of the inspector is found by its name, so that there are paths to be put together.
TEST(CommandOutOfMemory, IsAsItWasBefore) {
  SYSFD_REQUIRE_ISOLATION();  // children that are not finished are killed
  SYSFD_REQUIRE_COUNTED_ALLOCATIONS();
  sysfd_test::run_apart([] {
    const std::string program = sysfd_test::Inspection::inspector_path();
    ::setenv("PATH", program.substr(0, program.rfind('/')).c_str(), 1);
    ::setenv("KEPT", "1", 1);
    ::setenv("REMOVED", "1", 1);
    expect_unchanged_by_failures(
        [](sysfd::Command&& command) { return std::move(command).prepare(); });
    for (const auto confirmation :
         {sysfd::Confirmation::by_finish, sysfd::Confirmation::by_descriptor})
      expect_unchanged_by_failures([confirmation](sysfd::Command&& command) {
        return std::move(command).spawn_async(confirmation);
      });
  });
}

#endif

}  // namespace
