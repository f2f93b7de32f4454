// SPDX-License-Identifier: MIT
//
// Opens processes by their identity, and compares processes.
#include <sysfd/pidfd.hpp>

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

#include "support/prelude.hpp"

#include "pidfd/child.hpp"
#include "support/forget_identities.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

constexpr PidFdFlags of_thread{.nonblocking = false, .thread = true};
constexpr auto pidfs_root = static_cast<std::uint32_t>(-10002);

class FromId : public testing::Test {
 protected:
  void SetUp() override { SYSFD_REQUIRE_KERNEL("file handles of pidfds"); }

  ForkedChild child_;
  const ProcessId id_ = child_.pidfd().id().value_or(ProcessId(0));
};

TEST_F(FromId, FindsALivingProcess) {
  const auto found = PidFd::from_id(id_);
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->pid(), child_.pid());
  EXPECT_EQ(found->id(), id_);
  EXPECT_EQ(is_close_on_exec(*found), true);
}

TEST_F(FromId, WhatItFindsIsAPidFdLikeAnyOther) {
  SYSFD_REQUIRE_ISOLATION();
  const PidFd found = must(PidFd::from_id(id_));
  EXPECT_EQ(error_of(found.try_wait()), std::errc::resource_unavailable_try_again);
  ASSERT_TRUE(found.send_signal(SIGTERM));
  EXPECT_EQ(found.wait(), ExitStatus::killed(SIGTERM));
}

TEST_F(FromId, FindsTheCaller) {
  EXPECT_EQ(must(PidFd::from_id(must(must(PidFd::self()).id()))).pid(), ::getpid());
}

TEST_F(FromId, FindsAZombie) {
  child_.end(6);
  const auto found = PidFd::from_id(id_);
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->wait(), ExitStatus::exited(6));
}

TEST_F(FromId, AReapedProcessIsAnErrorAlsoWhereAPidFdOfItIsOpen) {
  const PidFd open = child_.pidfd();
  child_.end_and_reap();
  EXPECT_EQ(open.id(), id_);
  EXPECT_EQ(error_of(PidFd::from_id(id_)), std::errc::no_such_process);
}

TEST_F(FromId, AnUnusedIdentityIsAnError) {
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0},
                                    std::uint64_t{1} << 63, id_.value() ^ std::uint64_t{1} << 62})
    EXPECT_EQ(error_of(PidFd::from_id(ProcessId(value))), std::errc::no_such_process) << value;
}

// The kernel would open it, but as a descriptor whose signals go to the whole process.
TEST_F(FromId, TheIdentityOfAThreadIsThatOfNoProcess) {
  SYSFD_REQUIRE_KERNEL("PIDFD_THREAD");
  const OtherThread thread;
  const ProcessId id = must(must(PidFd::open(thread.number(), of_thread)).id());
  EXPECT_NE(id, must(must(PidFd::self()).id()));
  EXPECT_EQ(error_of(PidFd::from_id(id)), std::errc::no_such_process);
}

TEST_F(FromId, TheIdentityOfAFirstThreadIsThatOfItsProcess) {
  SYSFD_REQUIRE_KERNEL("PIDFD_THREAD");
  const PidFd first = must(PidFd::open(child_.pid(), of_thread));
  EXPECT_EQ(first.id(), id_);
}

TEST_F(FromId, NeedsNoPrivilege) {
  SYSFD_REQUIRE_ROOT();
  run_apart([this] {
    ASSERT_EQ(::setresgid(65534, 65534, 65534), 0);
    ASSERT_EQ(::setresuid(65534, 65534, 65534), 0);
    const auto found = PidFd::from_id(id_);
    ASSERT_TRUE(found) << found.error().message();
    EXPECT_EQ(found->pid(), child_.pid());
  });
}

// As in kernels before 6.17.
TEST_F(FromId, WorksWithoutTheRootOfPidfs) {
  for (const int refusal : {EBADF, ENOSYS, EPERM, EACCES})
    run_apart([&] {
      refuse_calls({{SYS_open_by_handle_at, refusal, RefusedCall::Match{0, pidfs_root}}});
      const auto found = PidFd::from_id(id_);
      ASSERT_TRUE(found) << found.error().message();
      EXPECT_EQ(found->pid(), child_.pid());
      EXPECT_EQ(error_of(PidFd::from_id(ProcessId(1))), std::errc::no_such_process);
    });
}

TEST_F(FromId, NeedsAnotherPidFdWithoutTheRootOfPidfs) {
  run_apart([&] {
    refuse_calls({{SYS_open_by_handle_at, EBADF, RefusedCall::Match{0, pidfs_root}},
                  {SYS_pidfd_open, EMFILE}});
    EXPECT_EQ(error_of(PidFd::from_id(id_)), std::errc::too_many_files_open);
  });
}

TEST_F(FromId, WorksWhereAFilterRefusesToTellAThread) {
  SYSFD_REQUIRE_KERNEL("PIDFD_THREAD");
  run_apart([this] {
    const OtherThread thread;
    const ProcessId id_of_thread = must(must(PidFd::open(thread.number(), of_thread)).id());
    refuse_calls({{SYS_ioctl, EPERM}});
    const auto found = PidFd::from_id(id_);
    ASSERT_TRUE(found) << found.error().message();
    EXPECT_EQ(found->pid(), child_.pid());
    EXPECT_EQ(error_of(PidFd::from_id(id_of_thread)), std::errc::no_such_process);
  });
}

TEST_F(FromId, AProcessOutsideOfThePidNamespaceIsAnError) {
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_KERNEL("PIDFD_GET_INFO");
  run_apart([this] {
    ASSERT_EQ(::unshare(CLONE_NEWPID), 0);
    run_apart([this] {
      EXPECT_EQ(error_of(PidFd::from_id(id_)), std::errc::no_such_process);
      EXPECT_EQ(must(PidFd::from_id(must(must(PidFd::self()).id()))).pid(), 1);
    });
  });
}

TEST_F(FromId, FindsAProcessOfAPidNamespaceBelow) {
  SYSFD_REQUIRE_ROOT();
  run_apart([] {
    ASSERT_EQ(::unshare(CLONE_NEWPID), 0);
    const ForkedChild below;  // process 1 there
    const auto found = PidFd::from_id(must(below.pidfd().id()));
    ASSERT_TRUE(found) << found.error().message();
    EXPECT_EQ(found->pid(), below.pid());
    EXPECT_NE(found->pid(), 1);
  });
}

TEST_F(FromId, OtherErrorsArePassedOn) {
  run_apart([this] {
    refuse_calls({{SYS_open_by_handle_at, ENOTNAM}});
    EXPECT_EQ(error_of(PidFd::from_id(id_)).value(), ENOTNAM);
  });
  run_apart([this] {
    refuse_calls({{SYS_ioctl, ENOTNAM}});
    EXPECT_EQ(error_of(PidFd::from_id(id_)).value(), ENOTNAM);
  });
  run_apart([this] {
    refuse_calls({{SYS_ioctl, ENOTTY}, {SYS_openat, EACCES}});
    EXPECT_EQ(error_of(PidFd::from_id(id_)), std::errc::permission_denied) << "its number";
  });
}

TEST(FromIdWithoutHandles, IsAnError) {
  run_apart([] {
    refuse_calls({{SYS_open_by_handle_at, EBADF}, {SYS_name_to_handle_at, EOPNOTSUPP}});
    EXPECT_EQ(error_of(PidFd::from_id(ProcessId(1))), std::errc::operation_not_supported);
  });
}

// Runs `body` with identities, and without.
void run_both_ways(const std::function<void()>& body) {
  run_apart(body);
  run_apart([&] {
    if (!forget_identities()) return;
    ASSERT_EQ(error_of(must(PidFd::self()).id()), std::errc::operation_not_supported);
    body();
  });
}

TEST(SameProcess, IsSoForTwoPidFdsOfOne) {
  run_both_ways([] {
    const ForkedChild child;
    EXPECT_EQ(same_process(child.pidfd(), child.pidfd()), true);
    EXPECT_EQ(same_process(must(PidFd::self()), must(PidFd::self())), true);
    const PidFd one = child.pidfd();
    EXPECT_EQ(same_process(one, one), true);
  });
}

TEST(SameProcess, IsNotSoForTwoProcesses) {
  run_both_ways([] {
    const ForkedChild child;
    const ForkedChild other;
    EXPECT_EQ(same_process(child.pidfd(), other.pidfd()), false);
    EXPECT_EQ(same_process(other.pidfd(), child.pidfd()), false);
    EXPECT_EQ(same_process(child.pidfd(), must(PidFd::self())), false);
  });
}

TEST(SameProcess, IsSoForAZombie) {
  run_both_ways([] {
    ForkedChild child;
    const PidFd before = child.pidfd();
    child.end();
    EXPECT_EQ(same_process(before, child.pidfd()), true);
  });
}

TEST(SameProcess, TellsAThreadFromItsProcess) {
  SYSFD_REQUIRE_KERNEL("PIDFD_THREAD");
  run_both_ways([] {
    const OtherThread thread;
    const PidFd self = must(PidFd::self());
    const PidFd other = must(PidFd::open(thread.number(), of_thread));
    EXPECT_EQ(same_process(self, other), false);
    EXPECT_EQ(same_process(other, other), true);
    EXPECT_EQ(same_process(self, must(PidFd::open(::getpid(), of_thread))), true);
  });
}

TEST(SameProcess, IsKnownOfReapedOnesByIdentity) {
  SYSFD_REQUIRE_KERNEL("inode numbers of pidfds");
  ForkedChild child;
  const PidFd one = child.pidfd();
  const PidFd two = child.pidfd();
  child.end_and_reap();
  EXPECT_EQ(same_process(one, two), true);
  EXPECT_EQ(same_process(one, must(PidFd::self())), false);
  EXPECT_EQ(same_process(must(PidFd::self()), one), false);
}

TEST(SameProcess, IsAnErrorWithoutIdentitiesOnceOneWasReaped) {
  run_apart([] {
    ForkedChild child;
    const PidFd gone = child.pidfd();
    const PidFd self = must(PidFd::self());
    child.end_and_reap();
    if (!forget_identities()) return;
    EXPECT_EQ(error_of(same_process(gone, self)), std::errc::no_such_process);
    EXPECT_EQ(error_of(same_process(self, gone)), std::errc::no_such_process);
    EXPECT_EQ(error_of(same_process(gone, gone)), std::errc::no_such_process);
  });
}

TEST(SameProcess, AnErrorOfEitherIsPassedOn) {
  run_apart([] {
    const PidFd self = must(PidFd::self());
    const PidFd bad = must(PidFd::self());
    const auto number = static_cast<std::uint32_t>(bad.fd().get());
    refuse_calls({{SYS_name_to_handle_at, ENOTNAM, RefusedCall::Match{0, number}}});
    EXPECT_EQ(error_of(same_process(self, bad)).value(), ENOTNAM);
    EXPECT_EQ(error_of(same_process(bad, self)).value(), ENOTNAM);
  });
}

}  // namespace
}  // namespace sysfd_test
