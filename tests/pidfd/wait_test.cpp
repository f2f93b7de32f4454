// SPDX-License-Identifier: MIT
#include <sysfd/pidfd.hpp>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <csignal>

#include "support/prelude.hpp"

#include "pidfd/child.hpp"
#include "support/interruptions.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

TEST(Wait, TellsTheExitCode) {
  for (const int code : {0, 1, 77, 255}) {
    ForkedChild child;
    const PidFd process = child.pidfd();
    child.tell_to_end(code);
    EXPECT_EQ(process.wait(), ExitStatus::exited(code));
  }
}

TEST(Wait, TellsTheSignalThatKilled) {
  SYSFD_REQUIRE_ISOLATION();
  for (const int signo : {SIGKILL, SIGTERM, SIGRTMAX}) {
    const ForkedChild child;
    const PidFd process = child.pidfd();
    ASSERT_TRUE(process.send_signal(signo));
    EXPECT_EQ(process.wait(), ExitStatus::killed(signo));
  }
}

TEST(Wait, TellsThatACoreWasDumped) {
  SYSFD_REQUIRE_ISOLATION();
  rlimit limit;
  ASSERT_EQ(::getrlimit(RLIMIT_CORE, &limit), 0);
  limit.rlim_cur = limit.rlim_max;
  const ScratchDirectory scratch;
  const auto crash = [&] {
    if (::chdir(scratch.path().c_str()) == 0 && ::setrlimit(RLIMIT_CORE, &limit) == 0) {
      ::signal(SIGABRT, SIG_DFL);
      ::raise(SIGABRT);
    }
  };
  ForkedChild reference(crash);
  const int status = reference.reap();
  ASSERT_TRUE(WIFSIGNALED(status));
  if (!WCOREDUMP(status)) GTEST_SKIP() << "no core is dumped here";
  const ForkedChild child(crash);
  EXPECT_EQ(child.pidfd().wait(), ExitStatus::killed(SIGABRT, true));
}

TEST(Wait, ReapsTheChild) {
  ForkedChild child;
  const PidFd process = child.pidfd();
  child.end();
  ASSERT_TRUE(process.wait());
  EXPECT_EQ(error_of(process.send_signal(0)), std::errc::no_such_process);
  EXPECT_EQ(child.reap(), -1);
}

TEST(Wait, BlocksUntilTheEnd) {
  const Interruptions parent;
  const ForkedChild child([&] {
    parent.interrupt(0);
    ::_exit(4);
  });
  EXPECT_EQ(child.pidfd().wait(), ExitStatus::exited(4));
}

TEST(Wait, ASecondTimeHasTheSameAnswer) {
  ForkedChild child;
  const PidFd process = child.pidfd();
  child.end(42);
  ASSERT_EQ(process.wait(), ExitStatus::exited(42));
  if (kernel_has("PIDFD_INFO_EXIT")) {
    EXPECT_EQ(process.wait(), ExitStatus::exited(42));
    EXPECT_EQ(process.try_wait(), ExitStatus::exited(42));
    EXPECT_EQ(process.wait_for(1ms), ExitStatus::exited(42));
  } else {
    EXPECT_EQ(error_of(process.wait()), std::errc::no_child_process);
    EXPECT_EQ(error_of(process.try_wait()), std::errc::no_child_process);
    EXPECT_EQ(error_of(process.wait_for(1ms)), std::errc::no_child_process);
  }
}

TEST(Wait, IsPossibleForAChildThatAnnouncesItsEndByNoSignal) {
  ForkedChild child = ForkedChild::with_exit_signal(0);
  const PidFd process = child.pidfd();
  EXPECT_EQ(error_of(process.try_wait()), std::errc::resource_unavailable_try_again);
  child.tell_to_end(6);
  EXPECT_EQ(process.wait(), ExitStatus::exited(6));
}

TEST(Wait, IsForThisChildAlone) {
  ForkedChild other;
  ForkedChild child;
  other.end(1);
  const PidFd process = child.pidfd();
  EXPECT_EQ(error_of(process.try_wait()), std::errc::resource_unavailable_try_again);
  child.end(2);
  EXPECT_EQ(process.wait(), ExitStatus::exited(2));
  EXPECT_EQ(WEXITSTATUS(other.reap()), 1);
}

TEST(Wait, GoesOnAfterSignals) {
  SYSFD_REQUIRE_ISOLATION();
  const Interruptions interruptions;
  const ForkedChild child([&] {
    interruptions.interrupt(5);
    ::_exit(7);
  });
  EXPECT_EQ(child.pidfd().wait(), ExitStatus::exited(7));
  EXPECT_EQ(interruptions.seen(), 5);
}

TEST(Wait, WithADeadlineGoesOnAfterSignals) {
  SYSFD_REQUIRE_ISOLATION();
  const Interruptions interruptions;
  const ForkedChild child([&] {
    interruptions.interrupt(5);
    ::_exit(7);
  });
  EXPECT_EQ(child.pidfd().wait_for(24h), ExitStatus::exited(7));
  EXPECT_EQ(interruptions.seen(), 5);
}

TEST(Wait, OnANonBlockingPidFdGoesOnAfterSignals) {
  SYSFD_REQUIRE_ISOLATION();
  const Interruptions interruptions;
  const ForkedChild child([&] {
    interruptions.interrupt(5);
    ::_exit(7);
  });
  const PidFd process = child.pidfd();
  ASSERT_TRUE(set_nonblocking(process, true));
  EXPECT_EQ(process.wait(), ExitStatus::exited(7));
  EXPECT_EQ(interruptions.seen(), 5);
}

TEST(Wait, PassesOtherErrorsOn) {
  ForkedChild child;
  const PidFd process = child.pidfd();
  run_apart([&] {
    refuse_calls({{SYS_waitid, ENOTNAM}});
    EXPECT_EQ(error_of(process.wait()).value(), ENOTNAM);
    EXPECT_EQ(error_of(process.try_wait()).value(), ENOTNAM);
    EXPECT_EQ(error_of(process.wait_for(1ms)).value(), ENOTNAM);
  });
}

TEST(NonBlockingPidFd, WaitBlocksAllTheSame) {
  const Interruptions parent;
  const ForkedChild child([&] {
    parent.interrupt(0);
    ::_exit(4);
  });
  const PidFd process = child.pidfd();
  ASSERT_TRUE(set_nonblocking(process, true));
  EXPECT_EQ(process.wait(), ExitStatus::exited(4));
}

TEST(NonBlockingPidFd, AProcessThatRunsHasNoStatusYet) {
  const ForkedChild child;
  const PidFd process = child.pidfd();
  ASSERT_TRUE(set_nonblocking(process, true));
  EXPECT_EQ(error_of(process.try_wait()), std::errc::resource_unavailable_try_again);
  EXPECT_EQ(error_of(process.wait_for(1ms)), std::errc::timed_out);
}

TEST(NonBlockingPidFd, AProcessThatHasEndedHasOne) {
  for (const auto wait : {+[](const PidFd& p) { return p.try_wait(); },
                          +[](const PidFd& p) { return p.wait_for(1ms); },
                          +[](const PidFd& p) { return p.wait(); }}) {
    ForkedChild child;
    const PidFd process = child.pidfd();
    ASSERT_TRUE(set_nonblocking(process, true));
    child.end(9);
    EXPECT_EQ(wait(process), ExitStatus::exited(9));
  }
}

}  // namespace
}  // namespace sysfd_test
