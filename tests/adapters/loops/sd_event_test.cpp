// SPDX-License-Identifier: MIT
#include <sysfd/adapters/sd_event.hpp>

#include <systemd/sd-event.h>

#include <cerrno>
#include <cstdint>
#include <string>

#include "support/prelude.hpp"

#include "adapters/cases.hpp"
#include "adapters/driver.hpp"

namespace sysfd_test {
namespace {

class SdEventLoop {
 public:
  static std::string missing() { return {}; }
  SdEventLoop() { EXPECT_GE(::sd_event_new(&event_), 0); }
  SdEventLoop(const SdEventLoop&) = delete;
  SdEventLoop& operator=(const SdEventLoop&) = delete;
  ~SdEventLoop() { ::sd_event_unref(event_); }
  sd_event* loop() { return event_; }
  void turn() { EXPECT_GE(::sd_event_run(event_, UINT64_MAX), 0); }
  std::size_t registered() {
    return awaited_in(BorrowedFd::unsafe_borrow(::sd_event_get_fd(event_)));
  }

 private:
  sd_event* event_ = nullptr;
};

INSTANTIATE_TYPED_TEST_SUITE_P(SdEvent, Await, CallbackDriver<SdEventLoop>);

TEST(SdEvent, RefusesALoopThatHasEnded) {
  SYSFD_REQUIRE_ISOLATION();
  SdEventLoop loop;
  ASSERT_GE(::sd_event_exit(loop.loop(), 0), 0);
  while (::sd_event_get_state(loop.loop()) != SD_EVENT_FINISHED)
    ASSERT_GE(::sd_event_run(loop.loop(), 0), 0);
  Child child = shell("exit 1");
  const auto wait = await_end(loop.loop(), std::move(child), 1h, [](AwaitedEnd) {});
  EXPECT_EQ(error_of(wait).value(), ESTALE);
  EXPECT_EQ(child.wait()->code(), 1);
}

}  // namespace
}  // namespace sysfd_test
