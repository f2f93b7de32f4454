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
using detail::raw_poll_for;
using detail::time_until;
using detail::timeout_until;
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

TEST(TimeoutUntil, EndsAtTheDeadlineAndKeepsWhatCancels) {
  EXPECT_TRUE(timeout_until({}).is_forever());
  EXPECT_EQ(timeout_until({Clock::time_point::min()}).duration(), 0ns);
  const Timeout left = timeout_until({.time = Clock::now() + 1h, .canceled_by = 5});
  EXPECT_LE(left.duration(), 1h);
  EXPECT_GT(left.duration(), 59min);
  ASSERT_TRUE(left.canceled_by());
  EXPECT_EQ(left.canceled_by()->get(), 5);
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

TEST(PollUntil, TellsWhyItFailed) {
  const auto too_many = static_cast<nfds_t>(-1);
  EXPECT_EQ(error_of(poll_until(nullptr, too_many, {})), std::errc::invalid_argument);
}

TEST(RawPollFor, WaitsForThatLong) {
  const auto pipe = must(sysfd::pipe());
  const auto cancel = must(event_fd(1));
  pollfd entries[2] = {{pipe.read.get(), POLLIN, 0}};
  Deadline deadline;
  const auto before = Clock::now();
  EXPECT_EQ(raw_poll_for(entries, 1, 20ms, deadline), 0);
  EXPECT_GE(deadline.time, before + 20ms);
  EXPECT_GE(Clock::now(), before + 20ms);
  EXPECT_EQ(raw_poll_for(entries, 1, Timeout::forever().canceled_by(cancel), deadline), -ECANCELED);
  EXPECT_TRUE(deadline.is_never());
  EXPECT_EQ(deadline.canceled_by, cancel.get());
  EXPECT_EQ(raw_poll_for(entries, 1, Timeout(1h).canceled_by(cancel), deadline), -ECANCELED);
  EXPECT_FALSE(deadline.is_never());
  ASSERT_EQ(::write(pipe.write.get(), "x", 1), 1);
  EXPECT_EQ(raw_poll_for(entries, 1, Timeout::forever(), deadline), 1);
}

TEST(RawPollFor, GoesOnAfterInterruptions) {
  SYSFD_REQUIRE_ISOLATION();
  const auto pipe = must(sysfd::pipe());
  const Interruptions interruptions;
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    interruptions.interrupt(3);
    ::_exit(::write(pipe.write.get(), "x", 1) == 1 ? 0 : 1);
  }
  pollfd entry{pipe.read.get(), POLLIN, 0};
  Deadline deadline;
  EXPECT_EQ(raw_poll_for(&entry, 1, 1h, deadline), 1);
  EXPECT_EQ(interruptions.seen(), 3);
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
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
