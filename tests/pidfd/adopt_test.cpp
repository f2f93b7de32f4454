// SPDX-License-Identifier: MIT
#include <sysfd/pidfd.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "support/prelude.hpp"

#include "pidfd/child.hpp"

namespace sysfd_test {
namespace {

void expect_adopted(PidFd process) {
  OwnedFd fd = std::move(process).into_fd();
  const int number = fd.get();
  const auto adopted = PidFd::adopt(std::move(fd));
  ASSERT_TRUE(adopted) << adopted.error().message();
  EXPECT_EQ(adopted->fd().get(), number);
  EXPECT_TRUE(is_open(number));
}

void expect_refused(Result<OwnedFd> fd) {
  ASSERT_TRUE(fd) << fd.error().message();
  const int number = fd->get();
  EXPECT_EQ(error_of(PidFd::adopt(*std::move(fd))), std::errc::bad_file_descriptor);
  EXPECT_FALSE(is_open(number)) << "what was refused was not closed";
}

TEST(PidFdAdopt, AcceptsAPidFdInEveryStateOfItsProcess) {
  ForkedChild child;
  expect_adopted(child.pidfd());
  PidFd zombie = child.pidfd();
  PidFd reaped = child.pidfd();
  child.end();
  expect_adopted(std::move(zombie));
  child.reap();
  expect_adopted(std::move(reaped));
}

TEST(PidFdAdopt, AcceptsAPidFdOfAProcessThatIsNoChild) {
  expect_adopted(*PidFd::self());
  expect_adopted(*PidFd::open(::getppid()));
}

TEST(PidFdAdopt, AcceptsANonBlockingPidFd) {
  const ForkedChild child;
  PidFd process = child.pidfd();
  ASSERT_TRUE(set_nonblocking(process, true));
  expect_adopted(std::move(process));
}

TEST(PidFdAdopt, AcceptsAChildThatAnnouncesItsEndByNoSignal) {
  const ForkedChild child = ForkedChild::with_exit_signal(0);
  expect_adopted(child.pidfd());
}

TEST(PidFdAdopt, DoesNotReap) {
  ForkedChild child;
  PidFd process = child.pidfd();
  child.end(3);
  const auto adopted = PidFd::adopt(std::move(process).into_fd());
  ASSERT_TRUE(adopted);
  EXPECT_EQ(WEXITSTATUS(child.reap()), 3);
}

TEST(PidFdAdopt, RefusesAndClosesEverythingElse) {
  expect_refused(some_file());
  expect_refused(event_fd());
  expect_refused(must(sysfd::pipe()).read.duplicate());
  expect_refused(must(socket_pair(SOCK_STREAM)).first.duplicate());
}

TEST(PidFdAdopt, RefusesTheProcDirectoryOfAProcess) {
  const std::string directory = "/proc/" + std::to_string(::getpid());
  expect_refused(sysfd::open(cwd(), directory, O_RDONLY | O_DIRECTORY));
  expect_refused(sysfd::open(cwd(), directory, O_PATH | O_DIRECTORY));
}

TEST(PidFdAdopt, RefusesAPathOnlyPidFd) {
  const ForkedChild child;
  const PidFd process = child.pidfd();
  expect_refused(sysfd::open(cwd(), "/proc/self/fd/" + std::to_string(process.fd().get()), O_PATH));
}

TEST(PidFdAdopt, RefusesANumberThatIsNotOpen) {
  SYSFD_REQUIRE_NO_TRACKING();
  const int number = some_file().release();
  ::close(number);
  EXPECT_EQ(error_of(PidFd::adopt(OwnedFd::adopt(number))), std::errc::bad_file_descriptor);
}

}  // namespace
}  // namespace sysfd_test
