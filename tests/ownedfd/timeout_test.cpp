// SPDX-License-Identifier: MIT
#include <sysfd/timeout.hpp>

#include <poll.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <ratio>
#include <stop_token>
#include <thread>

#include <sysfd/create.hpp>
#include <sysfd/detail/deadline.hpp>
#include <sysfd/stop_fd.hpp>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

using detail::Clock;
using detail::Deadline;
using detail::deadline_after;
using detail::raw_poll_until;
using std::chrono::nanoseconds;

TEST(Timeout, IsAsLongAsItsDuration) {
  EXPECT_EQ(Timeout(5s).duration(), 5s);
  EXPECT_EQ(Timeout(1ns).duration(), 1ns);
  EXPECT_EQ(Timeout(std::chrono::duration<double>(0.25)).duration(), 250ms);
  EXPECT_EQ((Timeout(std::chrono::duration<int, std::pico>(1)).duration()), 1ns) << "not none";
}

TEST(Timeout, OfADurationThatNanosecondsCannotHoldIsForever) {
  EXPECT_TRUE(Timeout::forever().is_forever());
  EXPECT_TRUE(Timeout(std::chrono::hours::max()).is_forever());
  EXPECT_TRUE(Timeout(std::chrono::seconds::max()).is_forever());
  EXPECT_TRUE(Timeout(nanoseconds::max()).is_forever());
  EXPECT_TRUE(Timeout(std::chrono::years(300)).is_forever());
  EXPECT_TRUE(
      Timeout(std::chrono::duration<double>(std::numeric_limits<double>::infinity())).is_forever());
  EXPECT_FALSE(Timeout(std::chrono::years(290)).is_forever());
}

TEST(Timeout, ThatIsNegativeOrNoNumberIsNone) {
  EXPECT_EQ(Timeout(-1ns).duration(), 0ns);
  EXPECT_EQ(Timeout(std::chrono::hours::min()).duration(), 0ns);
  EXPECT_EQ(Timeout(std::chrono::duration<std::int64_t, std::pico>(-1)).duration(), 0ns);
  EXPECT_EQ(
      Timeout(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN())).duration(),
      0ns);
}

TEST(Timeout, MayHaveADescriptorThatCancelsTheWait) {
  const OwnedFd event = must(event_fd());
  EXPECT_FALSE(Timeout(1s).canceled_by());
  const Timeout timeout = Timeout(1s).canceled_by(event);
  EXPECT_EQ(timeout.canceled_by()->get(), event.get());
  EXPECT_EQ(timeout.duration(), 1s);
}

class CanceledPoll : public testing::Test {
 protected:
  long poll(pollfd* entries, nfds_t count, Timeout timeout = Timeout::forever()) const {
    return raw_poll_until(entries, count, deadline_after(timeout.canceled_by(event_)));
  }

  OwnedFd event_ = must(event_fd());
  Pipe pipe_ = must(sysfd::pipe());
  pollfd entries_[2] = {{.fd = pipe_.read.get(), .events = POLLIN, .revents = 0}};
};

TEST_F(CanceledPoll, EndsWhenTheDescriptorIsReadable) {
  detail::raise_event(event_);
  EXPECT_EQ(poll(entries_, 1), -ECANCELED);
  EXPECT_EQ(poll(nullptr, 0), -ECANCELED) << "without anything to wait for";
  EXPECT_EQ(poll(entries_, 1), -ECANCELED) << "nothing is read from it";
}

TEST_F(CanceledPoll, TellsWhatIsReadyWhereNobodyCancels) {
  pipe_.write = must(pipe_.read.duplicate());  // hung up
  EXPECT_EQ(poll(entries_, 1), 1);
}

TEST_F(CanceledPoll, PrefersWhatIsWaitedFor) {
  detail::raise_event(event_);
  pipe_.write = must(pipe_.read.duplicate());  // hung up
  EXPECT_EQ(poll(entries_, 1), 1);
}

TEST_F(CanceledPoll, EndsAtTheDeadlineAllTheSame) {
  EXPECT_EQ(poll(entries_, 1, 1ms), 0);
  EXPECT_EQ(poll(nullptr, 0, 1ms), 0);
  EXPECT_EQ(poll(entries_, 1, 0ms), 0);
}

TEST_F(CanceledPoll, ByADescriptorThatIsClosedIsAnError) {
  const Timeout timeout = Timeout::forever().canceled_by(event_);
  ::close(std::move(event_).release());
  EXPECT_EQ(raw_poll_until(entries_, 1, deadline_after(timeout)), -EBADF);
}

TEST(StopFd, IsReadableOnceAStopIsRequested) {
  std::stop_source source;
  const StopFd stop = must(StopFd::make(source.get_token()));
  const auto deadline = [&](Timeout timeout) { return deadline_after(timeout.canceled_by(stop)); };
  EXPECT_EQ(raw_poll_until(nullptr, 0, deadline(0s)), 0);
  std::jthread other([&] { source.request_stop(); });
  EXPECT_EQ(raw_poll_until(nullptr, 0, deadline(Timeout::forever())), -ECANCELED);
  EXPECT_EQ(raw_poll_until(nullptr, 0, deadline(Timeout::forever())), -ECANCELED);
}

TEST(StopFd, OfATokenThatWasAskedBeforeIsReadableAtOnce) {
  std::stop_source source;
  source.request_stop();
  const StopFd stop = must(StopFd::make(source.get_token()));
  EXPECT_EQ(raw_poll_until(nullptr, 0, deadline_after(Timeout::forever().canceled_by(stop))),
            -ECANCELED);
}

TEST(StopFdDeathTest, UseAfterAMoveStopsTheProgram) {
  StopFd stop = must(StopFd::make({}));
  const StopFd moved = std::move(stop);
  EXPECT_DEATH(static_cast<void>(stop.fd()), "use of a StopFd that was moved from");
}

TEST(StopFd, MayBeGoneWhenAStopIsRequested) {
  std::stop_source source;
  (void)must(StopFd::make(source.get_token()));
  EXPECT_TRUE(source.request_stop());
}

}  // namespace
}  // namespace sysfd_test
