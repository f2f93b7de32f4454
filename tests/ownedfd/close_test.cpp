// SPDX-License-Identifier: MIT
#include <sysfd/owned_fd.hpp>

#include <sys/syscall.h>
#include <unistd.h>

#include <optional>

#include "support/prelude.hpp"

#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

// Makes every close of `file` fail with `error`, from here on, and counts them.
void count_closes(const OwnedFd& file, int error) {
  count_and_refuse_calls(SYS_close, static_cast<std::uint32_t>(file.get()), error);
}

TEST(Close, ClosesTheDescriptor) {
  OwnedFd file = some_file();
  const int number = file.get();
  EXPECT_TRUE(std::move(file).close());
  EXPECT_FALSE(is_open(number));
}

TEST(Close, LeavesNothingForTheDestructor) {
  run_apart([] {
    std::optional<OwnedFd> file = some_file();
    count_closes(*file, EIO);
    EXPECT_FALSE(std::move(*file).close());
    file.reset();
    EXPECT_EQ(counted_calls(), 1);
  });
}

TEST(Close, ReportsLostData) {
  run_apart([] {
    OwnedFd file = some_file();
    refuse_calls({{SYS_close, EIO, RefusedCall::Match{0, static_cast<std::uint32_t>(file.get())}}});
    EXPECT_EQ(error_of(std::move(file).close()), std::errc::io_error);
  });
}

TEST(Close, ReportsThatTheNumberWasClosedAlready) {
  SYSFD_REQUIRE_NO_TRACKING();
  OwnedFd file = some_file();
  ::close(file.get());
  EXPECT_EQ(error_of(std::move(file).close()), std::errc::bad_file_descriptor);
}

TEST(Close, IsNotRepeatedWhenInterrupted) {
  run_apart([] {
    OwnedFd file = some_file();
    count_closes(file, EINTR);
    EXPECT_EQ(error_of(std::move(file).close()), std::errc::interrupted);
    EXPECT_EQ(counted_calls(), 1);
  });
}

TEST(Close, ByTheDestructorIsNotRepeatedWhenInterrupted) {
  run_apart([] {
    std::optional<OwnedFd> file = some_file();
    count_closes(*file, EINTR);
    file.reset();
    EXPECT_EQ(counted_calls(), 1);
  });
}

TEST(Close, ByMoveAssignmentIsNotRepeatedWhenInterrupted) {
  run_apart([] {
    OwnedFd file = some_file();
    count_closes(file, EINTR);
    file = some_file();
    EXPECT_EQ(counted_calls(), 1);
  });
}

TEST(Close, HappensOnceForAnOwnerThatWasMovedAround) {
  run_apart([] {
    {
      OwnedFd first = some_file();
      count_closes(first, EIO);
      OwnedFd second = std::move(first);
      OwnedFd& second_again = second;
      second = std::move(second_again);
      first = std::move(second);
      const OwnedFd third = std::move(first);
      EXPECT_EQ(counted_calls(), 0);
    }
    EXPECT_EQ(counted_calls(), 1);
  });
}

}  // namespace
}  // namespace sysfd_test
