// SPDX-License-Identifier: MIT
#include <sysfd/owned_fd.hpp>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

TEST(Replace, MakesTheNumberReferToTheSource) {
  OwnedFd slot = some_file();
  const OwnedFd source = some_file();
  const int number = slot.get();
  ASSERT_FALSE(same_file(number, source.get()));
  ASSERT_TRUE(replace(slot, source));
  EXPECT_EQ(slot.get(), number);
  EXPECT_TRUE(same_file(number, source.get()));
}

TEST(Replace, ClosesWhatTheNumberReferredToBefore) {
  auto pipe = sysfd::pipe(O_NONBLOCK);
  ASSERT_TRUE(pipe);
  const OwnedFd source = some_file();
  ASSERT_TRUE(replace(pipe->write, source));
  char byte;
  EXPECT_EQ(::read(pipe->read.get(), &byte, 1), 0) << "the write end is still open";
}

TEST(Replace, OfANumberThatIsClosedIsAnErrorAlsoWhereItIsTheSame) {
  SYSFD_REQUIRE_NO_TRACKING();
  OwnedFd slot = some_file();
  ::close(slot.get());
  EXPECT_EQ(error_of(replace(slot, slot)), std::errc::bad_file_descriptor);
  static_cast<void>(std::move(slot).release());
}

TEST(Replace, IsCloseOnExecAfterwards) {
  OwnedFd slot = some_file();
  const OwnedFd source = some_file();
  ASSERT_NE(::fcntl(slot.get(), F_SETFD, 0), -1);
  ASSERT_NE(::fcntl(source.get(), F_SETFD, 0), -1);
  ASSERT_TRUE(replace(slot, source));
  EXPECT_EQ(::fcntl(slot.get(), F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(::fcntl(source.get(), F_GETFD), 0) << "the source was changed";
}

TEST(Replace, IsOneStepInTheKernel) {
  run_apart([] {
    OwnedFd slot = some_file();
    const OwnedFd source = some_file();
    refuse_calls({{SYS_close, EPERM},
                  {SYS_fcntl, EPERM},
                  {SYS_dup, EPERM},
#ifdef SYS_dup2
                  {SYS_dup2, EPERM}
#endif
    });
    EXPECT_TRUE(replace(slot, source));
    EXPECT_TRUE(same_file(slot.get(), source.get()));
  });
}

TEST(Replace, ByItselfDoesNothing) {
  OwnedFd slot = some_file();
  ASSERT_NE(::fcntl(slot.get(), F_SETFD, 0), -1);
  EXPECT_TRUE(replace(slot, slot));
  EXPECT_TRUE(is_open(slot.get()));
  EXPECT_EQ(::fcntl(slot.get(), F_GETFD), 0);
}

TEST(Replace, ByAClosedDescriptorLeavesTheSlotAlone) {
  OwnedFd slot = some_file();
  const OwnedFd same = *slot.duplicate();
  const int closed = some_file().release();
  ::close(closed);
  EXPECT_EQ(error_of(replace(slot, BorrowedFd::unsafe_borrow(closed))),
            std::errc::bad_file_descriptor);
  EXPECT_TRUE(same_file(slot.get(), same.get()));
}

}  // namespace
}  // namespace sysfd_test
