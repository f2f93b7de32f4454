// SPDX-License-Identifier: MIT
//
// Children that share this memory move and close descriptors whose numbers have owners here. With
// SYSFD_TRACK_OWNERSHIP, they must leave the table of owners alone.
#include <sysfd/command.hpp>

#include <vector>

#include <sysfd/detail/ownership.hpp>

#include "support/prelude.hpp"

#include "spawn/inspect.hpp"

namespace sysfd_test {
namespace {

void expect_owned(const std::vector<OwnedFd>& owners) {
  for (const OwnedFd& each : owners) {
    EXPECT_TRUE(is_open(each.get()));
    if constexpr (detail::tracks_ownership) {
      EXPECT_EQ(detail::owner_of(each.get()), &each);
    }
  }
}

TEST(SpawnWithManyOwners, LeavesEachOwnerItsNumber) {
  constexpr std::size_t all = 300, passed = 64;
  std::vector<OwnedFd> owners;
  for (std::size_t i = 0; i < all; ++i)
    owners.push_back(some_file());
  for (int round = 0; round < 4; ++round) {
    const Report report = inspect([&](Command& command) {
      for (std::size_t i = 0; i < passed; ++i)
        command.pass(owners[i], owners[passed - 1 - i].get());
    });
    for (std::size_t i = 0; i < passed; ++i)
      EXPECT_EQ(report.descriptors.at(owners[passed - 1 - i].get()), identity_of(owners[i].get()));
    expect_owned(owners);
  }
  EXPECT_FALSE(Command("/no/such").pass(owners[0], owners[1].get()).spawn());
  expect_owned(owners);
}

TEST(SpawnWithManyOwners, TakesThoseThatTheCommandOwns) {
  std::vector<int> numbers;
  {
    Command command("true");
    for (int i = 0; i < 64; ++i) {
      OwnedFd file = some_file();
      numbers.push_back(file.get());
      command.pass(std::move(file), 200 - i);
    }
    EXPECT_TRUE(command.status());
  }
  for (const int number : numbers) {
    EXPECT_FALSE(is_open(number));
    if constexpr (detail::tracks_ownership) {
      EXPECT_EQ(detail::owner_of(number), nullptr);
    }
  }
}

}  // namespace
}  // namespace sysfd_test
