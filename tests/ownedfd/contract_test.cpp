// SPDX-License-Identifier: MIT
#include <sysfd/owned_fd.hpp>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

constexpr const char* use_of_an_empty_owner =
    "sysfd: use of an OwnedFd that was moved from, released or closed";

class EmptyOwnerDeathTest : public testing::Test {
 protected:
  OwnedFd owner_ = some_file();
  OwnedFd new_owner_ = std::move(owner_);
};

TEST_F(EmptyOwnerDeathTest, ItsNumberStopsTheProgram) {
  EXPECT_DEATH(static_cast<void>(owner_.get()), use_of_an_empty_owner);
}

TEST_F(EmptyOwnerDeathTest, BorrowingStopsTheProgram) {
  EXPECT_DEATH(static_cast<void>(owner_.borrow()), use_of_an_empty_owner);
}

TEST_F(EmptyOwnerDeathTest, PassingItToAFunctionStopsTheProgram) {
  const auto use = [](BorrowedFd) {};
  EXPECT_DEATH(use(owner_), use_of_an_empty_owner);
}

TEST_F(EmptyOwnerDeathTest, DuplicatingStopsTheProgram) {
  EXPECT_DEATH(static_cast<void>(owner_.duplicate()), use_of_an_empty_owner);
}

TEST_F(EmptyOwnerDeathTest, ReleasingStopsTheProgram) {
  EXPECT_DEATH(static_cast<void>(std::move(owner_).release()), use_of_an_empty_owner);
}

TEST_F(EmptyOwnerDeathTest, ClosingStopsTheProgram) {
  EXPECT_DEATH(static_cast<void>(std::move(owner_).close()), use_of_an_empty_owner);
}

TEST_F(EmptyOwnerDeathTest, ReplacingItStopsTheProgram) {
  EXPECT_DEATH(static_cast<void>(replace(owner_, new_owner_)), use_of_an_empty_owner);
}

TEST(ContractDeathTest, UseAfterReleaseStopsTheProgram) {
  OwnedFd file = some_file();
  OwnedFd again = OwnedFd::adopt(std::move(file).release());
  EXPECT_DEATH(static_cast<void>(file.get()), use_of_an_empty_owner);
}

TEST(ContractDeathTest, UseAfterCloseStopsTheProgram) {
  OwnedFd file = some_file();
  ASSERT_TRUE(std::move(file).close());
  EXPECT_DEATH(static_cast<void>(file.get()), use_of_an_empty_owner);
}

TEST(ContractDeathTest, ClosingTwiceStopsTheProgram) {
  OwnedFd file = some_file();
  ASSERT_TRUE(std::move(file).close());
  EXPECT_DEATH(static_cast<void>(std::move(file).close()), use_of_an_empty_owner);
}

TEST(ContractDeathTest, AdoptingANegativeNumberStopsTheProgram) {
  EXPECT_DEATH(static_cast<void>(OwnedFd::adopt(-1)), "sysfd: OwnedFd::adopt of a negative number");
}

TEST(ContractDeathTest, BorrowingANegativeNumberStopsTheProgram) {
  EXPECT_DEATH(static_cast<void>(BorrowedFd::unsafe_borrow(-1)),
               "sysfd: BorrowedFd::unsafe_borrow of a negative number");
}

TEST(ContractDeathTest, ANegativeErrorCodeIsNoSystemCallResult) {
  EXPECT_DEATH(static_cast<void>(OwnedFd::from_syscall(-2)),
               "sysfd: OwnedFd::adopt of a negative number");
}

// This happens in a program that was started without standard error and has opened a file.
TEST(ContractDeathTest, NothingIsWrittenToAFileThatHasTheNumberOfStandardError) {
  const OwnedFd file = some_file();
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup3(file.get(), STDERR_FILENO, O_CLOEXEC);
    static_cast<void>(OwnedFd::adopt(-1));
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(::lseek(file.get(), 0, SEEK_END), 0);
}

TEST(ContractDeathTest, AViolationWithoutStandardErrorStopsTheProgramToo) {
  const auto violate = [] {
    ::close(STDERR_FILENO);
    static_cast<void>(OwnedFd::adopt(-1));
  };
  EXPECT_EXIT(violate(), testing::KilledBySignal(SIGABRT), "");
}

TEST(ContractDeathTest, AViolationEndsInAnAbort) {
  EXPECT_EXIT(static_cast<void>(OwnedFd::adopt(-1)), testing::KilledBySignal(SIGABRT), "");
}

}  // namespace
}  // namespace sysfd_test
