// SPDX-License-Identifier: MIT
#include <sysfd/pidfd.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <limits>
#include <semaphore>
#include <thread>

#include "support/prelude.hpp"

#include "pidfd/child.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

TEST(PidFdType, IsAnOwnerThatMovesOnly) {
  static_assert(sizeof(PidFd) == sizeof(int));
  static_assert(!std::is_default_constructible_v<PidFd>);
  static_assert(!std::is_copy_constructible_v<PidFd>);
  static_assert(!std::is_copy_assignable_v<PidFd>);
  static_assert(std::is_nothrow_move_constructible_v<PidFd>);
  static_assert(std::is_nothrow_move_assignable_v<PidFd>);
  static_assert(!std::is_constructible_v<PidFd, int>);
  static_assert(!std::is_constructible_v<PidFd, OwnedFd>);
  static_assert(!std::is_constructible_v<int, PidFd>);
  static_assert(!std::is_constructible_v<bool, PidFd>);
  static_assert(!std::is_base_of_v<OwnedFd, PidFd>);
  static_assert(!std::is_convertible_v<int, ForeignFd>);
  static_assert(!std::is_convertible_v<ForeignFd, int>);
}

TEST(PidFdType, CanBeBorrowedFromUnlessItIsATemporary) {
  static_assert(std::is_convertible_v<const PidFd&, BorrowedFd>);
  static_assert(!std::is_constructible_v<BorrowedFd, PidFd>);
  const auto self = PidFd::self();
  ASSERT_TRUE(self);
  const BorrowedFd borrowed = *self;
  EXPECT_EQ(borrowed.get(), self->fd().get());
}

TEST(PidFdType, GivesItsDescriptorAway) {
  auto self = PidFd::self();
  ASSERT_TRUE(self);
  const int number = self->fd().get();
  {
    const OwnedFd taken = (*std::move(self)).into_fd();
    EXPECT_EQ(taken.get(), number);
    EXPECT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
}

TEST(PidFdDeathTest, UseAfterMoveStopsTheProgram) {
  auto self = PidFd::self();
  ASSERT_TRUE(self);
  const PidFd moved = *std::move(self);
  EXPECT_DEATH(static_cast<void>(self->send_signal(0)), "sysfd: use of an OwnedFd");
}

TEST(PidFdOpen, RefersToTheProcessWithTheNumber) {
  const ForkedChild child;
  const auto process = PidFd::open(child.pid());
  ASSERT_TRUE(process) << process.error().message();
  EXPECT_EQ(process->pid(), child.pid());
}

TEST(PidFdOpen, IsCloseOnExec) {
  const auto process = PidFd::self();
  ASSERT_TRUE(process);
  EXPECT_EQ(is_close_on_exec(*process), true);
}

TEST(PidFdOpen, OpensAProcessThatIsNoChild) {
  const auto parent = PidFd::open(::getppid());
  ASSERT_TRUE(parent);
  EXPECT_EQ(parent->pid(), ::getppid());
}

TEST(PidFdOpen, SelfIsTheCaller) {
  const auto self = PidFd::self();
  ASSERT_TRUE(self);
  EXPECT_EQ(self->pid(), ::getpid());
}

TEST(PidFdOpen, OpensAZombie) {
  ForkedChild child;
  child.end();
  EXPECT_TRUE(PidFd::open(child.pid()));
}

TEST(PidFdOpen, WhatIsNoProcessNumberIsRefusedWithoutAskingTheKernel) {
  run_apart([] {
    refuse_calls({{SYS_pidfd_open, ENOTNAM}});
    for (const pid_t pid : {0, -1, std::numeric_limits<pid_t>::min()})
      EXPECT_EQ(error_of(PidFd::open(pid)), std::errc::invalid_argument) << pid;
    EXPECT_EQ(error_of(PidFd::open(1)).value(), ENOTNAM);
  });
}

TEST(PidFdOpen, ANumberThatNoProcessHasIsAnError) {
  EXPECT_EQ(error_of(PidFd::open(std::numeric_limits<pid_t>::max())), std::errc::no_such_process);
}

TEST(PidFdOpen, TheNumberOfAReapedChildIsAnError) {
  ForkedChild child;
  child.end_and_reap();
  EXPECT_EQ(error_of(PidFd::open(child.pid())), std::errc::no_such_process);
}

TEST(PidFdOpen, TheNumberOfAThreadIsNotThatOfAProcess) {
  std::binary_semaphore started(0);
  std::binary_semaphore finish(0);
  pid_t number = 0;
  std::thread thread([&] {
    number = ::gettid();
    started.release();
    finish.acquire();
  });
  started.acquire();
  const auto process = PidFd::open(number);
  finish.release();
  thread.join();
  EXPECT_EQ(error_of(process), std::errc::no_such_process);
}

// Older kernels fail with EINVAL for threads, and all kernels for a process that is just being
// reaped.
TEST(PidFdOpen, EveryWayOfTheKernelToSayNoSuchProcessIsOneError) {
  for (const int error : {EINVAL, ENOENT, ESRCH})
    run_apart([error] {
      refuse_calls({{SYS_pidfd_open, error}});
      EXPECT_EQ(error_of(PidFd::self()), std::errc::no_such_process) << error;
    });
}

TEST(PidFdOpen, OtherErrorsArePassedOn) {
  run_apart([] {
    const rlimit none_left{.rlim_cur = 3, .rlim_max = 3};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none_left), 0);
    EXPECT_EQ(error_of(PidFd::self()), std::errc::too_many_files_open);
    refuse_calls({{SYS_pidfd_open, ENOSYS}});
    EXPECT_EQ(error_of(PidFd::self()), std::errc::function_not_supported);
  });
}

// This happens in a program that was started without 0, 1 and 2.
TEST(PidFdMakers, NothingIsMadeInPlaceOfAStandardStream) {
  run_apart([] {
    const ForkedChild child;
    const auto pair = must(socket_pair(SOCK_STREAM));
    const auto expect_high = [](const char* what, const auto& made) {
      if (!made) {
        EXPECT_EQ(made.error(), std::errc::operation_not_supported) << what;
        return;
      }
      EXPECT_GE(BorrowedFd(*made).get(), 3) << what;
      EXPECT_EQ(::fcntl(BorrowedFd(*made).get(), F_GETFD), FD_CLOEXEC) << what;
    };
    const ForeignFd shared{pair.first.get()};
    const bool has_peer_pidfd = kernel_has("SO_PEERPIDFD");
    for (const int number : {0, 1, 2})
      ::close(number);
    const auto process = PidFd::open(child.pid());
    ASSERT_TRUE(process);
    expect_high("open", process);
    expect_high("self", PidFd::self());
    if (has_peer_pidfd) expect_high("of_peer", PidFd::of_peer(pair.first));
    if (const auto id = process->id()) expect_high("from_id", PidFd::from_id(*id));
    expect_high("get_fd", must(PidFd::self()).get_fd(shared));
    expect_high("namespace_fd", process->namespace_fd(Namespace::uts));
    expect_high("proc_directory", process->proc_directory());
    EXPECT_FALSE(is_open(0) || is_open(1) || is_open(2));
  });
}

}  // namespace
}  // namespace sysfd_test
