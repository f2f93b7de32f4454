// SPDX-License-Identifier: MIT
//
// Tests PidFdFlags: threads, non-blocking mode; and opening a process that is just being reaped.
#include <sysfd/pidfd.hpp>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <limits>

#include "support/prelude.hpp"

#include "pidfd/child.hpp"
#include "support/interruptions.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

constexpr PidFdFlags of_thread{.nonblocking = false, .thread = true};
constexpr PidFdFlags nonblocking{.nonblocking = true, .thread = false};
constexpr std::uint32_t pidfd_thread = 0x80;

class ThreadPidFd : public testing::Test {
 protected:
  void SetUp() override { SYSFD_REQUIRE_KERNEL("PIDFD_THREAD"); }
};

TEST_F(ThreadPidFd, IsOfTheThreadThatHasTheNumber) {
  const OtherThread thread;
  const auto opened = PidFd::open(thread.number(), of_thread);
  ASSERT_TRUE(opened) << opened.error().message();
  EXPECT_EQ(opened->pid(), thread.number());
  EXPECT_EQ(is_close_on_exec(*opened), true);
}

TEST_F(ThreadPidFd, MayBeOfTheFirstThread) {
  const auto opened = PidFd::open(::getpid(), of_thread);
  ASSERT_TRUE(opened) << opened.error().message();
  EXPECT_EQ(opened->pid(), ::getpid());
}

TEST_F(ThreadPidFd, TellsTheEndOfTheThreadAlone) {
  OtherThread thread;
  const PidFd ended = must(PidFd::open(thread.number(), of_thread));
  const PidFd process = must(PidFd::self());
  thread.end();
  wait_until_ended(ended);
  const PidFd* const self[] = {&process};
  EXPECT_EQ(error_of(wait_any(self, 0ns)), std::errc::timed_out);
}

TEST_F(ThreadPidFd, OfAChildsFirstThreadWaitsForTheChild) {
  ForkedChild child;
  const PidFd first = must(PidFd::open(child.pid(), of_thread));
  EXPECT_EQ(error_of(first.try_wait()), std::errc::resource_unavailable_try_again);
  child.tell_to_end(5);
  EXPECT_EQ(first.wait(), ExitStatus::exited(5));
}

TEST_F(ThreadPidFd, WaitKnowsHowTheThreadEnded) {
  SYSFD_REQUIRE_KERNEL("PIDFD_INFO_EXIT");
  OtherThread thread;
  const PidFd opened = must(PidFd::open(thread.number(), of_thread));
  EXPECT_EQ(error_of(opened.try_wait()), std::errc::resource_unavailable_try_again);
  thread.end();
  EXPECT_EQ(opened.wait(), ExitStatus::exited(0));
}

TEST_F(ThreadPidFd, OfAThreadThatHasEndedIsAnError) {
  OtherThread thread;
  const PidFd ended = must(PidFd::open(thread.number(), of_thread));
  thread.end();
  wait_until_gone(ended);
  EXPECT_EQ(error_of(PidFd::open(thread.number(), of_thread)), std::errc::no_such_process);
  EXPECT_EQ(error_of(PidFd::open(std::numeric_limits<pid_t>::max(), of_thread)),
            std::errc::no_such_process);
}

TEST_F(ThreadPidFd, IsNotOpenedWithoutTheFlag) {
  const OtherThread thread;
  EXPECT_EQ(error_of(PidFd::open(thread.number())), std::errc::no_such_process);
  EXPECT_EQ(error_of(PidFd::open(thread.number(), nonblocking)), std::errc::no_such_process);
}

TEST_F(ThreadPidFd, CanBeNonBlockingToo) {
  const OtherThread thread;
  const PidFd both = must(PidFd::open(thread.number(), {.nonblocking = true, .thread = true}));
  EXPECT_EQ(both.pid(), thread.number());
  EXPECT_TRUE(::fcntl(both.fd().get(), F_GETFL) & O_NONBLOCK);
}

TEST(PidFdFlags, AKernelThatDoesNotKnowOneIsAnError) {
  for (const auto& [flags, bits] :
       {std::pair{of_thread, pidfd_thread}, std::pair{nonblocking, std::uint32_t{O_NONBLOCK}}})
    run_apart([flags, bits] {
      const ForkedChild child;
      refuse_calls({{SYS_pidfd_open, EINVAL, RefusedCall::Match{1, bits}}});
      for (const pid_t pid : {child.pid(), ::getpid(), std::numeric_limits<pid_t>::max()})
        EXPECT_EQ(error_of(PidFd::open(pid, flags)), std::errc::operation_not_supported) << pid;
      EXPECT_TRUE(PidFd::open(child.pid()));
    });
}

// Some kernels return the same error for a process that is just being reaped.
TEST(PidFdFlags, AnInvalidThreadIsNoProofOfAKernelThatDoesNotKnowThem) {
  SYSFD_REQUIRE_KERNEL("PIDFD_THREAD");
  run_apart([] {
    const ForkedChild child;
    const auto number = static_cast<std::uint32_t>(child.pid());
    refuse_calls({{SYS_pidfd_open, EINVAL, RefusedCall::Match{0, number}}});
    EXPECT_EQ(error_of(PidFd::open(child.pid(), of_thread)), std::errc::no_such_process);
    EXPECT_EQ(error_of(PidFd::open(child.pid(), nonblocking)), std::errc::no_such_process);
  });
}

TEST(PidFdFlags, NonBlockingIsTheModeOfTheDescriptor) {
  const ForkedChild child;
  const PidFd waits = child.pidfd();
  const PidFd does_not = must(PidFd::open(child.pid(), nonblocking));
  EXPECT_FALSE(::fcntl(waits.fd().get(), F_GETFL) & O_NONBLOCK);
  EXPECT_TRUE(::fcntl(does_not.fd().get(), F_GETFL) & O_NONBLOCK);
  EXPECT_EQ(does_not.pid(), child.pid());
}

TEST(PidFdFlags, ANonBlockingPidFdIsWaitedForAllTheSame) {
  for (const auto wait :
       {+[](const PidFd& p) { return p.wait(); }, +[](const PidFd& p) { return p.wait_for(24h); },
        +[](const PidFd& p) {
          return p.wait_event().transform([](const WaitEvent& event) { return *event.status; });
        }}) {
    const Interruptions parent;
    const ForkedChild child([&] {
      parent.interrupt(0);
      ::_exit(4);
    });
    EXPECT_EQ(wait(must(PidFd::open(child.pid(), nonblocking))), ExitStatus::exited(4));
  }
}

// Some kernels fail with EINVAL or ENOENT for a process that is reaped during the call.
TEST(PidFdOpenRace, AProcessThatIsBeingReapedIsThereOrIsNot) {
  run_apart([] {
    ::signal(SIGCHLD, SIG_IGN);  // the kernel reaps them when they end
    const bool threads = kernel_has("PIDFD_THREAD");
    for (int i = 0; i < fewer_if_sanitized(1000); ++i) {
      const pid_t child = ::fork();
      ASSERT_GE(child, 0);
      if (child == 0) ::_exit(0);
      for (bool there = true; there;) {
        for (const auto flags : {PidFdFlags{}, threads ? of_thread : nonblocking}) {
          const auto opened = PidFd::open(child, flags);
          if (opened) continue;
          there = false;
          ASSERT_EQ(opened.error(), std::errc::no_such_process) << opened.error().message();
        }
      }
    }
  });
}

}  // namespace
}  // namespace sysfd_test
