// SPDX-License-Identifier: MIT
//
// Makes sure that the process number of a Child whose process other code has reaped is given to
// another process, and that nothing that is done with the Child reaches that one.
#include <sysfd/child.hpp>

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <optional>
#include <utility>

#include <sysfd/command.hpp>

#include "support/prelude.hpp"

#include "pidfd/child.hpp"
#include "spawn/pending.hpp"
#include "spawn/talk.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

constexpr std::uint32_t to_group = 4;  // PIDFD_SIGNAL_PROCESS_GROUP, argument 3

// A process that has the number of one that is gone, and leads a group with that number.
class Innocent {
 public:
  explicit Innocent(pid_t number) : process_(ForkedChild::with_number(number)) {
    EXPECT_EQ(process_.pid(), number);
    EXPECT_EQ(::setpgid(number, number), 0);
  }

  void expect_unharmed() {
    process_.end(5);
    EXPECT_EQ(process_.reap(), 5 << 8) << "it ends when it is told to, and is reaped here";
  }

 private:
  ForkedChild process_;
};

// What a wait says of a process that other code has reaped.
void expect_end(const Result<ExitStatus>& status) {
  if (kernel_has("PIDFD_INFO_EXIT"))
    EXPECT_EQ(status, ExitStatus::exited(3));
  else
    EXPECT_EQ(error_of(status), std::errc::no_child_process);
}

class ReusedNumberOfAChild : public testing::Test {
 protected:
  void SetUp() override {
    SYSFD_REQUIRE_ISOLATION();
    SYSFD_REQUIRE_ROOT();
  }

  // Returns a Child that leads a process group, and does not know that its process is gone.
  static Child reaped_child(DropPolicy policy = DropPolicy::kill) {
    Child child = must(shell("exit 3").session({.process_group = 0}).on_drop(policy, 1h).spawn());
    const bool reaps_itself = policy == DropPolicy::detach && kernel_has("CLONE_AUTOREAP");
    EXPECT_EQ(::waitpid(child.pid(), nullptr, 0), reaps_itself ? -1 : child.pid());
    return child;
  }
};

TEST_F(ReusedNumberOfAChild, GetsNoSignalOfTheChild) {
  Child child = reaped_child();
  Innocent innocent(child.pid());
  for (const int signo : {0, SIGTERM, SIGKILL})
    EXPECT_EQ(error_of(child.pidfd().send_signal(signo)), std::errc::no_such_process);
  innocent.expect_unharmed();
}

TEST_F(ReusedNumberOfAChild, GetsNoSignalOfItsGroup) {
  const auto expected = kernel_has("scopes of pidfd_send_signal")
                            ? std::errc::no_such_process
                            : std::errc::operation_not_supported;
  for (const bool knows_its_end : {false, true}) {
    SCOPED_TRACE(knows_its_end);
    Child child = reaped_child();
    if (knows_its_end) expect_end(child.wait());
    Innocent innocent(child.pid());
    for (const int signo : {0, SIGTERM, SIGKILL})
      EXPECT_EQ(error_of(child.send_signal_to_group(signo)), expected) << signo;
    innocent.expect_unharmed();
  }
}

// Before Linux 6.9, a group is named by its number.
TEST_F(ReusedNumberOfAChild, GetsNoSignalOfItsGroupByNumber) {
  run_apart([] {
    refuse_calls({{SYS_pidfd_send_signal, EINVAL, RefusedCall::Match{3, to_group}}});
    Child child = reaped_child();
    Innocent innocent(child.pid());
    for (const int signo : {0, SIGTERM, SIGKILL})
      EXPECT_EQ(error_of(child.send_signal_to_group(signo)), std::errc::operation_not_supported)
          << signo;
    expect_end(child.terminate(1h));
    {
      const Child dropped = std::move(child);
    }
    innocent.expect_unharmed();
  });
}

TEST_F(ReusedNumberOfAChild, IsNotTerminated) {
  for (const std::chrono::nanoseconds grace : {std::chrono::nanoseconds(1h), 0ns}) {
    Child child = reaped_child();
    Innocent innocent(child.pid());
    expect_end(child.terminate(grace));
    innocent.expect_unharmed();
  }
}

TEST_F(ReusedNumberOfAChild, IsLeftAloneByEachWayToDropTheChild) {
  for (const DropPolicy policy :
       {DropPolicy::kill, DropPolicy::terminate, DropPolicy::wait, DropPolicy::detach}) {
    SCOPED_TRACE(static_cast<int>(policy));
    std::optional<Child> child = reaped_child(policy);
    Innocent innocent(child->pid());
    child.reset();
    innocent.expect_unharmed();
  }
}

// The new process is a child of this one, too, and has ended.
TEST_F(ReusedNumberOfAChild, IsNotWaitedFor) {
  Child child = reaped_child();
  ForkedChild innocent = ForkedChild::with_number(child.pid());
  innocent.end(5);
  expect_end(child.try_wait());
  expect_end(child.wait_for(1h));
  expect_end(child.wait());
  EXPECT_EQ(innocent.reap(), 5 << 8) << "nobody else has reaped it";
}

// Nobody in this process has reaped this one: its number is free as soon as it has ended.
TEST_F(ReusedNumberOfAChild, IsLeftAloneByOneThatLeavesNoZombie) {
  Child child = must(shell("exit 3").session({.process_group = 0}).leave_no_zombie().spawn());
  wait_until_gone(child.pidfd());
  Innocent innocent(child.pid());
  EXPECT_FALSE(child.send_signal_to_group(SIGKILL));
  expect_end(child.terminate(0ns));
  {
    const Child dropped = std::move(child);
  }
  innocent.expect_unharmed();
}

TEST_F(ReusedNumberOfAChild, IsLeftAloneByAPendingOne) {
  for (const bool cancels : {false, true}) {
    SCOPED_TRACE(cancels);
    std::optional<PendingChild> pending =
        start(shell("exit 3").session({.process_group = 0}).on_drop(DropPolicy::kill));
    const pid_t number = pending->pid();
    EXPECT_EQ(::waitpid(number, nullptr, __WALL), number);
    Innocent innocent(number);
    if (cancels) pending->cancel();
    pending.reset();
    innocent.expect_unharmed();
  }
}

}  // namespace
}  // namespace sysfd_test
