// SPDX-License-Identifier: MIT
//
// Cancels waits with a descriptor.
#include <sysfd/pidfd.hpp>

#include <chrono>
#include <thread>

#include <sysfd/create.hpp>
#include <sysfd/stop_fd.hpp>

#include "support/prelude.hpp"

#include "pidfd/child.hpp"
#include "support/kernel_features.hpp"

namespace sysfd_test {
namespace {

constexpr auto canceled = std::errc::operation_canceled;

class WaitCanceled : public testing::Test {
 protected:
  Timeout for_ever() const { return Timeout::forever().canceled_by(stop_); }
  void stop() const { detail::raise_event(stop_); }

  const OwnedFd stop_ = must(event_fd());
  ForkedChild child_;
  const PidFd process_ = child_.pidfd();
};

TEST_F(WaitCanceled, IsAnErrorOfEachWait) {
  stop();
  const PidFd* const one[] = {&process_};
  EXPECT_EQ(error_of(process_.wait_for(for_ever())), canceled);
  EXPECT_EQ(error_of(process_.wait_event_for(for_ever())), canceled);
  EXPECT_EQ(error_of(wait_any(one, for_ever())), canceled);
}

TEST_F(WaitCanceled, ByAnotherThread) {
  const std::jthread other([this] { stop(); });
  EXPECT_EQ(error_of(process_.wait_for(for_ever())), canceled);
}

TEST_F(WaitCanceled, ByAStopToken) {
  std::stop_source source;
  const auto token = must(StopFd::make(source.get_token()));
  const std::jthread other([&] { source.request_stop(); });
  EXPECT_EQ(error_of(process_.wait_for(Timeout::forever().canceled_by(token))), canceled);
}

TEST_F(WaitCanceled, HasTheStatusIfThereIsOne) {
  stop();
  child_.end(3);
  EXPECT_EQ(process_.wait_for(for_ever()), ExitStatus::exited(3));
}

TEST_F(WaitCanceled, IsATimeoutIfItIsNotCanceled) {
  EXPECT_EQ(error_of(process_.wait_for(Timeout(1ms).canceled_by(stop_))), std::errc::timed_out);
  EXPECT_EQ(error_of(process_.wait_event_for(Timeout(1ms).canceled_by(stop_))),
            std::errc::timed_out);
}

TEST_F(WaitCanceled, ShortlyBeforeTheDeadlineToo) {
  stop();
  EXPECT_EQ(error_of(process_.wait_event_for(Timeout(1ms).canceled_by(stop_))), canceled);
}

TEST_F(WaitCanceled, ByMoreThan64Processes) {
  const std::vector<const PidFd*> many(100, &process_);
  stop();
  EXPECT_EQ(error_of(wait_any(many, for_ever())), canceled);
}

TEST_F(WaitCanceled, InNonBlockingModeToo) {
  ASSERT_TRUE(set_nonblocking(process_, true));
  stop();
  EXPECT_EQ(error_of(process_.wait_for(for_ever())), canceled);
  EXPECT_EQ(error_of(process_.wait_event_for(for_ever())), canceled);
}

TEST_F(WaitCanceled, OfOneselfEndsSo) {
  SYSFD_REQUIRE_KERNEL("PIDFD_GET_INFO");  // otherwise it fails at once
  const std::jthread other([this] { stop(); });
  EXPECT_EQ(error_of(must(PidFd::self()).wait_for(for_ever())), canceled);
}

}  // namespace
}  // namespace sysfd_test
