// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "capi/objects.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

TEST(COwnedFd, OpensAFileThatIsCloseOnExec) {
  const int fd = sysfd_open(SYSFD_CWD, "/dev/null", O_RDONLY, 0);
  ASSERT_GE(fd, 3);
  EXPECT_EQ(sysfd_is_close_on_exec(fd), 1);
  EXPECT_EQ(sysfd_set_close_on_exec(fd, 0), 0);
  EXPECT_EQ(sysfd_is_close_on_exec(fd), 0);
  EXPECT_EQ(sysfd_is_open(fd), 1);
  EXPECT_EQ(sysfd_close_take(fd), 0);
  EXPECT_EQ(sysfd_is_open(fd), 0);
  EXPECT_EQ(sysfd_close_take(fd), -EBADF);
}

TEST(COwnedFd, CreatesAFileWithItsMode) {
  const ScratchDirectory directory;
  const std::string path = directory.path() / "new";
  const int fd = sysfd_open(SYSFD_CWD, path.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600);
  ASSERT_GE(fd, 3);
  EXPECT_EQ(sysfd_close_take(fd), 0);
  EXPECT_EQ(sysfd_open(SYSFD_CWD, path.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600), -EEXIST);
}

TEST(COwnedFd, ReportsErrorsOfOpening) {
  EXPECT_EQ(sysfd_open(SYSFD_CWD, "/no/such", O_RDONLY, 0), -ENOENT);
  EXPECT_EQ(sysfd_open(SYSFD_CWD, nullptr, O_RDONLY, 0), -EINVAL);
  EXPECT_EQ(sysfd_open(-1, "x", O_RDONLY, 0), -EBADF);
  EXPECT_EQ(sysfd_open_resolve(SYSFD_CWD, "/dev/null", O_RDONLY, 0, SYSFD_RESOLVE_BENEATH), -EXDEV);
  EXPECT_EQ(sysfd_open_resolve(SYSFD_CWD, "/dev/null", O_RDONLY, 0, 1U << 20), -EINVAL);
}

TEST(COwnedFd, OpensMissingStandardStreams) {
  run_apart([] {
    ::close(0);
    EXPECT_EQ(sysfd_open_missing_standard_streams(), 0);
    EXPECT_EQ(sysfd_is_open(0), 1);
  });
}

TEST(COwnedFd, MakesPairs) {
  int pipe[2] = {-7, -7};
  ASSERT_EQ(sysfd_pipe(0, pipe), 0);
  EXPECT_EQ(::write(pipe[1], "x", 1), 1);
  char byte = 0;
  EXPECT_EQ(::read(pipe[0], &byte, 1), 1);
  int sockets[2];
  ASSERT_EQ(sysfd_socket_pair(SOCK_STREAM, sockets), 0);
  for (const int fd : {pipe[0], pipe[1], sockets[0], sockets[1]})
    EXPECT_EQ(sysfd_close_take(fd), 0);
}

TEST(COwnedFd, LeavesOutputsAloneAfterAnError) {
  int fds[2] = {-7, -8};
  EXPECT_EQ(sysfd_pipe(-1, fds), -EINVAL);
  EXPECT_LT(sysfd_socket_pair(12345, fds), 0);
  EXPECT_EQ(fds[0], -7);
  EXPECT_EQ(fds[1], -8);
}

TEST(COwnedFd, MakesFilesInMemoryAndCounters) {
  const int file = sysfd_memfd("test", MFD_ALLOW_SEALING);
  const int event = sysfd_event_fd(3, EFD_NONBLOCK);
  ASSERT_GE(file, 3);
  ASSERT_GE(event, 3);
  EXPECT_EQ(sysfd_is_nonblocking(event), 1);
  EXPECT_EQ(sysfd_set_nonblocking(event, 0), 0);
  EXPECT_EQ(sysfd_is_nonblocking(event), 0);
  EXPECT_EQ(sysfd_memfd(nullptr, 0), -EINVAL);
  EXPECT_EQ(sysfd_event_fd(0, -1), -EINVAL);
  EXPECT_EQ(sysfd_close_take(file), 0);
  EXPECT_EQ(sysfd_close_take(event), 0);
}

TEST(COwnedFd, DuplicatesAndReplaces) {
  const int file = sysfd_memfd("test", 0);
  const int copy = sysfd_duplicate(file);
  ASSERT_GE(copy, 3);
  EXPECT_EQ(sysfd_same_description(file, copy), 1);
  const int other = sysfd_memfd("other", 0);
  EXPECT_EQ(sysfd_same_description(file, other), 0);
  EXPECT_EQ(sysfd_replace(copy, other), 0);
  EXPECT_EQ(sysfd_same_description(copy, other), 1);
  for (const int fd : {file, copy, other})
    EXPECT_EQ(sysfd_close_take(fd), 0);
  EXPECT_EQ(sysfd_duplicate(copy), -EBADF);
}

}  // namespace
}  // namespace sysfd_test
