// SPDX-License-Identifier: MIT
#include <sysfd/pidfd.hpp>

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "support/prelude.hpp"

#include "pidfd/child.hpp"

namespace sysfd_test {
namespace {

// A child with an open file that is not open here. It tells the number of the file.
class GetFd : public testing::Test {
 protected:
  static constexpr int number_in_child = 123;

  Pipe pipe_ = *sysfd::pipe();
  ForkedChild child_{[this] {
    const OwnedFd file = some_file();
    const int number = ::fcntl(file.get(), F_DUPFD, number_in_child);
    if (::write(number, "of the child", 12) != 12) std::abort();
    if (::write(pipe_.write.get(), &number, sizeof number) != sizeof number) std::abort();
    ::close(pipe_.write.get());
    static_cast<void>(std::move(pipe_.write).release());
  }};
  PidFd process_ = child_.pidfd();
  ForeignFd file_ = [this] {
    int number = -1;
    if (::read(pipe_.read.get(), &number, sizeof number) != sizeof number) std::abort();
    return ForeignFd{number};
  }();
};

TEST_F(GetFd, FetchesAWorkingDuplicate) {
  ASSERT_FALSE(is_open(static_cast<int>(file_)));
  const auto file = process_.get_fd(file_);
  ASSERT_TRUE(file) << file.error().message();
  char text[16];
  ASSERT_EQ(::pread(file->get(), text, sizeof text, 0), 12);
  EXPECT_EQ(std::string(text, 12), "of the child");
}

TEST_F(GetFd, SharesTheOpenFileDescription) {
  const auto first = process_.get_fd(file_);
  const auto second = process_.get_fd(file_);
  ASSERT_TRUE(first && second);
  EXPECT_NE(first->get(), second->get());
  EXPECT_EQ(::lseek(first->get(), 0, SEEK_CUR), 12) << "the child's offset";
  ASSERT_EQ(::lseek(first->get(), 5, SEEK_SET), 5);
  EXPECT_EQ(::lseek(second->get(), 0, SEEK_CUR), 5);
}

TEST_F(GetFd, IsCloseOnExec) {
  const auto file = process_.get_fd(file_);
  ASSERT_TRUE(file);
  EXPECT_EQ(is_close_on_exec(*file), true);
}

TEST_F(GetFd, ANumberThatIsNotOpenThereIsAnError) {
  const OwnedFd open_here_only = some_file();
  const OwnedFd high = OwnedFd::adopt(::fcntl(open_here_only.get(), F_DUPFD_CLOEXEC, 500));
  EXPECT_EQ(error_of(process_.get_fd(ForeignFd{high.get()})), std::errc::bad_file_descriptor);
  EXPECT_EQ(error_of(process_.get_fd(ForeignFd{-1})), std::errc::bad_file_descriptor);
}

TEST_F(GetFd, AProcessThatHasEndedHasNone) {
  child_.end();
  const std::error_code error = error_of(process_.get_fd(file_));
  EXPECT_TRUE(error.value() == ESRCH || error.value() == EBADF /* Linux 5.10 */) << error.message();
  child_.reap();
  EXPECT_EQ(error_of(process_.get_fd(file_)), std::errc::no_such_process);
}

TEST_F(GetFd, AProcessOfAnotherUserGivesNothing) {
  SYSFD_REQUIRE_ROOT();
  run_apart([this] {
    ASSERT_EQ(::setresuid(65534, 65534, 65534), 0);
    EXPECT_EQ(error_of(process_.get_fd(file_)), std::errc::operation_not_permitted);
  });
}

// Of the same user: such a process is not to be looked into.
TEST(GetFdOfTheSameUser, NeedsAProcessThatIsDumpable) {
  SYSFD_REQUIRE_ROOT();
  run_apart([] {
    ASSERT_EQ(::setresgid(65534, 65534, 65534), 0);
    ASSERT_EQ(::setresuid(65534, 65534, 65534), 0);
    const OwnedFd file = some_file();
    const Signpost set;
    for (const bool dumpable : {true, false}) {
      const ForkedChild child([&] {
        if (::prctl(PR_SET_DUMPABLE, dumpable ? 1 : 0) != 0) std::abort();
        set.reached();
      });
      set.wait();
      const auto fetched = child.pidfd().get_fd(ForeignFd{file.get()});
      EXPECT_EQ(error_of(fetched).value(), dumpable ? 0 : EPERM);
    }
  });
}

}  // namespace
}  // namespace sysfd_test
