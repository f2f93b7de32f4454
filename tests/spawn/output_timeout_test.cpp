// SPDX-License-Identifier: MIT
//
// Runs a program that does not end in time.
#include <sysfd/output.hpp>

#include <chrono>
#include <csignal>
#include <string>

#include <sysfd/command.hpp>

#include "support/prelude.hpp"

#include "spawn/talk.hpp"

namespace sysfd_test {
namespace {

using std::chrono::nanoseconds;

class OutputTimeout : public testing::Test {
 protected:
  void SetUp() override { SYSFD_REQUIRE_ISOLATION(); }

  // Passes the rope as 3, and the witness as 4.
  Output run(Command command, nanoseconds timeout, OutputEnd until = OutputEnd::child_ends) {
    witness_ = Witness();
    witness_.go_with(command, 4);
    command.pass(rope_.end(), 3);
    auto output = command.output({.timeout = timeout, .until = until});
    if (output) return *std::move(output);
    ADD_FAILURE() << output.error().describe();
    return {.status = std::unexpected(output.error().code)};
  }

  Rope rope_;
  Witness witness_;
};

TEST_F(OutputTimeout, ThatIsNotReachedChangesNothing) {
  for (const nanoseconds timeout : {nanoseconds(1h), nanoseconds(24h * 365 * 200),
                                    nanoseconds::max() - 1ns, nanoseconds::max()}) {
    SCOPED_TRACE(timeout.count());
    const Output output = run(shell("printf out"), timeout);
    EXPECT_TRUE(output.success()) << output.describe();
    EXPECT_EQ(output.out, "out");
  }
}

TEST_F(OutputTimeout, KillsAndReapsTheChild) {
  for (const nanoseconds timeout : {nanoseconds(1ms), 0ns, -1ns, nanoseconds(-1h),
                                    nanoseconds::min() + 1ns, nanoseconds::min()}) {
    SCOPED_TRACE(timeout.count());
    const Output output = run(shell("exec cat <&3"), timeout);
    EXPECT_TRUE(output.timed_out);
    EXPECT_EQ(output.status, ExitStatus::killed(SIGKILL));
    EXPECT_FALSE(output.success());
    EXPECT_EQ(output.describe(), "killed by signal 9 (Killed), timed out");
    EXPECT_TRUE(witness_.is_alone());
  }
}

TEST_F(OutputTimeout, KeepsWhatWasWrittenBefore) {
  EXPECT_TRUE(succeeds_with_some_timeout([&](nanoseconds timeout) {
    const Output output = run(shell("printf out; printf err >&2; exec cat <&3"), timeout);
    EXPECT_TRUE(output.timed_out);
    EXPECT_EQ(output.status, ExitStatus::killed(SIGKILL));
    return output.out == "out" && output.err == "err";
  }));
}

TEST_F(OutputTimeout, CutsWhatItKeepsToo) {
  EXPECT_TRUE(succeeds_with_some_timeout([&](nanoseconds timeout) {
    auto command = shell("printf 0123456789; exec cat <&3").pass(rope_.end(), 3);
    const auto output = command.output({.max_size = 4, .timeout = timeout});
    return output && output->timed_out && output->out_cut && output->out == "0123";
  }));
}

TEST_F(OutputTimeout, CountsTheInputThatWasTaken) {
  const std::string input = pattern(4 << 20);
  EXPECT_TRUE(succeeds_with_some_timeout([&](nanoseconds timeout) {
    auto command = shell("head -c 300000 >&2; exec cat <&3").pass(rope_.end(), 3);
    const auto output = command.output({.input = bytes(input), .timeout = timeout});
    EXPECT_TRUE(output && output->timed_out);
    EXPECT_LT(output->input_taken, input.size());
    EXPECT_GE(output->input_taken, output->err.size());
    return output->err == input.substr(0, 300000);
  }));
}

TEST_F(OutputTimeout, EndsTheGroupThatTheChildLeads) {
  const std::string script = "cat <&3 & printf out; cat <&3";
  for (const Session& session : {Session{.process_group = 0}, Session{.new_session = true}})
    EXPECT_TRUE(succeeds_with_some_timeout([&](nanoseconds timeout) {
      const Output output = run(shell(script).session(session), timeout);
      EXPECT_TRUE(output.timed_out);
      EXPECT_EQ(output.status, ExitStatus::killed(SIGKILL));
      EXPECT_TRUE(witness_.becomes_alone());
      return output.out == "out";  // the descendant has been started
    }));
}

TEST_F(OutputTimeout, EndsTheGroupThatTheChildHasLeftBehind) {
  EXPECT_TRUE(succeeds_with_some_timeout([&](nanoseconds timeout) {
    const Output output = run(shell("cat <&3 & printf out").session({.process_group = 0}), timeout,
                              OutputEnd::pipes_close);
    EXPECT_TRUE(output.timed_out);
    EXPECT_TRUE(witness_.becomes_alone());
    return output.out == "out" && output.status == ExitStatus::exited(0);
  }));
}

// The descendant does not use the pipes: sendfile(2), as in busybox's cat, would raise SIGPIPE at
// once.
TEST_F(OutputTimeout, DoesNotWaitForOthersThatHoldThePipes) {
  EXPECT_TRUE(succeeds_with_some_timeout([&](nanoseconds timeout) {
    const Output output = run(shell("read line <&3 & printf out"), timeout, OutputEnd::pipes_close);
    EXPECT_TRUE(output.timed_out) << "another process still has stdout";
    if (output.out != "out" || output.status != ExitStatus::exited(0)) return false;
    EXPECT_FALSE(output.success()) << "nobody knows whether that is all";
    EXPECT_EQ(output.describe(), "exited with code 0, timed out");
    EXPECT_FALSE(witness_.is_alone()) << "other processes do not matter";
    return true;
  }));
  rope_.let_go();
  EXPECT_TRUE(witness_.becomes_alone());
}

TEST_F(OutputTimeout, DoesNotWaitForOthersThatHoldThePipesOfAChildWithAnInput) {
  EXPECT_TRUE(succeeds_with_some_timeout([&](nanoseconds timeout) {
    auto command = shell("read line <&3 & cat").pass(rope_.end(), 3);
    const auto output =
        command.output({.input = bytes("in"), .timeout = timeout, .until = OutputEnd::pipes_close});
    EXPECT_TRUE(output && output->timed_out);
    return output->out == "in" && output->status == ExitStatus::exited(0);
  }));
}

TEST_F(OutputTimeout, DoesNotWaitForADescendantThatWritesForever) {
  Command command = shell("yes <&3 & yes <&3 >&2");
  witness_.go_with(command, 4);
  command.pass(rope_.end(), 3).session({.process_group = 0});
  const auto output = command.output({.max_size = 10, .timeout = 20ms});
  ASSERT_TRUE(output);
  EXPECT_TRUE(output->timed_out);
  EXPECT_TRUE(witness_.becomes_alone());
}

// ... or for a process that goes on after the timeout, since nobody may kill it: SIGPIPE ends it.
TEST_F(OutputTimeout, DoesNotWaitForAnotherProcessThatWritesForever) {
  const Output output = run(shell("yes <&3 & exec cat <&3"), 20ms);
  EXPECT_TRUE(output.timed_out);
  EXPECT_EQ(output.status, ExitStatus::killed(SIGKILL));
  EXPECT_TRUE(witness_.becomes_alone());
}

}  // namespace
}  // namespace sysfd_test
