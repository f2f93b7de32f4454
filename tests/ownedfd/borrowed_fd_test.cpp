// SPDX-License-Identifier: MIT
#include <sysfd/owned_fd.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <compare>
#include <concepts>
#include <type_traits>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

class Door {
 public:
  explicit Door(OwnedFd fd) : fd_(std::move(fd)) {}
  BorrowedFd fd() const { return fd_; }

 private:
  OwnedFd fd_;
};

int number_of(BorrowedFd fd) {
  return fd.get();
}

TEST(BorrowedFd, IsAPlainNumberForTheMachine) {
  static_assert(sizeof(BorrowedFd) == sizeof(int));
  static_assert(std::is_trivially_copyable_v<BorrowedFd>);
  static_assert(std::is_trivially_destructible_v<BorrowedFd>);
  static_assert(!std::is_default_constructible_v<BorrowedFd>);
}

TEST(BorrowedFd, IsNeitherMadeFromANumberNorConvertedToOne) {
  static_assert(!std::is_constructible_v<BorrowedFd, int>);
  static_assert(!std::is_constructible_v<BorrowedFd, long>);
  static_assert(!std::is_constructible_v<BorrowedFd, bool>);
  static_assert(!std::is_constructible_v<int, BorrowedFd>);
  static_assert(!std::is_constructible_v<bool, BorrowedFd>);
  static_assert(!std::equality_comparable<BorrowedFd>);
  static_assert(!std::three_way_comparable<BorrowedFd>);
}

TEST(BorrowedFd, IsBorrowedFromNamedOwnersOnly) {
  static_assert(std::is_convertible_v<OwnedFd&, BorrowedFd>);
  static_assert(std::is_convertible_v<const OwnedFd&, BorrowedFd>);
  static_assert(!std::is_constructible_v<BorrowedFd, OwnedFd>);
  static_assert(!std::is_constructible_v<BorrowedFd, const OwnedFd>);
  static_assert(std::is_convertible_v<Door&, BorrowedFd>);
  static_assert(std::is_convertible_v<const Door&, BorrowedFd>);
  static_assert(!std::is_constructible_v<BorrowedFd, Door>);
  static_assert(!std::is_constructible_v<BorrowedFd, const Door>);
}

TEST(BorrowedFd, DoesNotClose) {
  const OwnedFd file = some_file();
  {
    const BorrowedFd borrowed = file;
    [[maybe_unused]] const BorrowedFd copy = borrowed;
  }
  EXPECT_TRUE(is_open(file.get()));
}

TEST(BorrowedFd, IsPassedImplicitlyWhereAFunctionUsesADescriptor) {
  const OwnedFd file = some_file();
  EXPECT_EQ(number_of(file), file.get());
  EXPECT_EQ(number_of(file.borrow()), file.get());
  EXPECT_EQ(number_of(BorrowedFd::unsafe_borrow(STDIN_FILENO)), STDIN_FILENO);
}

TEST(BorrowedFd, ComesFromAnyTypeThatHasABorrow) {
  OwnedFd file = some_file();
  const int number = file.get();
  const Door door(std::move(file));
  EXPECT_EQ(number_of(door), number);
}

TEST(Duplicate, IsCloseOnExec) {
  const OwnedFd file = some_file();
  ASSERT_NE(::fcntl(file.get(), F_SETFD, 0), -1);
  const auto copy = file.borrow().duplicate();
  ASSERT_TRUE(copy);
  EXPECT_EQ(::fcntl(copy->get(), F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(::fcntl(file.get(), F_GETFD), 0) << "the original was changed";
}

TEST(Duplicate, SharesTheOpenFileDescription) {
  const OwnedFd file = some_file();
  const auto copy = file.duplicate();
  ASSERT_TRUE(copy);
  ASSERT_EQ(::write(file.get(), "abc", 3), 3);
  EXPECT_EQ(::lseek(copy->get(), 0, SEEK_CUR), 3);
}

TEST(Duplicate, NeverTakesTheNumberOfAStandardStream) {
  run_apart([] {
    const OwnedFd file = some_file();
    ::close(STDIN_FILENO);
    ::close(STDOUT_FILENO);
    ::close(STDERR_FILENO);
    const auto copy = file.duplicate();
    ASSERT_TRUE(copy);
    EXPECT_GE(copy->get(), 3);
  });
}

TEST(Duplicate, OfAStandardStreamIsNotOneItself) {
  run_apart([] {
    ::close(STDIN_FILENO);
    const OwnedFd file = some_file();
    ASSERT_EQ(file.get(), STDIN_FILENO);
    const auto copy = file.duplicate();
    ASSERT_TRUE(copy);
    EXPECT_GE(copy->get(), 3);
  });
}

TEST(Duplicate, OfAClosedDescriptorIsAnError) {
  const int number = some_file().release();
  ::close(number);
  EXPECT_EQ(error_of(BorrowedFd::unsafe_borrow(number).duplicate()),
            std::errc::bad_file_descriptor);
}

TEST(Duplicate, AtTheLimitOfOpenDescriptorsIsAnError) {
  run_apart([] {
    const OwnedFd file = some_file();
    const rlimit none_left{.rlim_cur = static_cast<rlim_t>(file.get()) + 1, .rlim_max = 100};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none_left), 0);
    EXPECT_EQ(error_of(file.duplicate()), std::errc::too_many_files_open);
  });
}

}  // namespace
}  // namespace sysfd_test
