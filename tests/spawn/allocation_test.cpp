// SPDX-License-Identifier: MIT
//
// spawn() and status() allocate nothing that the Command does not have already.
#include <gtest/gtest.h>

#include <sysfd/command.hpp>
#include <sysfd/prepared_command.hpp>

#include "support/allocations.hpp"
#include "support/descriptors.hpp"
#include "support/results.hpp"

namespace {

template <class Started>
int allocations_of_spawn(Started& command, const auto&... changes) {
  std::expected<sysfd::Child, sysfd::SpawnError> child = std::unexpected(sysfd::SpawnError{});
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

}  // namespace
