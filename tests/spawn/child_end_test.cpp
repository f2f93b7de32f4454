// SPDX-License-Identifier: MIT
//
// Ends children by terminate(), or by destroying their Child.
#include <sysfd/child.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <optional>
#include <string>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "spawn/talk.hpp"

namespace sysfd_test {
namespace {

using std::chrono::nanoseconds;

// A child that has reported that it is ready. It lives until the rope is released, unless it is
// told to do something else.
class ChildEnd : public testing::Test {
 protected:
  void SetUp() override { SYSFD_REQUIRE_ISOLATION(); }

  Child start(const std::string& script, DropPolicy policy = DropPolicy::kill,
              nanoseconds grace = 1h, const Session& session = {}) {
    witness_ = Witness();
    Command command = shell(script)
                          .session(session)
                          .stdout_to(Stdio::pipe())
                          .pass(rope_.end(), 3)
                          .on_drop(policy, grace);
    witness_.go_with(command, 4);
    Child child = must(command.spawn());
    char line = 0;
    EXPECT_EQ(::read(child.stdout_pipe()->get(), &line, 1), 1) << "it is ready";
    return child;
  }

  Rope rope_;
  Witness witness_;
};

const char* const obeys = "echo; read line <&3";
// It does not read: a shell notices no signal that comes just before it waits for input.
const char* const exits = "trap 'exit 7' TERM; echo; while :; do :; done";
const char* const refuses = "trap '' TERM; echo; read line <&3";

// Returns how a process has ended, from a second pidfd, after its Child is destroyed.
std::optional<ExitStatus> status_after(std::optional<Child> child) {
  const PidFd process = must(PidFd::adopt(*child->fd().duplicate()));
  child.reset();
  EXPECT_EQ(process.send_signal(0).error(), std::errc::no_such_process) << "it was reaped";
  const auto status = process.wait();
  return status ? std::optional(*status) : std::nullopt;  // none before Linux 6.15
}

void expect_status(const std::optional<ExitStatus>& status, ExitStatus expected) {
  if (status) {
    EXPECT_EQ(*status, expected) << to_string(*status);
  }
}

TEST_F(ChildEnd, IsAskedFor) {
  for (const nanoseconds grace : {nanoseconds(1h), nanoseconds::max()}) {
    Child child = start(obeys);
    EXPECT_EQ(*child.terminate(grace), ExitStatus::killed(SIGTERM));
    EXPECT_TRUE(witness_.is_alone());
  }
}

TEST_F(ChildEnd, MayTakeItsTime) {
  Child child = start(exits);
  EXPECT_EQ(*child.terminate(1h), ExitStatus::exited(7)) << "its own exit status counts";
}

TEST_F(ChildEnd, ComesByForceAfterTheGracePeriod) {
  for (const nanoseconds grace : {nanoseconds(5ms), 0ns, -1ns, nanoseconds::min()}) {
    SCOPED_TRACE(grace.count());
    Child child = start(refuses);
    EXPECT_EQ(*child.terminate(grace), ExitStatus::killed(SIGKILL));
    EXPECT_TRUE(witness_.is_alone());
  }
}

void stop(const Child& child) {
  ASSERT_TRUE(child.pidfd().send_signal(SIGSTOP));
  siginfo_t info;
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child.pid()), &info, WSTOPPED | WNOWAIT), 0);
}

TEST_F(ChildEnd, ComesToAStoppedChildByForceToo) {
  Child child = start(refuses);
  stop(child);
  EXPECT_EQ(*child.terminate(5ms), ExitStatus::killed(SIGKILL));
}

// It continues, so that it can run its handlers.
TEST_F(ChildEnd, IsAskedForWhereItIsStopped) {
  Child child = start(exits);
  stop(child);
  EXPECT_EQ(*child.terminate(1h), ExitStatus::exited(7));
}

TEST_F(ChildEnd, ByDropIsAskedForWhereItIsStopped) {
  std::optional<Child> child = start(exits, DropPolicy::terminate);
  stop(*child);
  expect_status(status_after(std::move(child)), ExitStatus::exited(7));
}

// The child ignores the signal, but reads its input to the end.
TEST_F(ChildEnd, ClosesTheInputThatTheChildMayBeWaitingFor) {
  Child child = must(shell("trap '' TERM; echo; cat; exit 8")
                         .stdin_from(Stdio::pipe())
                         .stdout_to(Stdio::pipe())
                         .spawn());
  char line = 0;
  ASSERT_EQ(::read(child.stdout_pipe()->get(), &line, 1), 1);
  EXPECT_EQ(*child.terminate(1h), ExitStatus::exited(8));
}

TEST_F(ChildEnd, IsRememberedWhenItWasThereBefore) {
  Child reaped = must(shell("exit 3").spawn());
  EXPECT_EQ(*reaped.wait(), ExitStatus::exited(3));
  EXPECT_EQ(*reaped.terminate(1h), ExitStatus::exited(3));

  Child zombie = must(shell("exit 3").spawn());
  siginfo_t info;
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(zombie.pid()), &info, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(*zombie.terminate(0ns), ExitStatus::exited(3));
}

TEST_F(ChildEnd, ByDropIsAskedForIfThePolicySaysSo) {
  expect_status(status_after(start(obeys, DropPolicy::terminate)), ExitStatus::killed(SIGTERM));
  EXPECT_TRUE(witness_.is_alone());
}

TEST_F(ChildEnd, ByDropComesByForceAfterTheGracePeriod) {
  expect_status(status_after(start(refuses, DropPolicy::terminate, 5ms)),
                ExitStatus::killed(SIGKILL));
  EXPECT_TRUE(witness_.is_alone());
}

TEST_F(ChildEnd, ByDropIsNotAskedForIfThePolicyIsToKill) {
  expect_status(status_after(start(exits)), ExitStatus::killed(SIGKILL));
  EXPECT_TRUE(witness_.is_alone());
}

TEST_F(ChildEnd, ByDropIsWaitedForIfThePolicySaysSo) {
  std::optional<Child> child = start("echo; read line <&3; exit 9", DropPolicy::wait);
  rope_.let_go();
  expect_status(status_after(std::move(child)), ExitStatus::exited(9));
}

// Its descendants live on, unless the child leads their process group.
TEST_F(ChildEnd, IsNotTheEndOfWhatItHasStarted) {
  for (const DropPolicy policy : {DropPolicy::kill, DropPolicy::terminate}) {
    (void)status_after(start("cat <&3 >/dev/null & echo; read line <&3", policy));
    EXPECT_FALSE(witness_.is_alone());
  }
  rope_.let_go();
  EXPECT_TRUE(witness_.becomes_alone());
}

constexpr Session groups[] = {{.process_group = 0}, {.new_session = true}};

TEST_F(ChildEnd, ByForceIsTheEndOfTheGroupThatItLeads) {
  const char* const script = "trap '' TERM; cat <&3 >/dev/null & echo; read line <&3";
  for (const Session& session : groups) {
    for (const DropPolicy policy : {DropPolicy::kill, DropPolicy::terminate}) {
      expect_status(status_after(start(script, policy, 5ms, session)), ExitStatus::killed(SIGKILL));
      EXPECT_TRUE(witness_.becomes_alone());
    }
    EXPECT_EQ(*start(script, {}, {}, session).terminate(5ms), ExitStatus::killed(SIGKILL));
    EXPECT_TRUE(witness_.becomes_alone());
  }
}

TEST_F(ChildEnd, IsAskedForInTheGroupThatItLeads) {
  const char* const script = "cat <&3 >/dev/null & echo; read line <&3";
  for (const Session& session : groups) {
    EXPECT_EQ(*start(script, {}, {}, session).terminate(1h), ExitStatus::killed(SIGTERM));
    EXPECT_TRUE(witness_.becomes_alone());
  }
}

// They have received the signal. How long they take is up to them.
TEST_F(ChildEnd, InTimeLeavesTheOthersOfItsGroupToThemselves) {
  const char* const script =
      "trap 'exit 7' TERM; (trap '' TERM; echo; exec cat <&3 >/dev/null) & wait";
  EXPECT_EQ(*start(script, {}, {}, groups[0]).terminate(1h), ExitStatus::exited(7));
  EXPECT_FALSE(witness_.is_alone());
  rope_.let_go();
  EXPECT_TRUE(witness_.becomes_alone());
}

TEST_F(ChildEnd, DoesNotComeByDetaching) {
  for (const DropPolicy policy :
       {DropPolicy::kill, DropPolicy::terminate, DropPolicy::wait, DropPolicy::detach}) {
    SCOPED_TRACE(static_cast<int>(policy));
    Rope rope;
    Command command = shell("cat <&3; exit 6").pass(rope.end(), 3).on_drop(policy);
    Child child = must(command.spawn());
    const pid_t pid = child.pid();
    const PidFd process = std::move(child).detach();
    EXPECT_EQ(*process.pid(), pid);
    EXPECT_EQ(error_of(process.try_wait()), std::errc::resource_unavailable_try_again);
    rope.let_go();
    EXPECT_EQ(*process.wait(), ExitStatus::exited(6));
  }
}

TEST_F(ChildEnd, ClosesThePipesWhenItIsDetached) {
  Child child = must(Command("sh")
                         .args({"-c", "while read line; do :; done"})
                         .stdin_from(Stdio::pipe())
                         .stdout_to(Stdio::pipe())
                         .stderr_to(Stdio::pipe())
                         .spawn());
  const PidFd process = std::move(child).detach();
  EXPECT_TRUE(process.wait()->success()) << "it has seen the end of its input";
}

}  // namespace
}  // namespace sysfd_test
