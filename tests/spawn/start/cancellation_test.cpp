// SPDX-License-Identifier: MIT
//
// Tests that spawn has no cancellation point (pthreads(7)): a cancelled thread completes it. It
// neither leaves it half done, nor ends the program in a function that cannot throw.
#include <sysfd/command.hpp>

#include <pthread.h>

#include <chrono>
#include <thread>

#include <sysfd/pipeline.hpp>

#include "support/prelude.hpp"

#include "spawn/talk.hpp"
#include "support/sanitizers.hpp"

namespace sysfd_test {
namespace {

// The thread sanitizer's own close(2) is one.
class Cancellation : public testing::Test {
 protected:
  void SetUp() override {
    if (is_thread_sanitized) GTEST_SKIP() << "needs to be without the thread sanitizer";
  }
};

// Runs `body` in a thread that ends at the next cancellation point. The test fails if there is one.
void run_cancelled(void (*body)()) {
  struct State {
    void (*body)();
    bool came_back = false;
  } state{body};
  std::thread([&state] {
    ::pthread_cancel(::pthread_self());
    state.body();
    ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, nullptr);
    state.came_back = true;
  }).join();
  EXPECT_TRUE(state.came_back);
}

TEST_F(Cancellation, DoesNotComeInTheMiddleOfAConversation) {
  run_cancelled([] {
    const std::string input(1 << 20, 'x');
    EXPECT_TRUE(must(shell("exec tee /dev/fd/2").output({.input = bytes(input)})).success());
    // The child does not read all of it: SIGPIPE.
    EXPECT_TRUE(must(Command("true").output({.input = bytes(input), .timeout = 1h})).success());
    EXPECT_TRUE(must((Command("cat") | Command("cat")).output({.input = bytes(input)})).success());
    auto child = must(Command("cat").stdin_from(Stdio::pipe()).stdout_to(Stdio::pipe()).spawn());
    EXPECT_TRUE(must(child.communicate({.input = bytes(input), .timeout = 0ns})).timed_out);
    EXPECT_TRUE(must(child.communicate()).success());
  });
}

TEST_F(Cancellation, DoesNotComeInTheMiddleOfAnEnd) {
  SYSFD_REQUIRE_ISOLATION();
  run_cancelled([] {
    const auto cat = [] {
      return must(Command("cat").stdin_from(Stdio::pipe()).session({.process_group = 0}).spawn());
    };
    {
      const auto dropped = cat();
    }
    EXPECT_TRUE(cat().terminate(1h));
    auto child = cat();
    const auto input = std::exchange(child.stdin_pipe(), std::nullopt);
    EXPECT_FALSE(child.wait_for(1ms));
    EXPECT_TRUE(child.send_signal_to_group(SIGKILL));
    EXPECT_TRUE(child.wait());
    EXPECT_TRUE(must(Command("cat").stdin_from(Stdio::inherit()).output({.timeout = 0ns})).status);
  });
}

}  // namespace
}  // namespace sysfd_test
