// SPDX-License-Identifier: MIT
//
// Waits for processes that are not, or no longer, children of this process.
#include <sysfd/pidfd.hpp>

#include <sys/ptrace.h>
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

namespace sysfd_test {
namespace {

TEST(StolenStatus, IsKnownAllTheSame) {
  SYSFD_REQUIRE_KERNEL("PIDFD_INFO_EXIT");
  ForkedChild child;
  const PidFd process = child.pidfd();
  child.tell_to_end(9);
  ASSERT_EQ(::waitpid(-1, nullptr, 0), child.pid());
  EXPECT_EQ(process.try_wait(), ExitStatus::exited(9));
  EXPECT_EQ(process.wait_for(1ms), ExitStatus::exited(9));
  EXPECT_EQ(process.wait(), ExitStatus::exited(9));
}

TEST(StolenStatus, OfAKilledProcessTellsTheSignal) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_KERNEL("PIDFD_INFO_EXIT");
  ForkedChild child;
  const PidFd process = child.pidfd();
  ASSERT_TRUE(process.send_signal(SIGKILL));
  ASSERT_EQ(::waitpid(-1, nullptr, 0), child.pid());
  EXPECT_EQ(process.wait(), ExitStatus::killed(SIGKILL));
}

TEST(StolenStatus, IsKnownOnANonBlockingPidFd) {
  SYSFD_REQUIRE_KERNEL("PIDFD_INFO_EXIT");
  ForkedChild child;
  const PidFd process = child.pidfd();
  ASSERT_TRUE(set_nonblocking(process, true));
  child.end_and_reap(9);
  EXPECT_EQ(process.wait(), ExitStatus::exited(9));
}

// ESRCH: kernels that have PIDFD_GET_INFO and keep no status. EPERM: filters.
TEST(StolenStatus, IsAnErrorWhereTheKernelCannotTell) {
  for (const int refusal : {ENOTTY, EINVAL, ESRCH, EPERM})
    run_apart([refusal] {
      ForkedChild child;
      const PidFd process = child.pidfd();
      child.end_and_reap(9);
      refuse_calls({{SYS_ioctl, refusal}});
      EXPECT_EQ(error_of(process.wait()), std::errc::no_child_process);
      EXPECT_EQ(error_of(process.try_wait()), std::errc::no_child_process);
      EXPECT_EQ(error_of(process.wait_for(1ms)), std::errc::no_child_process);
    });
}

TEST(StolenStatus, OtherErrorsArePassedOn) {
  run_apart([] {
    ForkedChild child;
    const PidFd process = child.pidfd();
    child.end_and_reap(9);
    refuse_calls({{SYS_ioctl, ENOTNAM}});
    EXPECT_EQ(error_of(process.wait()).value(), ENOTNAM);
    EXPECT_EQ(error_of(process.wait_until(std::chrono::steady_clock::now())).value(), ENOTNAM);
  });
}

TEST(IgnoredSigchld, TheStatusIsKnownAllTheSame) {
  SYSFD_REQUIRE_KERNEL("PIDFD_INFO_EXIT");
  run_apart([] {
    ::signal(SIGCHLD, SIG_IGN);
    ForkedChild child;
    const PidFd process = child.pidfd();
    EXPECT_EQ(error_of(process.try_wait()), std::errc::resource_unavailable_try_again);
    EXPECT_EQ(error_of(process.wait_for(1ms)), std::errc::timed_out);
    child.end(4);
    wait_until_gone(process);
    EXPECT_EQ(process.try_wait(), ExitStatus::exited(4));
    EXPECT_EQ(process.wait(), ExitStatus::exited(4));
  });
}

TEST(IgnoredSigchld, WaitSeesTheEnd) {
  SYSFD_REQUIRE_KERNEL("PIDFD_INFO_EXIT");
  for (const auto wait :
       {+[](const PidFd& p) { return p.wait_for(24h); }, +[](const PidFd& p) { return p.wait(); }})
    run_apart([wait] {
      ::signal(SIGCHLD, SIG_IGN);
      const Interruptions parent;
      const ForkedChild child([&] {
        parent.interrupt(0);
        ::_exit(4);
      });
      EXPECT_EQ(wait(child.pidfd()), ExitStatus::exited(4));
    });
}

// The child is traced by another process: its pidfd is readable after it has ended, but waitid(2)
// reports "not yet" until the tracer has detached.
TEST(TracedChild, HasNoStatusUntilItsTracerLetsGo) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_ROOT();
  run_apart([] {
    const rlimit one_second{.rlim_cur = 1, .rlim_max = 1};
    ASSERT_EQ(::setrlimit(RLIMIT_CPU, &one_second), 0) << "to end a busy loop";
    const Pipe attached = *sysfd::pipe();
    ForkedChild child;
    const PidFd process = child.pidfd();
    ForkedChild tracer([&] {
      const char answer = ::ptrace(PTRACE_SEIZE, child.pid(), nullptr, nullptr) == 0 ? 'y' : 'n';
      if (::write(attached.write.get(), &answer, 1) != 1) std::abort();
    });
    char answer = 0;
    ASSERT_EQ(::read(attached.read.get(), &answer, 1), 1);
    ASSERT_EQ(answer, 'y');

    child.tell_to_end(3);
    wait_until_ended(process);
    EXPECT_EQ(error_of(process.try_wait()), std::errc::resource_unavailable_try_again);
    EXPECT_EQ(error_of(process.wait_for(1ms)), std::errc::timed_out);
    const PidFd* const one[] = {&process};
    EXPECT_EQ(error_of(wait_any(one, 0ns)), std::errc::timed_out);
    EXPECT_EQ(error_of(wait_any(one, 30ms)), std::errc::timed_out);
    EXPECT_EQ(error_of(process.wait_for(30ms)), std::errc::timed_out);
    const OwnedFd stop = must(event_fd(1));
    const Timeout stopped = Timeout::forever().canceled_by(stop);
    EXPECT_EQ(error_of(process.wait_for(stopped)), std::errc::operation_canceled);
    EXPECT_EQ(error_of(wait_any(one, stopped)), std::errc::operation_canceled);
    tracer.end_and_reap();
    EXPECT_EQ(wait_any(one), 0U);
    EXPECT_EQ(process.wait(), ExitStatus::exited(3));
  });
}

// A process whose parent is another child of this process, and reaps it only when told to.
class Grandchild : public testing::Test {
 protected:
  void SetUp() override { SYSFD_REQUIRE_KERNEL("PIDFD_INFO_EXIT"); }

  void end_grandchild(unsigned char code) { send(end_, code); }
  void reap_grandchild() { send(reap_, 0); }
  void TearDown() override {
    end_grandchild(0);
    reap_grandchild();
  }

 private:
  static void send(const Pipe& pipe, unsigned char byte) {
    if (::write(pipe.write.get(), &byte, 1) != 1) std::abort();
  }
  static unsigned char receive(const Pipe& pipe) {
    unsigned char byte = 0;
    if (::read(pipe.read.get(), &byte, 1) != 1) std::abort();
    return byte;
  }

  Pipe number_ = *sysfd::pipe();
  Pipe end_ = *sysfd::pipe();
  Pipe reap_ = *sysfd::pipe();
  ForkedChild middle_{[this] {
    const pid_t grandchild = ::fork();
    if (grandchild == 0) ::_exit(receive(end_));
    if (::write(number_.write.get(), &grandchild, sizeof grandchild) != sizeof grandchild)
      std::abort();
    receive(reap_);
    ::waitpid(grandchild, nullptr, 0);
  }};

 protected:
  PidFd process_ = [this] {
    pid_t grandchild = 0;
    if (::read(number_.read.get(), &grandchild, sizeof grandchild) != sizeof grandchild)
      std::abort();
    return *PidFd::open(grandchild);
  }();
};

TEST_F(Grandchild, HasNoStatusWhileItRuns) {
  EXPECT_EQ(error_of(process_.try_wait()), std::errc::resource_unavailable_try_again);
  EXPECT_EQ(error_of(process_.wait_for(1ms)), std::errc::timed_out);
}

TEST_F(Grandchild, HasNoStatusBeforeItsParentHasReapedIt) {
  end_grandchild(9);
  wait_until_ended(process_);
  EXPECT_EQ(error_of(process_.try_wait()), std::errc::resource_unavailable_try_again);
  EXPECT_EQ(error_of(process_.wait_for(1ms)), std::errc::timed_out);
}

TEST_F(Grandchild, IsWaitedForUntilItsParentHasReapedIt) {
  end_grandchild(9);
  wait_until_ended(process_);
  reap_grandchild();
  EXPECT_EQ(process_.wait(), ExitStatus::exited(9));
  EXPECT_EQ(process_.try_wait(), ExitStatus::exited(9));
}

TEST_F(Grandchild, IsWaitedForWithADeadline) {
  end_grandchild(9);
  reap_grandchild();
  EXPECT_EQ(process_.wait_for(24h), ExitStatus::exited(9));
}

TEST_F(Grandchild, HasNotEndedForWaitAnyUntilItsParentHasReapedIt) {
  run_apart([this] {
    const rlimit one_second{.rlim_cur = 1, .rlim_max = 1};
    ASSERT_EQ(::setrlimit(RLIMIT_CPU, &one_second), 0) << "to end a busy loop";
    const ForkedChild running;
    const PidFd other = running.pidfd();
    const PidFd* const both[] = {&other, &process_};
    EXPECT_EQ(error_of(wait_any(both, 0ns)), std::errc::timed_out);
    end_grandchild(9);
    wait_until_ended(process_);
    EXPECT_EQ(error_of(process_.try_wait()), std::errc::resource_unavailable_try_again);
    EXPECT_EQ(error_of(wait_any(both, 0ns)), std::errc::timed_out);
    EXPECT_EQ(error_of(wait_any(both, 1ms)), std::errc::timed_out);
    reap_grandchild();
    EXPECT_EQ(wait_any(both, 24h), 1U);
    EXPECT_EQ(process_.try_wait(), ExitStatus::exited(9));
  });
}

TEST_F(Grandchild, HasEndedForWaitAnyWhereTheKernelCannotTell) {
  run_apart([this] {
    refuse_calls({{SYS_ioctl, ENOTTY}});
    end_grandchild(9);
    const PidFd* const one[] = {&process_};
    EXPECT_EQ(wait_any(one), 0U);
    EXPECT_EQ(error_of(process_.try_wait()), std::errc::no_child_process);
  });
}

TEST_F(Grandchild, IsAnErrorWhereTheKernelCannotTell) {
  run_apart([this] {
    refuse_calls({{SYS_ioctl, ENOTTY}});
    EXPECT_EQ(error_of(process_.wait()), std::errc::no_child_process);
    EXPECT_EQ(error_of(process_.try_wait()), std::errc::no_child_process);
    EXPECT_EQ(error_of(process_.wait_for(24h)), std::errc::no_child_process);
  });
}

}  // namespace
}  // namespace sysfd_test
