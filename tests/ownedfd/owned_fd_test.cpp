// SPDX-License-Identifier: MIT
#include <sysfd/owned_fd.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <compare>
#include <concepts>
#include <limits>
#include <type_traits>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

constexpr int never_open = std::numeric_limits<int>::max();

TEST(OwnedFd, IsAsSmallAsAnIntAndMovesOnly) {
  static_assert(sizeof(OwnedFd) == sizeof(int));
  static_assert(alignof(OwnedFd) == alignof(int));
  static_assert(!std::is_default_constructible_v<OwnedFd>);
  static_assert(!std::is_copy_constructible_v<OwnedFd>);
  static_assert(!std::is_copy_assignable_v<OwnedFd>);
  static_assert(std::is_nothrow_move_constructible_v<OwnedFd>);
  static_assert(std::is_nothrow_move_assignable_v<OwnedFd>);
  static_assert(std::is_nothrow_destructible_v<OwnedFd>);
  static_assert(!std::is_polymorphic_v<OwnedFd>);
}

TEST(OwnedFd, IsNeitherMadeFromANumberNorConvertedToOne) {
  static_assert(!std::is_constructible_v<OwnedFd, int>);
  static_assert(!std::is_assignable_v<OwnedFd&, int>);
  static_assert(!std::is_constructible_v<int, OwnedFd>);
  static_assert(!std::is_constructible_v<int, const OwnedFd&>);
  static_assert(!std::is_constructible_v<bool, OwnedFd>);
  static_assert(!std::is_constructible_v<bool, const OwnedFd&>);
}

TEST(OwnedFd, IsNotComparable) {
  static_assert(!std::equality_comparable<OwnedFd>);
  static_assert(!std::equality_comparable_with<OwnedFd, int>);
  static_assert(!std::three_way_comparable<OwnedFd>);
  static_assert(!std::totally_ordered<OwnedFd>);
}

TEST(OwnedFd, DestructorClosesTheDescriptor) {
  int number = -1;
  {
    const OwnedFd file = some_file();
    number = file.get();
    ASSERT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
}

TEST(OwnedFd, DestructorLeavesErrnoAlone) {
  SYSFD_REQUIRE_NO_TRACKING();
  errno = ENOTNAM;
  {
    const OwnedFd fails_to_close = OwnedFd::adopt(never_open);
  }
  EXPECT_EQ(errno, ENOTNAM);
}

TEST(OwnedFd, MoveConstructionPassesTheDescriptor) {
  int number = -1;
  {
    OwnedFd first = some_file();
    number = first.get();
    {
      const OwnedFd second = std::move(first);
      EXPECT_EQ(second.get(), number);
    }
    EXPECT_FALSE(is_open(number));
    const int taken_again = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, number);
    ASSERT_EQ(taken_again, number);
  }
  EXPECT_TRUE(is_open(number)) << "the empty owner closed a number that it had released";
  ::close(number);
}

TEST(OwnedFd, MoveAssignmentClosesTheOldDescriptor) {
  OwnedFd target = some_file();
  OwnedFd source = some_file();
  const int old_number = target.get();
  const int new_number = source.get();
  target = std::move(source);
  EXPECT_FALSE(is_open(old_number));
  EXPECT_TRUE(is_open(new_number));
  EXPECT_EQ(target.get(), new_number);
}

TEST(OwnedFd, MoveAssignmentLeavesErrnoAlone) {
  SYSFD_REQUIRE_NO_TRACKING();
  OwnedFd target = OwnedFd::adopt(never_open);
  errno = ENOTNAM;
  target = some_file();
  EXPECT_EQ(errno, ENOTNAM);
}

TEST(OwnedFd, MoveAssignmentToItselfChangesNothing) {
  OwnedFd file = some_file();
  OwnedFd& same = file;
  const int number = file.get();
  file = std::move(same);
  EXPECT_EQ(file.get(), number);
  EXPECT_TRUE(is_open(number));
}

TEST(OwnedFd, AMovedFromOwnerCanBeAssignedTo) {
  OwnedFd first = some_file();
  const OwnedFd second = std::move(first);
  first = some_file();
  EXPECT_TRUE(is_open(first.get()));
  EXPECT_NE(first.get(), second.get());
}

TEST(OwnedFd, SwapExchangesTheDescriptors) {
  OwnedFd first = some_file();
  OwnedFd second = some_file();
  const int first_number = first.get();
  const int second_number = second.get();
  std::swap(first, second);
  EXPECT_EQ(first.get(), second_number);
  EXPECT_EQ(second.get(), first_number);
  EXPECT_TRUE(is_open(first_number));
  EXPECT_TRUE(is_open(second_number));
}

TEST(OwnedFd, ReleaseGivesTheNumberAwayOpen) {
  int number = -1;
  {
    OwnedFd file = some_file();
    const int held = file.get();
    number = std::move(file).release();
    EXPECT_EQ(number, held);
  }
  EXPECT_TRUE(is_open(number));
  ::close(number);
}

TEST(OwnedFd, AdoptAcceptsZero) {
  OwnedFd zero = OwnedFd::adopt(0);
  EXPECT_EQ(std::move(zero).release(), 0);
}

TEST(OwnedFd, AdoptOpenTakesOverAnOpenDescriptor) {
  const int number = some_file().release();
  {
    const auto adopted = OwnedFd::adopt_open(number);
    ASSERT_TRUE(adopted) << adopted.error().message();
    EXPECT_EQ(adopted->get(), number);
  }
  EXPECT_FALSE(is_open(number));
}

TEST(OwnedFd, AdoptOpenOfANumberThatIsNotOpenIsAnError) {
  EXPECT_EQ(error_of(OwnedFd::adopt_open(never_open)), std::errc::bad_file_descriptor);
  EXPECT_EQ(error_of(OwnedFd::adopt_open(-1)), std::errc::bad_file_descriptor);
}

TEST(OwnedFd, FromSyscallTakesOverADescriptor) {
  const auto file = OwnedFd::from_syscall(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(file);
  EXPECT_TRUE(is_open(file->get()));
}

TEST(OwnedFd, FromSyscallTakesTheErrorFromErrno) {
  const auto file = OwnedFd::from_syscall(::open("/dev/null/absent", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(error_of(file), std::errc::not_a_directory);
  EXPECT_EQ(error_of(file).category(), std::system_category());
}

TEST(OwnedFd, DuplicateIsASecondDescriptorOfTheSameFile) {
  const OwnedFd file = some_file();
  const auto copy = file.duplicate();
  ASSERT_TRUE(copy);
  EXPECT_NE(copy->get(), file.get());
  EXPECT_TRUE(same_file(copy->get(), file.get()));
}

}  // namespace
}  // namespace sysfd_test
