// SPDX-License-Identifier: MIT
//
// Cancels waits for children with a descriptor, and tests options that can be set on a Child after
// the Command's.
#include <sysfd/command.hpp>

#include <sys/syscall.h>

#include <chrono>
#include <csignal>
#include <string>
#include <thread>
#include <utility>

#include <sysfd/create.hpp>
#include <sysfd/pending_child.hpp>
#include <sysfd/pipeline.hpp>
#include <sysfd/stop_fd.hpp>

#include "support/prelude.hpp"

#include "spawn/pending.hpp"
#include "spawn/talk.hpp"
#include "support/stopped_calls.hpp"

namespace sysfd_test {
namespace {

constexpr auto canceled = std::errc::operation_canceled;

class ChildWaitCanceled : public testing::Test {
 protected:
  void SetUp() override { SYSFD_REQUIRE_ISOLATION(); }

  Timeout for_ever() const { return Timeout::forever().canceled_by(stop_); }
  void stop() const { detail::raise_event(stop_); }
  // Prints "out" and lives until the test ends.
  Command endless(const char* script = "echo out; exec cat <&3") const {
    Command command = shell(script);
    command.pass(rope_.end(), 3);
    return command;
  }

  const OwnedFd stop_ = must(event_fd());
  Rope rope_;
};

TEST_F(ChildWaitCanceled, LeavesTheChildAsItIs) {
  Child child = must(endless().stdout_to(Stdio::pipe()).spawn());
  stop();
  EXPECT_EQ(error_of(child.wait_for(for_ever())), canceled);
  EXPECT_EQ(error_of(child.try_wait()), std::errc::resource_unavailable_try_again);
}

TEST_F(ChildWaitCanceled, EndsAGracePeriod) {
  Child child = must(endless("trap '' TERM; echo out; cat <&3").stdout_to(Stdio::pipe()).spawn());
  char text[4];
  ASSERT_EQ(::read(child.stdout_pipe()->get(), text, sizeof text), 4);
  stop();
  EXPECT_EQ(child.terminate(for_ever()), ExitStatus::killed(SIGKILL));
}

TEST_F(ChildWaitCanceled, EndsAConversationThatMayGoOn) {
  Child child = must(Command("cat").stdin_from(Stdio::pipe()).stdout_to(Stdio::pipe()).spawn());
  const std::string input = pattern(1 << 20);
  stop();
  // What can be written and read at once is transferred before it checks.
  const auto first = must(
      child.communicate({.input = bytes(input), .timeout = Timeout::forever().canceled_by(stop_)}));
  if (first.canceled) {
    EXPECT_FALSE(first.timed_out || first.success());
    EXPECT_EQ(error_of(first.status), canceled);
    EXPECT_EQ(first.describe(), "had not ended when the wait was canceled");
  }
  const auto rest =
      must(child.communicate({.input = bytes(input).subspan(first.input_taken), .timeout = 1h}));
  EXPECT_TRUE(rest.success());
  EXPECT_EQ(first.out + rest.out, input);
}

TEST_F(ChildWaitCanceled, KillsTheChildOfOutput) {
  const std::jthread other([this] { stop(); });
  const auto output = must(endless("trap '' TERM; exec cat <&3").output({.timeout = for_ever()}));
  EXPECT_TRUE(output.canceled);
  EXPECT_FALSE(output.timed_out || output.success());
  EXPECT_EQ(output.status, ExitStatus::killed(SIGKILL));
  EXPECT_EQ(output.describe(), "killed by signal 9 (Killed), canceled");
}

TEST_F(ChildWaitCanceled, KillsTheStagesOfAPipeline) {
  const std::jthread other([this] { stop(); });
  const auto output =
      must((endless("exec cat <&3") | Command("cat")).output({.timeout = for_ever()}));
  EXPECT_TRUE(output.canceled);
  EXPECT_FALSE(output.timed_out || output.success());
  ASSERT_EQ(output.statuses.size(), 2U);
  EXPECT_EQ(output.statuses[0], ExitStatus::killed(SIGKILL));
}

TEST_F(ChildWaitCanceled, LeavesAPendingChildOnItsWay) {
  run_apart([this] {
    StoppedCalls execve(SYS_execve);
    auto pending = start(Command("/bin/true"), Confirmation::by_finish);
    execve.await();
    stop();
    const auto child = pending.finish_for(for_ever());
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().step, SpawnStep::confirmation);
    EXPECT_EQ(child.error().code, canceled);
    EXPECT_EQ(child.error().describe(), "confirmation of the start: Operation canceled");
    execve.let_go();
    EXPECT_TRUE(must(pending.finish()).wait()->success());
  });
}

// The child reads to the end of its input, which this process must close.
TEST(ChildWait, ClosesTheInputInEachFormButTryWait) {
  const auto start = [] { return must(Command("cat").stdin_from(Stdio::pipe()).spawn()); };
  Child child = start();
  EXPECT_EQ(error_of(child.try_wait()), std::errc::resource_unavailable_try_again);
  EXPECT_TRUE(child.stdin_pipe());
  EXPECT_TRUE(child.wait()->success());
  child = start();
  EXPECT_TRUE(child.wait_for(1h)->success());
  EXPECT_FALSE(child.stdin_pipe());
  child = start();
  EXPECT_TRUE(child.wait_until(std::chrono::steady_clock::now() + 1h)->success());
}

TEST(ChildDropPolicy, CanBeChangedAfterTheStart) {
  SYSFD_REQUIRE_ISOLATION();
  Rope rope;
  const auto start = [&] { return must(shell("exec cat <&3").pass(rope.end(), 3).spawn()); };
  std::optional<Child> child = start();
  const auto killed = must(PidFd::adopt(must(child->fd().duplicate())));
  child.reset();
  EXPECT_EQ(error_of(killed.send_signal(0)), std::errc::no_such_process);

  child = start();
  child->on_drop(DropPolicy::detach);
  const auto lives = must(PidFd::adopt(must(child->fd().duplicate())));
  child.reset();
  EXPECT_EQ(error_of(lives.try_wait()), std::errc::resource_unavailable_try_again);
  rope.let_go();
  EXPECT_TRUE(lives.wait()->success());
}

}  // namespace
}  // namespace sysfd_test
