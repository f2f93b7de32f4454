// SPDX-License-Identifier: MIT
//
// Tests optional descriptors, where C code has -1.
#include <sysfd/command.hpp>

#include <fcntl.h>

#include <optional>
#include <type_traits>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "spawn/inspect.hpp"

namespace sysfd_test {
namespace {

static_assert(!std::is_constructible_v<Stdio, std::optional<OwnedFd>> &&
              std::is_constructible_v<Stdio, std::optional<OwnedFd>&> &&
              std::is_constructible_v<Stdio, std::optional<BorrowedFd>> &&
              !std::is_constructible_v<Stdio, int>);

TEST(ChildDescriptors, ThatThereMayBeAreGivenIfTheyAreThere) {
  const OwnedFd null = must(sysfd::open(cwd(), "/dev/null", O_RDWR));
  const std::optional<BorrowedFd> some = BorrowedFd::unsafe_borrow_optional(null.get());
  const std::optional<BorrowedFd> none = BorrowedFd::unsafe_borrow_optional(-1);
  const Report report = inspect([&](Command& command) {
    command.stdin_from(none).stdout_to(some).pass(some, 5).pass(none, 6);
    command.stderr_to(BorrowedFd::unsafe_borrow_optional(-1));
  });
  EXPECT_EQ(report.descriptors.at(0), identity_of(0));
  EXPECT_EQ(report.descriptors.at(1), identity_of_null());
  EXPECT_EQ(report.descriptors.at(2), identity_of(2));
  EXPECT_EQ(report.descriptors.at(5), identity_of_null());
  EXPECT_FALSE(report.descriptors.contains(6));
}

TEST(ChildDescriptors, ThatAreNotThereLeaveOutputItsPipes) {
  const std::optional<BorrowedFd> none;
  EXPECT_EQ(must(Command("echo").arg("it").stdout_to(none).output()).out, "it\n");
}

TEST(ChildDescriptors, OfAnOptionalOwnerAreBorrowed) {
  const std::optional<OwnedFd> null = must(sysfd::open(cwd(), "/dev/null", O_RDWR));
  const Report report = inspect([&](Command& command) { command.stdout_to(null).pass(null, 5); });
  EXPECT_EQ(report.descriptors.at(1), identity_of_null());
  EXPECT_EQ(report.descriptors.at(5), identity_of_null());
}

TEST(ChildDescriptorsDeathTest, OfANegativeNumberThatIsNotMinusOneStopTheProgram) {
  EXPECT_DEATH((void)BorrowedFd::unsafe_borrow_optional(-2), "negative");
}

}  // namespace
}  // namespace sysfd_test
