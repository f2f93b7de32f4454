// SPDX-License-Identifier: MIT
//
// Tests who receives a signal. A signal that is blocked everywhere stays pending at its receiver,
// and /proc shows it there: no handler runs, and nothing races.
#include <sysfd/pidfd.hpp>

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <string>

#include "support/prelude.hpp"

#include "pidfd/child.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

constexpr SignalScope all_scopes[] = {SignalScope::process, SignalScope::thread,
                                      SignalScope::thread_group, SignalScope::process_group};
constexpr SignalScope new_scopes[] = {SignalScope::thread, SignalScope::thread_group,
                                      SignalScope::process_group};
constexpr PidFdFlags of_thread{.nonblocking = false, .thread = true};

void block(int signo) {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, signo);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

bool waits_in(const char* field, pid_t thread, int signo) {
  std::ifstream status("/proc/self/task/" + std::to_string(thread) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(field))
      return (std::stoull(line.substr(line.find('\t')), nullptr, 16) >> (signo - 1) & 1) != 0;
  ADD_FAILURE() << "no " << field << " of thread " << thread;
  return false;
}

enum class Receiver { none, first_thread, other_thread, process };

// Returns the receiver of a signal that is sent to a process with two threads.
Receiver receiver(bool pidfd_of_other_thread, SignalScope scope, bool with_value) {
  block(SIGUSR1);
  const OtherThread other;
  const PidFd target =
      pidfd_of_other_thread ? must(PidFd::open(other.number(), of_thread)) : must(PidFd::self());
  const auto sent = with_value ? target.send_signal(SIGUSR1, sigval{.sival_int = 1}, scope)
                               : target.send_signal(SIGUSR1, scope);
  EXPECT_TRUE(sent) << sent.error().message();
  const bool process = waits_in("ShdPnd", ::getpid(), SIGUSR1);
  const bool first = waits_in("SigPnd", ::getpid(), SIGUSR1);
  const bool second = waits_in("SigPnd", other.number(), SIGUSR1);
  EXPECT_LE(int{process} + int{first} + int{second}, 1);
  return process  ? Receiver::process
         : first  ? Receiver::first_thread
         : second ? Receiver::other_thread
                  : Receiver::none;
}

TEST(SignalScope, OfAProcessPidFd) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_KERNEL("scopes of pidfd_send_signal");
  for (const bool with_value : {false, true})
    run_apart(
        [=] { EXPECT_EQ(receiver(false, SignalScope::process, with_value), Receiver::process); });
  for (const bool with_value : {false, true})
    run_apart([=] {
      EXPECT_EQ(receiver(false, SignalScope::thread, with_value), Receiver::first_thread);
    });
  for (const bool with_value : {false, true})
    run_apart([=] {
      EXPECT_EQ(receiver(false, SignalScope::thread_group, with_value), Receiver::process);
    });
}

TEST(SignalScope, OfAThreadPidFd) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_KERNEL("scopes of pidfd_send_signal");
  for (const bool with_value : {false, true})
    run_apart([=] {
      EXPECT_EQ(receiver(true, SignalScope::process, with_value), Receiver::other_thread);
    });
  for (const bool with_value : {false, true})
    run_apart([=] {
      EXPECT_EQ(receiver(true, SignalScope::thread, with_value), Receiver::other_thread);
    });
  for (const bool with_value : {false, true})
    run_apart([=] {
      EXPECT_EQ(receiver(true, SignalScope::thread_group, with_value), Receiver::process);
    });
}

// A process group of two children, the first of which is the leader.
class ProcessGroup : public testing::Test {
 protected:
  void SetUp() override {
    SYSFD_REQUIRE_ISOLATION();
    SYSFD_REQUIRE_KERNEL("scopes of pidfd_send_signal");
    ASSERT_EQ(::setpgid(leader_.pid(), leader_.pid()), 0);
    ASSERT_EQ(::setpgid(member_.pid(), leader_.pid()), 0);
  }

  ForkedChild leader_;
  ForkedChild member_;
  const ForkedChild stranger_;
  const PidFd leader_fd_ = leader_.pidfd();
  const PidFd member_fd_ = member_.pidfd();
};

TEST_F(ProcessGroup, AllOfItGetTheSignal) {
  ASSERT_TRUE(leader_fd_.send_signal(SIGTERM, SignalScope::process_group));
  EXPECT_EQ(leader_fd_.wait(), ExitStatus::killed(SIGTERM));
  EXPECT_EQ(member_fd_.wait(), ExitStatus::killed(SIGTERM));
  EXPECT_EQ(error_of(stranger_.pidfd().try_wait()), std::errc::resource_unavailable_try_again);
}

TEST_F(ProcessGroup, AllOfItGetTheSignalWithAValue) {
  ASSERT_TRUE(leader_fd_.send_signal(SIGTERM, sigval{.sival_int = 1}, SignalScope::process_group));
  EXPECT_EQ(leader_fd_.wait(), ExitStatus::killed(SIGTERM));
  EXPECT_EQ(member_fd_.wait(), ExitStatus::killed(SIGTERM));
  EXPECT_EQ(error_of(stranger_.pidfd().try_wait()), std::errc::resource_unavailable_try_again);
}

TEST_F(ProcessGroup, IsReachedThroughItsLeadersThread) {
  const PidFd thread = must(PidFd::open(leader_.pid(), of_thread));
  ASSERT_TRUE(thread.send_signal(SIGTERM, SignalScope::process_group));
  EXPECT_EQ(member_fd_.wait(), ExitStatus::killed(SIGTERM));
}

TEST_F(ProcessGroup, IsReachedAfterItsLeaderWasReaped) {
  leader_.end_and_reap();
  EXPECT_EQ(error_of(leader_fd_.send_signal(SIGTERM)), std::errc::no_such_process);
  EXPECT_TRUE(leader_fd_.send_signal(0, SignalScope::process_group));
  ASSERT_TRUE(leader_fd_.send_signal(SIGTERM, SignalScope::process_group));
  EXPECT_EQ(member_fd_.wait(), ExitStatus::killed(SIGTERM));
}

TEST_F(ProcessGroup, IsGoneWithItsLastProcess) {
  leader_.end_and_reap();
  member_.end_and_reap();
  EXPECT_EQ(error_of(leader_fd_.send_signal(SIGTERM, SignalScope::process_group)),
            std::errc::no_such_process);
}

TEST_F(ProcessGroup, WhoLeadsNoneHasNone) {
  EXPECT_EQ(error_of(member_fd_.send_signal(SIGTERM, SignalScope::process_group)),
            std::errc::no_such_process);
  EXPECT_EQ(error_of(member_fd_.send_signal(0, SignalScope::process_group)),
            std::errc::no_such_process);
  EXPECT_EQ(error_of(member_fd_.try_wait()), std::errc::resource_unavailable_try_again);
}

TEST(SignalScope, WhatIsNoSignalIsAnErrorInEach) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_KERNEL("scopes of pidfd_send_signal");
  const ForkedChild child;
  ASSERT_EQ(::setpgid(child.pid(), child.pid()), 0);
  const PidFd process = child.pidfd();
  for (const SignalScope scope : all_scopes)
    for (const int signo : {-1, SIGRTMAX + 1}) {
      EXPECT_EQ(error_of(process.send_signal(signo, scope)), std::errc::invalid_argument);
      EXPECT_EQ(error_of(process.send_signal(signo, sigval{}, scope)), std::errc::invalid_argument);
    }
}

TEST(SignalScope, OneThatTheKernelDoesNotKnowIsAnErrorOfItsOwn) {
  SYSFD_REQUIRE_ISOLATION();
  run_apart([] {
    ForkedChild child;
    const PidFd process = child.pidfd();
    ForkedChild other;
    const PidFd reaped = other.pidfd();
    other.end_and_reap();
    for (const SignalScope scope : new_scopes)
      refuse_calls({{SYS_pidfd_send_signal, EINVAL,
                     RefusedCall::Match{3, static_cast<std::uint32_t>(scope)}}});
    for (const SignalScope scope : new_scopes)
      for (const PidFd* target : {&process, &reaped}) {
        EXPECT_EQ(error_of(target->send_signal(SIGTERM, scope)),
                  std::errc::operation_not_supported);
        EXPECT_EQ(error_of(target->send_signal(SIGTERM, sigval{}, scope)),
                  std::errc::operation_not_supported);
      }
    EXPECT_EQ(error_of(process.try_wait()), std::errc::resource_unavailable_try_again);
    EXPECT_TRUE(process.send_signal(0));
    EXPECT_EQ(error_of(process.send_signal(-1)), std::errc::invalid_argument);
  });
}

TEST(SignalScope, OneThatAFilterRefusesIsAnErrorOfItsOwn) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_KERNEL("scopes of pidfd_send_signal");
  for (const int refusal : {EPERM, EACCES, ENOSYS})
    run_apart([refusal] {
      const ForkedChild child;
      const PidFd process = child.pidfd();
      for (const SignalScope scope : new_scopes)
        refuse_calls({{SYS_pidfd_send_signal, refusal,
                       RefusedCall::Match{3, static_cast<std::uint32_t>(scope)}}});
      for (const SignalScope scope : new_scopes) {
        EXPECT_EQ(error_of(process.send_signal(SIGTERM, scope)),
                  std::errc::operation_not_supported);
        EXPECT_EQ(error_of(process.send_signal(SIGTERM, sigval{}, scope)),
                  std::errc::operation_not_supported);
      }
      EXPECT_EQ(error_of(process.try_wait()), std::errc::resource_unavailable_try_again);
      EXPECT_TRUE(process.send_signal(0));
    });
}

TEST(SignalScope, AllThatAFilterRefusesIsItsError) {
  SYSFD_REQUIRE_ISOLATION();
  run_apart([] {
    const ForkedChild child;
    const PidFd process = child.pidfd();
    refuse_calls({{SYS_pidfd_send_signal, EPERM}});
    for (const SignalScope scope : all_scopes)
      EXPECT_EQ(error_of(process.send_signal(SIGTERM, scope)), std::errc::operation_not_permitted);
  });
}

TEST(SignalScope, AProcessOfAnotherUserIsNotPermittedInEach) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_KERNEL("scopes of pidfd_send_signal");
  run_apart([] {
    const ForkedChild child;
    ASSERT_EQ(::setpgid(child.pid(), child.pid()), 0);
    const PidFd process = child.pidfd();
    ASSERT_EQ(::setresuid(65534, 65534, 65534), 0);
    for (const SignalScope scope : all_scopes)
      EXPECT_EQ(error_of(process.send_signal(SIGTERM, scope)), std::errc::operation_not_permitted);
  });
}

TEST(SignalScope, AProcessOutsideOfThePidNamespaceIsInvalidInEach) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_ROOT();
  const ForkedChild child;
  const PidFd outside = child.pidfd();
  run_apart([&] {
    ASSERT_EQ(::unshare(CLONE_NEWPID), 0);
    run_apart([&] {
      for (const SignalScope scope : all_scopes) {
        if (scope != SignalScope::process && !kernel_has("scopes of pidfd_send_signal")) continue;
        EXPECT_EQ(error_of(outside.send_signal(SIGTERM, scope)), std::errc::invalid_argument);
        EXPECT_EQ(error_of(outside.send_signal(SIGTERM, sigval{}, scope)),
                  std::errc::invalid_argument);
      }
    });
  });
  EXPECT_EQ(error_of(outside.try_wait()), std::errc::resource_unavailable_try_again);
}

}  // namespace
}  // namespace sysfd_test
