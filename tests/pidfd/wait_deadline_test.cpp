// SPDX-License-Identifier: MIT
#include <sysfd/pidfd.hpp>

#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <latch>
#include <optional>
#include <thread>

#include "support/prelude.hpp"

#include "pidfd/child.hpp"
#include "support/interruptions.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"
#include "support/stopped_calls.hpp"

namespace sysfd_test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

constexpr nanoseconds short_durations[] = {nanoseconds::min(), -1h, 0ns, 1ns, 1ms};

Clock::time_point early_deadlines[] = {Clock::time_point::min(), Clock::time_point(),
                                       Clock::now() - 1h, Clock::now() + 1ms};

// A child that ends as soon as this process is blocked.
class EndsMeanwhile : public testing::Test {
 protected:
  Interruptions parent_;
  ForkedChild child_{[this] {
    parent_.interrupt(0);
    ::_exit(8);
  }};
  PidFd process_ = child_.pidfd();
};

TEST(TryWait, HasNoValueWhileTheProcessRuns) {
  const ForkedChild child;
  EXPECT_EQ(error_of(child.pidfd().try_wait()), std::errc::resource_unavailable_try_again);
}

TEST(TryWait, HasTheStatusOnceTheProcessHasEnded) {
  ForkedChild child;
  const PidFd process = child.pidfd();
  child.end(5);
  EXPECT_EQ(process.try_wait(), ExitStatus::exited(5));
}

TEST(TryWait, HasNoValueForTheCallerItself) {
  SYSFD_REQUIRE_KERNEL("PIDFD_INFO_EXIT");
  const auto self = PidFd::self();
  ASSERT_TRUE(self);
  EXPECT_EQ(error_of(self->try_wait()), std::errc::resource_unavailable_try_again);
  EXPECT_EQ(error_of(self->wait_for(1ms)), std::errc::timed_out);
}

TEST(WaitFor, HasNoValueWhileTheProcessRuns) {
  const ForkedChild child;
  const PidFd process = child.pidfd();
  for (const auto duration : short_durations)
    EXPECT_EQ(error_of(process.wait_for(duration)), std::errc::timed_out) << duration.count();
}

TEST(WaitFor, ZeroAndLessMeanOneAttempt) {
  run_apart([] {
    const ForkedChild child;
    const PidFd process = child.pidfd();
    refuse_calls({{SYS_ppoll, ENOTNAM}});
    EXPECT_EQ(error_of(process.wait_for(0ns)), std::errc::timed_out);
    EXPECT_EQ(error_of(process.wait_for(nanoseconds::min())), std::errc::timed_out);
    EXPECT_EQ(error_of(process.wait_for(1ms)).value(), ENOTNAM);
  });
}

TEST(WaitFor, HasTheStatusOfAProcessThatHasEndedHoweverShortTheDuration) {
  for (const auto duration : short_durations) {
    ForkedChild child;
    const PidFd process = child.pidfd();
    child.end(5);
    EXPECT_EQ(process.wait_for(duration), ExitStatus::exited(5)) << duration.count();
  }
}

TEST(WaitUntil, HasNoValueWhileTheProcessRuns) {
  const ForkedChild child;
  const PidFd process = child.pidfd();
  for (const auto deadline : early_deadlines)
    EXPECT_EQ(error_of(process.wait_until(deadline)), std::errc::timed_out)
        << deadline.time_since_epoch().count();
}

TEST(WaitUntil, HasTheStatusOfAProcessThatHasEndedHoweverEarlyTheDeadline) {
  for (const auto deadline : early_deadlines) {
    ForkedChild child;
    const PidFd process = child.pidfd();
    child.end(5);
    EXPECT_EQ(process.wait_until(deadline), ExitStatus::exited(5))
        << deadline.time_since_epoch().count();
  }
}

TEST_F(EndsMeanwhile, WaitForSeesIt) {
  EXPECT_EQ(process_.wait_for(24h), ExitStatus::exited(8));
}

TEST_F(EndsMeanwhile, WaitForTheLongestDurationSeesIt) {
  EXPECT_EQ(process_.wait_for(nanoseconds::max()), ExitStatus::exited(8));
}

TEST_F(EndsMeanwhile, WaitUntilSeesIt) {
  EXPECT_EQ(process_.wait_until(Clock::now() + 24h), ExitStatus::exited(8));
}

TEST_F(EndsMeanwhile, WaitUntilTheLastMomentOfTheClockSeesIt) {
  EXPECT_EQ(process_.wait_until(Clock::time_point::max()), ExitStatus::exited(8));
}

// waitid(2) finds no end at first, poll(2) sees it, and then waitid(2) fails.
TEST(WaitThatFails, AfterTheEndIsAnError) {
  for (const bool by_duration : {true, false})
    run_apart([by_duration] {
      ForkedChild child;
      const PidFd process = child.pidfd();
      std::optional<StoppedCalls> waits;
      std::latch is_filtered(1);
      std::error_code error;
      std::jthread waiter([&] {
        waits.emplace(SYS_waitid);
        is_filtered.count_down();
        error =
            error_of(by_duration ? process.wait_for(24h) : process.wait_until(Clock::now() + 24h));
      });
      is_filtered.wait();
      if (waits->await()) waits->pretend();
      child.end();
      if (waits->await()) waits->fail(ENOTNAM);
      waiter.join();
      EXPECT_EQ(error.value(), ENOTNAM);
    });
}

TEST(WaitThatFails, TellsWhyItCannotWait) {
  run_apart([] {
    const ForkedChild child;
    const PidFd process = child.pidfd();
    refuse_calls({{SYS_ppoll, ENOTNAM}});
    EXPECT_EQ(error_of(process.wait_for(24h)).value(), ENOTNAM);
    EXPECT_EQ(error_of(process.wait_until(Clock::now() + 24h)).value(), ENOTNAM);
  });
}

}  // namespace
}  // namespace sysfd_test
