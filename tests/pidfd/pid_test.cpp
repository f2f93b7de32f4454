// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <optional>
#include <sysfd/pidfd.hpp>

#include "pidfd/child.hpp"
#include "support/refuse_calls.hpp"
#include "support/requirements.hpp"
#include "support/results.hpp"
#include "support/run_apart.hpp"

namespace sysfd_test {
namespace {

using sysfd::PidFd;

void expect_the_number_until_it_is_reaped() {
  Child child;
  const PidFd process = child.pidfd();
  EXPECT_EQ(process.pid(), child.pid());
  child.end();
  EXPECT_EQ(process.pid(), child.pid()) << "of a zombie";
  child.reap();
  EXPECT_EQ(error_of(process.pid()), std::errc::no_such_process);
  EXPECT_EQ(PidFd::self()->pid(), ::getpid());
}

TEST(Pid, IsTheNumberUntilTheProcessIsReaped) {
  expect_the_number_until_it_is_reaped();
}

// Of kernels before 6.13; ENOTTY and EINVAL are the two ways not to know an ioctl.
TEST(PidWithoutGetInfo, IsTheNumberUntilTheProcessIsReaped) {
  for (const int unknown_ioctl : {ENOTTY, EINVAL})
    run_apart([unknown_ioctl] {
      refuse_calls({{SYS_ioctl, unknown_ioctl}});
      expect_the_number_until_it_is_reaped();
    });
}

TEST(PidWithoutGetInfo, NeedsProc) {
  run_apart([] {
    const auto self = PidFd::self();
    ASSERT_TRUE(self);
    refuse_calls({{SYS_ioctl, ENOTTY}, {SYS_openat, ENOENT}});
    EXPECT_EQ(error_of(self->pid()), std::errc::no_such_file_or_directory);
  });
}

TEST(Pid, OtherErrorsArePassedOn) {
  run_apart([] {
    const auto self = PidFd::self();
    ASSERT_TRUE(self);
    refuse_calls({{SYS_ioctl, ENOTNAM}});
    EXPECT_EQ(error_of(self->pid()).value(), ENOTNAM);
  });
}

// Runs `body` in a process that is number 1 of a new pid namespace, beside the /proc of the old
// one.
void run_in_new_pid_namespace(const std::function<void()>& body) {
  run_apart([&] {
    ASSERT_EQ(::unshare(CLONE_NEWPID), 0);
    run_apart([&] {
      ASSERT_EQ(::getpid(), 1);
      body();
    });
  });
}

TEST(PidOutsideOfTheNamespace, IsAnError) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_ROOT();
  const auto outside = PidFd::self();
  ASSERT_TRUE(outside);
  run_in_new_pid_namespace([&] {
    const auto error = error_of(outside->pid());
    EXPECT_TRUE(error.value() == EREMOTE || error.value() == ESRCH) << error.message();
    EXPECT_EQ(error_of(outside->send_signal(0)), std::errc::invalid_argument);
  });
}

TEST(PidOutsideOfTheNamespace, IsAnErrorWithoutGetInfo) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_ROOT();
  const auto outside = PidFd::self();
  ASSERT_TRUE(outside);
  run_in_new_pid_namespace([&] {
    refuse_calls({{SYS_ioctl, ENOTTY}});
    const auto number = outside->pid();
    EXPECT_FALSE(number) << "a number of another pid namespace: " << *number;
  });
}

}  // namespace
}  // namespace sysfd_test
