// SPDX-License-Identifier: MIT
#include <sysfd/detail/deadline.hpp>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "support/interruptions.hpp"

namespace sysfd_test {
namespace {

using detail::Clock;
using detail::Deadline;
using detail::deadline_after;
using detail::poll_until;
using detail::time_until;
using std::chrono::nanoseconds;

TEST(DeadlineAfter, IsThatMuchLater) {
  const auto before = Clock::now();
  const auto deadline = deadline_after(nanoseconds(1h));
  const auto after = Clock::now();
  EXPECT_GE(deadline, before + 1h);
  EXPECT_LE(deadline, after + 1h);
}

TEST(DeadlineAfter, ANegativeDurationIsNow) {
  for (const nanoseconds duration : {nanoseconds(-1), nanoseconds(-1h), nanoseconds::min()}) {
    const auto before = Clock::now();
    const auto deadline = deadline_after(duration);
    EXPECT_GE(deadline, before);
    EXPECT_LE(deadline, Clock::now());
  }
}

TEST(DeadlineAfter, AHugeDurationIsTheLastMomentAndNotBefore) {
  const auto last = Clock::time_point::max();
  EXPECT_EQ(deadline_after(nanoseconds::max()), last);
  EXPECT_EQ(deadline_after(nanoseconds::max() - 1ns), last);
  EXPECT_EQ(deadline_after(last - Clock::now()), last) << "which is later than it was";
  EXPECT_GT(deadline_after(last - Clock::now() - 1h), last - 2h);
}

TEST(TimeUntil, IsNothingForThePast) {
  for (const auto deadline : {Clock::now(), Clock::time_point(), Clock::time_point::min()}) {
    const timespec left = time_until(deadline);
    EXPECT_EQ(left.tv_sec, 0);
    EXPECT_EQ(left.tv_nsec, 0);
  }
}

TEST(TimeUntil, IsWhatTheKernelTakes) {
  const timespec left = time_until(Clock::now() + 1h);
  EXPECT_GE(left.tv_sec, 3590);
  EXPECT_LT(left.tv_sec, 3600);
  for (const auto deadline : {Clock::now() + 1500ms, Clock::now() + 1h, Clock::time_point::max()}) {
    const timespec each = time_until(deadline);
    EXPECT_GE(each.tv_sec, 0);
    EXPECT_GE(each.tv_nsec, 0);
    EXPECT_LT(each.tv_nsec, 1'000'000'000);
  }
}

TEST(PollUntil, EndsAtTheDeadlineAndNotBefore) {
  const auto pipe = must(sysfd::pipe());
  pollfd entry{pipe.read.get(), POLLIN, 0};
  const auto deadline = Clock::now() + 20ms;
  EXPECT_EQ(poll_until(&entry, 1, {deadline}), 0);
  EXPECT_GE(Clock::now(), deadline);
  const auto past = Clock::time_point::min();
  EXPECT_EQ(poll_until(&entry, 1, {past}), 0);
  EXPECT_EQ(poll_until(nullptr, 0, {past}), 0);
}

TEST(PollUntil, TellsHowManyAreReady) {
  const auto pipe = must(sysfd::pipe());
  ASSERT_EQ(::write(pipe.write.get(), "x", 1), 1);
  pollfd entries[] = {{pipe.read.get(), POLLIN, 0}, {pipe.write.get(), POLLOUT, 0}};
  const auto far = Clock::time_point::max();
  const auto past = Clock::time_point::min();
  EXPECT_EQ(poll_until(entries, 2, {}), 2);
  EXPECT_EQ(poll_until(entries, 1, {far}), 1);
  EXPECT_EQ(poll_until(entries, 2, {past}), 2) << "also when there is no time left";
}

TEST(PollUntil, GoesOnAfterInterruptions) {
  SYSFD_REQUIRE_ISOLATION();
  for (const bool has_deadline : {false, true}) {
    const auto pipe = must(sysfd::pipe());
    const Interruptions interruptions;
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      interruptions.interrupt(20);
      ::_exit(::write(pipe.write.get(), "x", 1) == 1 ? 0 : 1);
    }
    pollfd entry{pipe.read.get(), POLLIN, 0};
    const Deadline far{deadline_after(nanoseconds(1h))};
    EXPECT_EQ(poll_until(&entry, 1, has_deadline ? far : Deadline{}), 1);
    EXPECT_EQ(interruptions.seen(), 20);
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
}

}  // namespace
}  // namespace sysfd_test
