// SPDX-License-Identifier: MIT
//
// Waits for stops, continuations and the other events of waitid(2).
#include <sysfd/pidfd.hpp>

#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

#include "support/prelude.hpp"

#include "pidfd/child.hpp"
#include "support/interruptions.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

using Kind = WaitEvent::Kind;

constexpr WaitOptions stops{.ended = false, .stopped = true};
constexpr WaitOptions continuations{.ended = false, .continued = true};
constexpr WaitOptions everything{.ended = true, .stopped = true, .continued = true};
constexpr WaitOptions nothing{.ended = false};

void expect_event(const Result<WaitEvent>& event, Kind kind, std::optional<int> signal,
                  std::optional<ExitStatus> status, pid_t pid) {
  ASSERT_TRUE(event) << event.error().message();
  EXPECT_EQ(event->kind, kind);
  EXPECT_EQ(event->signal, signal);
  EXPECT_EQ(event->status, status);
  EXPECT_EQ(event->pid, pid);
  EXPECT_EQ(event->user, ::getuid());
}

bool is_none(const Result<WaitEvent>& event) {
  return error_of(event) == std::errc::resource_unavailable_try_again;
}

class WaitForEvent : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    SYSFD_REQUIRE_ISOLATION();
    ASSERT_TRUE(set_nonblocking(process_, GetParam()));
  }

  ForkedChild child_;
  const PidFd process_ = child_.pidfd();
};

INSTANTIATE_TEST_SUITE_P(InBothModes, WaitForEvent, testing::Bool(), [](const auto& nonblocking) {
  return nonblocking.param ? "NonBlocking" : "Blocking";
});

TEST_P(WaitForEvent, TellsStopContinuationAndEnd) {
  ASSERT_TRUE(process_.send_signal(SIGSTOP));
  expect_event(process_.wait_event(everything), Kind::stopped, SIGSTOP, {}, child_.pid());
  ASSERT_TRUE(process_.send_signal(SIGCONT));
  expect_event(process_.wait_event(everything), Kind::continued, SIGCONT, {}, child_.pid());
  child_.tell_to_end(7);
  expect_event(process_.wait_event(everything), Kind::ended, {}, ExitStatus::exited(7),
               child_.pid());
  EXPECT_EQ(child_.reap(), -1) << "was not reaped";
}

TEST_P(WaitForEvent, TellsTheSignalThatStopped) {
  // The other stop signals are ignored in an orphaned process group, and that of this program may
  // be one.
  ASSERT_EQ(::setpgid(child_.pid(), child_.pid()), 0);
  for (const int signo : {SIGTSTP, SIGTTIN, SIGSTOP}) {
    ASSERT_TRUE(process_.send_signal(signo));
    const auto event = process_.wait_event(stops);
    ASSERT_TRUE(event);
    EXPECT_EQ(event->signal, signo);
    ASSERT_TRUE(process_.send_signal(SIGCONT));
    expect_event(process_.wait_event(continuations), Kind::continued, SIGCONT, {}, child_.pid());
  }
}

TEST_P(WaitForEvent, TellsTheSignalThatKilled) {
  ASSERT_TRUE(process_.send_signal(SIGKILL));
  expect_event(process_.wait_event(), Kind::ended, {}, ExitStatus::killed(SIGKILL), child_.pid());
}

TEST_P(WaitForEvent, TellsOnlyWhatItWasAskedFor) {
  ASSERT_TRUE(process_.send_signal(SIGSTOP));
  expect_event(process_.wait_event({.ended = false, .stopped = true, .consume = false}),
               Kind::stopped, SIGSTOP, {}, child_.pid());
  EXPECT_TRUE(is_none(process_.try_wait_event()));
  EXPECT_TRUE(is_none(process_.try_wait_event(continuations)));
  EXPECT_EQ(error_of(process_.try_wait()), std::errc::resource_unavailable_try_again);
  ASSERT_TRUE(process_.send_signal(SIGCONT));
  expect_event(process_.wait_event(continuations), Kind::continued, SIGCONT, {}, child_.pid());
  EXPECT_TRUE(is_none(process_.try_wait_event(everything)));
}

TEST_P(WaitForEvent, WithoutConsumingTellsTheSameAgain) {
  WaitOptions peek = everything;
  peek.consume = false;
  ASSERT_TRUE(process_.send_signal(SIGSTOP));
  expect_event(process_.wait_event(peek), Kind::stopped, SIGSTOP, {}, child_.pid());
  expect_event(process_.try_wait_event(peek), Kind::stopped, SIGSTOP, {}, child_.pid());
  expect_event(process_.try_wait_event(everything), Kind::stopped, SIGSTOP, {}, child_.pid());
  EXPECT_TRUE(is_none(process_.try_wait_event(everything)));

  ASSERT_TRUE(process_.send_signal(SIGCONT));
  child_.end(3);
  expect_event(process_.wait_event({.consume = false}), Kind::ended, {}, ExitStatus::exited(3),
               child_.pid());
  expect_event(process_.try_wait_event({.consume = false}), Kind::ended, {}, ExitStatus::exited(3),
               child_.pid());
  EXPECT_EQ(WEXITSTATUS(child_.reap()), 3) << "is not a zombie any more";
}

TEST_P(WaitForEvent, TryingHasNoneWhileNothingHappened) {
  EXPECT_TRUE(is_none(process_.try_wait_event()));
  EXPECT_TRUE(is_none(process_.try_wait_event(everything)));
}

TEST_P(WaitForEvent, UpToATimeTellsWhatHappens) {
  ASSERT_TRUE(process_.send_signal(SIGSTOP));
  expect_event(process_.wait_event_for(24h, stops), Kind::stopped, SIGSTOP, {}, child_.pid());
  EXPECT_EQ(error_of(process_.wait_event_for(1ms, stops)), std::errc::timed_out);
  EXPECT_EQ(error_of(process_.wait_event_for(24h, nothing)), std::errc::invalid_argument);
  ASSERT_TRUE(process_.send_signal(SIGCONT));
}

TEST_P(WaitForEvent, NothingToWaitForIsAnError) {
  EXPECT_EQ(error_of(process_.wait_event(nothing)), std::errc::invalid_argument);
  EXPECT_EQ(error_of(process_.try_wait_event(nothing)), std::errc::invalid_argument);
}

TEST_P(WaitForEvent, AStopOfAProcessThatHasEndedIsAnError) {
  child_.end(3);
  EXPECT_EQ(error_of(process_.wait_event(stops)), std::errc::no_child_process);
  EXPECT_EQ(error_of(process_.try_wait_event(continuations)), std::errc::no_child_process);
  EXPECT_EQ(process_.wait(), ExitStatus::exited(3));
}

TEST_P(WaitForEvent, OtherErrorsArePassedOn) {
  run_apart([&] {
    refuse_calls({{SYS_waitid, ENOTNAM}});
    EXPECT_EQ(error_of(process_.wait_event()).value(), ENOTNAM);
    EXPECT_EQ(error_of(process_.try_wait_event()).value(), ENOTNAM);
    EXPECT_EQ(error_of(process_.wait_event_for(24h)).value(), ENOTNAM);
  });
  run_apart([&] {
    refuse_calls({{SYS_waitid, EAGAIN}, {SYS_ppoll, ENOTNAM}});
    EXPECT_EQ(error_of(process_.wait_event()).value(), ENOTNAM);
    EXPECT_EQ(error_of(process_.wait_event_for(24h)).value(), ENOTNAM);
  });
}

TEST_P(WaitForEvent, AProcessThatIsNoChildIsAnError) {
  for (const PidFd& other : {must(PidFd::self()), must(PidFd::open(::getppid()))}) {
    ASSERT_TRUE(set_nonblocking(other, GetParam()));
    EXPECT_EQ(error_of(other.wait_event(everything)), std::errc::no_child_process);
    EXPECT_EQ(error_of(other.try_wait_event(everything)), std::errc::no_child_process);
  }
  child_.end_and_reap();
  EXPECT_EQ(error_of(process_.wait_event()), std::errc::no_child_process) << "a second time";
}

TEST_P(WaitForEvent, WaitsThroughSignals) {
  const Interruptions interruptions;
  ForkedChild child([&] {
    interruptions.interrupt(5);
    ::raise(SIGSTOP);
  });
  const PidFd process = child.pidfd();
  ASSERT_TRUE(set_nonblocking(process, GetParam()));
  expect_event(process.wait_event(everything), Kind::stopped, SIGSTOP, {}, child.pid());
  EXPECT_EQ(interruptions.seen(), 5);
  ASSERT_TRUE(process.send_signal(SIGCONT));
}

TEST_P(WaitForEvent, OfAChildThatReapsItselfIsAnError) {
  run_apart([] {
    ::signal(SIGCHLD, SIG_IGN);
    ForkedChild child;
    const PidFd process = child.pidfd();
    ASSERT_TRUE(set_nonblocking(process, GetParam()));
    EXPECT_TRUE(is_none(process.try_wait_event()));
    child.tell_to_end(4);
    EXPECT_EQ(error_of(process.wait_event()), std::errc::no_child_process);
  });
}

TEST(WaitEvent, TellsTheRealUserOfTheChild) {
  SYSFD_REQUIRE_ROOT();
  ForkedChild child([] {
    if (::setresuid(1234, 5678, 0) != 0) std::abort();
  });
  const PidFd process = child.pidfd();
  child.end();
  const auto event = process.wait_event();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->user, 1234U);
}

TEST(WaitEvent, TellsWhatTheChildHasUsed) {
  constexpr std::size_t size = 8U << 20;
  ForkedChild child([] {
    std::vector<char> memory(size);
    for (char& byte : memory)
      *const_cast<volatile char*>(&byte) = 1;
  });
  const PidFd process = child.pidfd();
  child.end();
  for (const bool consume : {false, true}) {
    const auto event = process.wait_event({.consume = consume});
    ASSERT_TRUE(event);
    EXPECT_GT(event->usage.ru_maxrss, long{size / 1024});
    EXPECT_GT(event->usage.ru_minflt, 0);
  }
}

// A child that this process also traces.
class TracedByTheCaller : public testing::Test {
 protected:
  void SetUp() override { SYSFD_REQUIRE_ISOLATION(); }

  void go_on() const { ASSERT_EQ(::ptrace(PTRACE_CONT, child_.pid(), nullptr, nullptr), 0); }

  ForkedChild child_{[] {
    ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    ::raise(SIGSTOP);
  }};
  const PidFd process_ = child_.pidfd();
};

TEST_F(TracedByTheCaller, IsTrappedWhateverTheOptions) {
  expect_event(process_.wait_event({.stopped = true, .consume = false}), Kind::trapped, SIGSTOP, {},
               child_.pid());
  expect_event(process_.wait_event(), Kind::trapped, SIGSTOP, {}, child_.pid());
  go_on();
  child_.tell_to_end(3);
  expect_event(process_.wait_event(), Kind::ended, {}, ExitStatus::exited(3), child_.pid());
}

TEST_F(TracedByTheCaller, ATrapIsNoEnd) {
  expect_event(process_.wait_event({.consume = false}), Kind::trapped, SIGSTOP, {}, child_.pid());
  EXPECT_EQ(error_of(process_.try_wait()), std::errc::resource_unavailable_try_again);
  EXPECT_EQ(error_of(process_.wait_for(std::chrono::milliseconds(1))), std::errc::timed_out);
  go_on();
  child_.tell_to_end(3);
  EXPECT_EQ(process_.wait(), ExitStatus::exited(3));
}

TEST_F(TracedByTheCaller, WaitingForTheEndLeavesATrapToWaitEvent) {
  const PidFd* const one[] = {&process_};
  siginfo_t info;
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child_.pid()), &info, WSTOPPED | WNOWAIT), 0);
  EXPECT_EQ(error_of(process_.try_wait()), std::errc::resource_unavailable_try_again);
  EXPECT_EQ(error_of(process_.wait_for(std::chrono::milliseconds(1))), std::errc::timed_out);
  EXPECT_EQ(error_of(process_.wait_until(std::chrono::steady_clock::now())), std::errc::timed_out);
  EXPECT_EQ(error_of(wait_any(one, std::chrono::milliseconds(1))), std::errc::timed_out);
  expect_event(process_.wait_event(), Kind::trapped, SIGSTOP, {}, child_.pid());
  go_on();
}

TEST_F(TracedByTheCaller, WaitPassesOverATrap) {
  // It is ended by another process than its tracer, which blocks.
  const Interruptions tracer;
  const ForkedChild killer([&] {
    tracer.interrupt(0);
    static_cast<void>(process_.send_signal(SIGKILL));
    ::_exit(0);
  });
  EXPECT_EQ(process_.wait(), ExitStatus::killed(SIGKILL));
}

}  // namespace
}  // namespace sysfd_test
