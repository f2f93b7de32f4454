// SPDX-License-Identifier: MIT
#include <optional>

#include "support/prelude.hpp"

#include "listen/activated.hpp"

namespace sysfd_test {
namespace {

// Runs in the copy that a death test makes.
ListenFds two_taken() {
  open_files(2);
  return must(take(Way::span, activation_for_us(2)));
}

// Keeps the taken descriptor open until the program ends.
std::optional<OwnedFd> kept;

ListenFds one_left() {
  ListenFds fds = two_taken();
  kept = fds.take(0);
  return fds;
}

constexpr const char* beyond = "sysfd: ListenFds: an index beyond the last one";
constexpr const char* taken_out = "sysfd: ListenFds: a descriptor that was taken out";

TEST(GivenDescriptorDeathTest, AnIndexBeyondTheLastOneStopsTheProgram) {
  for (const std::size_t index : {std::size_t{2}, ~std::size_t{0}}) {
    EXPECT_DEATH((void)two_taken().has(index), beyond);
    EXPECT_DEATH((void)two_taken().name(index), beyond);
    EXPECT_DEATH((void)two_taken().get(index).get(), beyond);
    EXPECT_DEATH((void)two_taken().take(index), beyond);
    EXPECT_DEATH((void)two_taken().take(index, FdType::any()), beyond);
  }
}

TEST(GivenDescriptorDeathTest, TheIndexOfOneThatWasTakenOutStopsTheProgram) {
  EXPECT_DEATH((void)one_left().get(0).get(), taken_out);
  EXPECT_DEATH((void)one_left().take(0), taken_out);
  EXPECT_DEATH((void)one_left().take(0, FdType::any()), taken_out);
}

TEST(GivenDescriptorDeathTest, AnOwnerThatWasMovedFromHasNone) {
  EXPECT_DEATH(
      {
        ListenFds fds = two_taken();
        const ListenFds owner = std::move(fds);
        (void)fds.get(0).get();  // NOLINT(bugprone-use-after-move)
      },
      beyond);
}

}  // namespace
}  // namespace sysfd_test
