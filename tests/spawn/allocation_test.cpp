// SPDX-License-Identifier: MIT
//
// spawn() allocates nothing that the Command does not have already.
#include <gtest/gtest.h>

#include <sysfd/command.hpp>

#include "support/allocations.hpp"
#include "support/descriptors.hpp"

namespace {

int allocations_of_spawn(sysfd::Command& command) {
  std::expected<sysfd::Child, sysfd::SpawnError> child = std::unexpected(sysfd::SpawnError{});
  const int made = sysfd_test::allocations_of([&] { child = command.spawn(); });
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

}  // namespace
