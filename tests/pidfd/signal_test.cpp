// SPDX-License-Identifier: MIT
#include <sysfd/pidfd.hpp>

#include <unistd.h>

#include <csignal>

#include "support/prelude.hpp"

#include "pidfd/child.hpp"
#include "support/interruptions.hpp"

namespace sysfd_test {
namespace {

TEST(SendSignal, ReachesTheProcess) {
  SYSFD_REQUIRE_ISOLATION();
  const ForkedChild child;
  const PidFd process = child.pidfd();
  ASSERT_TRUE(process.send_signal(SIGTERM));
  EXPECT_EQ(process.wait(), ExitStatus::killed(SIGTERM));
}

TEST(SendSignal, ReachesTheProcessItselfOnlyOnce) {
  SYSFD_REQUIRE_ISOLATION();
  const Interruptions interruptions;
  const auto self = PidFd::self();
  ASSERT_TRUE(self);
  ASSERT_TRUE(self->send_signal(SIGUSR1));
  EXPECT_EQ(interruptions.seen(), 1);
}

TEST(SendSignal, ZeroOnlyAsksWhetherTheProcessIsThere) {
  SYSFD_REQUIRE_ISOLATION();
  ForkedChild child;
  const PidFd process = child.pidfd();
  EXPECT_TRUE(process.send_signal(0));
  EXPECT_EQ(error_of(process.try_wait()), std::errc::resource_unavailable_try_again);
  child.end_and_reap();
  EXPECT_EQ(error_of(process.send_signal(0)), std::errc::no_such_process);
}

TEST(SendSignal, AZombieTakesAndIgnoresIt) {
  SYSFD_REQUIRE_ISOLATION();
  ForkedChild child;
  const PidFd process = child.pidfd();
  child.end(3);
  EXPECT_TRUE(process.send_signal(0));
  EXPECT_TRUE(process.send_signal(SIGKILL));
  EXPECT_EQ(process.wait(), ExitStatus::exited(3));
}

TEST(SendSignal, AReapedProcessIsAnError) {
  SYSFD_REQUIRE_ISOLATION();
  ForkedChild child;
  const PidFd process = child.pidfd();
  child.end_and_reap();
  EXPECT_EQ(error_of(process.send_signal(SIGKILL)), std::errc::no_such_process);
}

TEST(SendSignal, WhatIsNoSignalIsAnError) {
  SYSFD_REQUIRE_ISOLATION();
  const ForkedChild child;
  const PidFd process = child.pidfd();
  EXPECT_EQ(error_of(process.send_signal(-1)), std::errc::invalid_argument);
  EXPECT_EQ(error_of(process.send_signal(SIGRTMAX + 1)), std::errc::invalid_argument);
}

TEST(SendSignal, AProcessOfAnotherUserIsAnError) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_ROOT();
  const ForkedChild child;
  const PidFd process = child.pidfd();
  run_apart([&] {
    ASSERT_EQ(::setresuid(65534, 65534, 65534), 0);
    EXPECT_EQ(error_of(process.send_signal(SIGTERM)), std::errc::operation_not_permitted);
  });
  EXPECT_EQ(error_of(process.try_wait()), std::errc::resource_unavailable_try_again);
}

}  // namespace
}  // namespace sysfd_test
