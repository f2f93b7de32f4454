// SPDX-License-Identifier: MIT
//
// Waits for the first of several processes.
#include <sysfd/pidfd.hpp>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <vector>

#include "support/prelude.hpp"

#include "pidfd/child.hpp"
#include "support/interruptions.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds short_timeouts[] = {nanoseconds::min(), -1h, 0ns, 1ns, 1ms};
constexpr nanoseconds long_timeouts[] = {24h, nanoseconds::max() - 1ns, nanoseconds::max()};

class WaitAny : public testing::Test {
 protected:
  ForkedChild children_[3];
  const PidFd a_ = children_[0].pidfd();
  const PidFd b_ = children_[1].pidfd();
  const PidFd c_ = children_[2].pidfd();
  const std::vector<const PidFd*> all_{&a_, &b_, &c_};
};

TEST_F(WaitAny, SaysWhichHasEnded) {
  for (const std::size_t which : {1U, 0U}) {
    children_[which].end();
    for (const auto timeout : short_timeouts)
      EXPECT_EQ(wait_any(all_, timeout), which) << timeout.count();
    for (const auto timeout : long_timeouts)
      EXPECT_EQ(wait_any(all_, timeout), which) << timeout.count();
    EXPECT_EQ(wait_any(all_), which);
  }
}

TEST_F(WaitAny, SaysTheFirstOfSeveral) {
  children_[2].end();
  children_[1].end();
  EXPECT_EQ(wait_any(all_), 1U);
  const std::vector<const PidFd*> backwards{&c_, &b_, &a_};
  EXPECT_EQ(wait_any(backwards), 0U);
}

TEST_F(WaitAny, HasNoValueWhereNoneEndedInTime) {
  for (const auto timeout : short_timeouts)
    EXPECT_EQ(error_of(wait_any(all_, timeout)), std::errc::timed_out) << timeout.count();
}

TEST_F(WaitAny, ReapsNothing) {
  children_[1].end(5);
  EXPECT_EQ(wait_any(all_), 1U);
  EXPECT_EQ(wait_any(all_), 1U);
  EXPECT_EQ(WEXITSTATUS(children_[1].reap()), 5);
}

TEST_F(WaitAny, AReapedProcessHasEnded) {
  children_[2].end_and_reap();
  EXPECT_EQ(wait_any(all_), 2U);
}

TEST_F(WaitAny, OfAClosedDescriptorIsAnError) {
  const PidFd closed = must(PidFd::self());
  const OwnedFd kept = must(closed.fd().duplicate());
  ::close(closed.fd().get());
  const std::vector<const PidFd*> processes{&a_, &closed};
  for (const auto timeout : {nanoseconds(0), nanoseconds::max()})
    EXPECT_EQ(error_of(wait_any(processes, timeout)), std::errc::bad_file_descriptor);
  ASSERT_EQ(::dup2(kept.get(), closed.fd().get()), closed.fd().get());
}

TEST_F(WaitAny, AcceptsOneTwice) {
  children_[1].end();
  const std::vector<const PidFd*> twice{&a_, &b_, &b_, &a_};
  EXPECT_EQ(wait_any(twice), 1U);
}

TEST_F(WaitAny, OfNoneIsAnError) {
  for (const auto timeout : {nanoseconds(0), nanoseconds::max()})
    EXPECT_EQ(error_of(wait_any({}, timeout)), std::errc::invalid_argument);
}

TEST_F(WaitAny, TakesMoreThan64) {
  for (const std::size_t count : {63U, 64U, 65U, 200U}) {
    std::vector<const PidFd*> many(count, &a_);
    EXPECT_EQ(error_of(wait_any(many, 0ns)), std::errc::timed_out);
    many.back() = &b_;
    EXPECT_EQ(error_of(wait_any(many, 0ns)), std::errc::timed_out);
    const PidFd self = must(PidFd::self());
    many.front() = &self;
    ForkedChild last;
    const PidFd ended = last.pidfd();
    last.end();
    many.back() = &ended;
    EXPECT_EQ(wait_any(many), count - 1);
  }
}

TEST_F(WaitAny, OfMoreThanTheLimitOfDescriptorsIsAnError) {
  run_apart([this] {
    const rlimit limit{.rlim_cur = 50, .rlim_max = 50};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    for (const std::size_t count : {51U, 65U}) {
      const std::vector<const PidFd*> many(count, &a_);
      EXPECT_EQ(error_of(wait_any(many, 0ns)), std::errc::invalid_argument);
    }
    const std::vector<const PidFd*> enough(50, &a_);
    EXPECT_EQ(error_of(wait_any(enough, 0ns)), std::errc::timed_out);
  });
}

TEST_F(WaitAny, WaitsForAProcessThatIsNoChild) {
  const PidFd self = must(PidFd::self());
  const PidFd parent = must(PidFd::open(::getppid()));
  const std::vector<const PidFd*> others{&self, &parent, &c_};
  EXPECT_EQ(error_of(wait_any(others, 0ns)), std::errc::timed_out);
  children_[2].end();
  EXPECT_EQ(wait_any(others), 2U);
}

TEST_F(WaitAny, GoesOnAfterSignals) {
  SYSFD_REQUIRE_ISOLATION();
  for (const auto timeout : long_timeouts) {
    const Interruptions interruptions;
    const ForkedChild child([&] {
      interruptions.interrupt(5);
      ::_exit(7);
    });
    const PidFd process = child.pidfd();
    const std::vector<const PidFd*> processes{&a_, &process};
    EXPECT_EQ(wait_any(processes, timeout), 1U);
    EXPECT_EQ(interruptions.seen(), 5);
    EXPECT_EQ(process.try_wait(), ExitStatus::exited(7));
  }
}

TEST_F(WaitAny, OtherErrorsArePassedOn) {
  run_apart([this] {
    refuse_calls({{SYS_ppoll, ENOTNAM}});
    EXPECT_EQ(error_of(wait_any(all_)).value(), ENOTNAM);
  });
}

TEST(WaitAnyDeathTest, ANullPointerStopsTheProgram) {
  const PidFd self = must(PidFd::self());
  const std::vector<const PidFd*> wrong{&self, nullptr};
  EXPECT_DEATH(static_cast<void>(wait_any(wrong, 0ns)), "sysfd: wait_any: a null pointer");
}

}  // namespace
}  // namespace sysfd_test
