// SPDX-License-Identifier: MIT
#include <sysfd/create.hpp>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/prelude.hpp"

#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

TEST(SetNonblocking, SwitchesOnAndOffAgain) {
  const auto pipe = sysfd::pipe();
  ASSERT_TRUE(pipe);
  const int before = ::fcntl(pipe->read.get(), F_GETFL);
  ASSERT_TRUE(set_nonblocking(pipe->read, true));
  EXPECT_EQ(::fcntl(pipe->read.get(), F_GETFL), before | O_NONBLOCK);
  ASSERT_TRUE(set_nonblocking(pipe->read, false));
  EXPECT_EQ(::fcntl(pipe->read.get(), F_GETFL), before);
}

TEST(SetNonblocking, LeavesTheOtherFlagsAlone) {
  const OwnedFd file = some_file();
  ASSERT_NE(::fcntl(file.get(), F_SETFL, O_APPEND), -1);
  ASSERT_TRUE(set_nonblocking(file, true));
  EXPECT_TRUE(::fcntl(file.get(), F_GETFL) & O_APPEND);
  ASSERT_TRUE(set_nonblocking(file, false));
  EXPECT_TRUE(::fcntl(file.get(), F_GETFL) & O_APPEND);
}

TEST(SetNonblocking, IsSeenByAllWhoShareTheDescription) {
  const auto pipe = sysfd::pipe();
  ASSERT_TRUE(pipe);
  const auto other = pipe->read.duplicate();
  ASSERT_TRUE(other);
  ASSERT_TRUE(set_nonblocking(pipe->read, true));
  EXPECT_TRUE(::fcntl(other->get(), F_GETFL) & O_NONBLOCK);
}

TEST(SetNonblocking, MakesNoSecondCallWhereNothingChanges) {
  run_apart([] {
    const auto blocking = sysfd::pipe();
    const auto nonblocking = sysfd::pipe(O_NONBLOCK);
    ASSERT_TRUE(blocking && nonblocking);
    refuse_calls({{SYS_fcntl, ENOTNAM, RefusedCall::Match{1, F_SETFL}}});
    EXPECT_TRUE(set_nonblocking(blocking->read, false));
    EXPECT_TRUE(set_nonblocking(nonblocking->read, true));
    EXPECT_EQ(error_of(set_nonblocking(blocking->read, true)).value(), ENOTNAM);
    EXPECT_EQ(error_of(set_nonblocking(nonblocking->read, false)).value(), ENOTNAM);
  });
}

TEST(IsCloseOnExec, TellsTheFlagOfTheDescriptor) {
  const OwnedFd file = some_file();
  EXPECT_EQ(is_close_on_exec(file), true);
  ASSERT_NE(::fcntl(file.get(), F_SETFD, 0), -1);
  EXPECT_EQ(is_close_on_exec(file), false);
}

TEST(SetCloseOnExec, SetsAndClearsTheFlagOfTheDescriptorAlone) {
  const OwnedFd file = some_file();
  const OwnedFd other = must(file.duplicate());
  ASSERT_TRUE(set_close_on_exec(file, false));
  EXPECT_EQ(is_close_on_exec(file), false);
  EXPECT_EQ(is_close_on_exec(other), true);
  ASSERT_TRUE(set_close_on_exec(file, true));
  EXPECT_EQ(is_close_on_exec(file), true);
}

TEST(IsNonblocking, TellsTheFlagOfTheDescription) {
  const auto pipe = must(sysfd::pipe(O_NONBLOCK));
  EXPECT_EQ(is_nonblocking(pipe.read), true);
  ASSERT_TRUE(set_nonblocking(must(pipe.read.duplicate()).borrow(), false));
  EXPECT_EQ(is_nonblocking(pipe.read), false);
}

TEST(DescriptorFlags, OfAClosedDescriptorAreAnError) {
  const int number = some_file().release();
  ::close(number);
  const BorrowedFd closed = BorrowedFd::unsafe_borrow(number);
  EXPECT_EQ(error_of(is_close_on_exec(closed)), std::errc::bad_file_descriptor);
  EXPECT_EQ(error_of(is_nonblocking(closed)), std::errc::bad_file_descriptor);
  EXPECT_EQ(error_of(set_close_on_exec(closed, true)), std::errc::bad_file_descriptor);
  EXPECT_EQ(error_of(set_nonblocking(closed, true)), std::errc::bad_file_descriptor);
  EXPECT_EQ(error_of(set_nonblocking(closed, false)), std::errc::bad_file_descriptor);
}

}  // namespace
}  // namespace sysfd_test
