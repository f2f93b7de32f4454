// SPDX-License-Identifier: MIT
#include <sysfd/description.hpp>

#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <thread>

#include <sysfd/fd_passing.hpp>

#include "support/prelude.hpp"

#include "sharing/second_holder.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"
#include "support/scratch_directory.hpp"
#include "support/system_calls.hpp"

namespace sysfd_test {
namespace {

constexpr int dupfd_query = 1027;

bool has_kcmp() {
  return ::syscall(SYS_kcmp, ::getpid(), ::getpid(), 0, 0, 0) == 0;
}

// Kernels before Linux 6.10 fail with EINVAL, but for a descriptor with O_PATH with EBADF.
void refuse_query(int error = EINVAL) {
  refuse_calls({{SYS_fcntl, error, RefusedCall::Match{1, dupfd_query}}});
}

OwnedFd open_file(const std::string& path, int flags = O_RDONLY) {
  return must(sysfd::open(cwd(), path, flags));
}

// Checks what must hold in whichever way it is found out.
void expect_right_answers() {
  const OwnedFd file = some_file();
  const OwnedFd other = some_file();
  const OwnedFd copy = must(file.duplicate());
  EXPECT_EQ(same_description(file, file), true);
  EXPECT_EQ(same_description(file, copy), true);
  EXPECT_EQ(same_description(copy, file), true);
  EXPECT_EQ(same_description(file, other), false);
  EXPECT_EQ(same_description(other, file), false);

  const OwnedFd reopened = must(reopen(file, O_RDWR));
  EXPECT_EQ(same_description(file, reopened), false) << "the same file is not enough";

  const OwnedFd path = open_file("/", O_PATH);
  const OwnedFd path_copy = must(path.duplicate());
  const OwnedFd other_path = open_file("/", O_PATH);
  EXPECT_EQ(same_description(path, path_copy), true);
  EXPECT_EQ(same_description(path, other_path), false);
  EXPECT_EQ(same_description(path, file), false);

  const int number = must(file.duplicate()).get();  // closed again
  const BorrowedFd closed = BorrowedFd::unsafe_borrow(number);
  EXPECT_EQ(error_of(same_description(closed, file)).value(), EBADF);
  EXPECT_EQ(error_of(same_description(file, closed)).value(), EBADF);
  EXPECT_EQ(error_of(same_description(closed, closed)).value(), EBADF);
  EXPECT_EQ(error_of(same_description(cwd(), file)).value(), EBADF);
  EXPECT_EQ(error_of(same_description(file, cwd())).value(), EBADF);
}

TEST(SameDescription, IsThatOfADuplicateAndNotThatOfAnotherOpening) {
  expect_right_answers();
}

TEST(SameDescription, IsThatOfTwoStandardStreamsOfOneTerminalOrFile) {
  run_apart([] {
    const OwnedFd file = some_file();
    ::dup2(file.get(), 1);
    ::dup2(file.get(), 2);
    EXPECT_EQ(same_description(BorrowedFd::unsafe_borrow(1), BorrowedFd::unsafe_borrow(2)), true);
    EXPECT_EQ(same_description(BorrowedFd::unsafe_borrow(0), BorrowedFd::unsafe_borrow(2)), false);
  });
}

TEST(SameDescription, IsNotThatOfTheTwoEndsOfAPipe) {
  const auto pipe = must(sysfd::pipe());
  EXPECT_EQ(same_description(pipe.read, pipe.write), false);
}

TEST(SameDescription, ComesBackFromAnotherProcess) {
  const OwnedFd file = some_file();
  const OwnedFd other = some_file();
  const auto sockets = must(socket_pair(SOCK_SEQPACKET));
  SecondHolder holder(file, sockets.second);
  EXPECT_EQ(holder(Do::send, "x", 2), 1);
  std::array<std::byte, 1> payload;
  const auto message = must(receive_fds(sockets.first, payload));
  ASSERT_EQ(message.fds.size(), 2U);
  EXPECT_EQ(same_description(message.fds[0], file), true) << "by exec, and by SCM_RIGHTS";
  EXPECT_EQ(same_description(message.fds[1], message.fds[0]), true);
  EXPECT_EQ(same_description(message.fds[0], other), false);
}

TEST(SameDescription, IsStillThatOfItsCopyInAForkedProcess) {
  const auto sockets = must(socket_pair(SOCK_SEQPACKET));
  const OwnedFd file = some_file();
  run_apart([&] {
    const BorrowedFd fds[] = {file};
    EXPECT_EQ(send_fds(sockets.second, fds, std::as_bytes(std::span("x"))), 2U);
  });
  std::array<std::byte, 2> payload;
  const auto message = must(receive_fds(sockets.first, payload));
  ASSERT_EQ(message.fds.size(), 1U);
  EXPECT_EQ(same_description(message.fds[0], file), true);
}

TEST(SameDescriptionByKcmp, IsFoundWithoutTheQuery) {
  if (!has_kcmp()) GTEST_SKIP() << "needs kcmp";
  run_apart([] {
    refuse_query();
    expect_right_answers();
  });
}

TEST(SameDescriptionByKcmp, IsFoundWhereOldKernelsSayOfAPathThatItIsNotOpen) {
  if (!has_kcmp()) GTEST_SKIP() << "needs kcmp";
  run_apart([] {
    refuse_query(EBADF);
    expect_right_answers();
  });
}

// kcmp(2) with the process ID would compare descriptors of the first thread, where the number
// refers to another file.
TEST(SameDescriptionByKcmp, IsThatOfTheThreadsOwnTable) {
  if (!has_kcmp()) GTEST_SKIP() << "needs kcmp";
  SYSFD_REQUIRE_ONE_THREAD();
  run_apart([] {
    const OwnedFd file = some_file();
    const OwnedFd copy = must(file.duplicate());
    std::thread([&] {
      refuse_query();
      ASSERT_EQ(::unshare(CLONE_FILES), 0);
      const OwnedFd other = some_file();
      ASSERT_NE(::dup3(other.get(), copy.get(), O_CLOEXEC), -1);
      EXPECT_EQ(same_description(file, copy), false);
      EXPECT_EQ(same_description(other, copy), true);
    }).join();
    EXPECT_EQ(same_description(file, copy), true);
  });
}

TEST(SameDescription, IsNeverGuessed) {
  run_apart([] {
    const OwnedFd file = some_file();
    const OwnedFd copy = must(file.duplicate());
    const OwnedFd other = some_file();
    refuse_query();
    for (const int error : {EPERM, ENOSYS}) {
      refuse_calls({{SYS_kcmp, error}});
      EXPECT_EQ(error_of(same_description(file, copy)).value(), EOPNOTSUPP);
      EXPECT_EQ(error_of(same_description(file, other)).value(), EOPNOTSUPP);
      EXPECT_EQ(error_of(same_description(file, file)).value(), EOPNOTSUPP);
    }
    EXPECT_EQ(error_of(same_description(file, BorrowedFd::unsafe_borrow(999))).value(), EBADF);
    EXPECT_EQ(error_of(same_description(BorrowedFd::unsafe_borrow(999), file)).value(), EBADF);
  });
}

TEST(SameDescriptionCost, IsOneSystemCall) {
  SYSFD_REQUIRE_KERNEL("F_DUPFD_QUERY");
  SYSFD_REQUIRE_ISOLATION();
  const OwnedFd file = some_file();
  const OwnedFd copy = must(file.duplicate());
  const auto calls = system_calls_of([&] { (void)same_description(file, copy); });
  if (!calls) GTEST_SKIP() << "needs ptrace";
  EXPECT_EQ(*calls, std::vector<long>{SYS_fcntl});
}

TEST(SameDescriptionCost, IsAtMostFiveSystemCallsOfOldKernels) {
  SYSFD_REQUIRE_ISOLATION();
  const OwnedFd file = some_file();
  const OwnedFd copy = must(file.duplicate());
  const auto calls =
      system_calls_of([&] { (void)same_description(file, copy); }, {}, [] { refuse_query(); });
  if (!calls) GTEST_SKIP() << "needs ptrace";
  EXPECT_EQ(*calls, (std::vector<long>{SYS_fcntl, SYS_fcntl, SYS_fcntl, SYS_gettid, SYS_kcmp}));
}

}  // namespace
}  // namespace sysfd_test
