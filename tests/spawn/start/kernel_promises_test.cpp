// SPDX-License-Identifier: MIT
//
// Tests what newer kernels promise about a child (CLONE_AUTOREAP, CLONE_PIDFD_AUTOKILL, CLONE_NNP,
// Linux 7.1), and what older ones do instead.
#include <sysfd/command.hpp>

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <optional>
#include <thread>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "pidfd/child.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

// True if the kernel knows CLONE_AUTOREAP.
bool kernel_reaps() {
  auto child = Command("/bin/true").on_drop(DropPolicy::detach).spawn();
  if (!child) return false;
  const bool reaps = child->report().reaps_itself;
  (void)child->wait();
  return reaps;
}

bool has_children() {
  siginfo_t info{};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0;
}

// A child that lives until the end of its stdin.
Command waiting_child() {
  return Command("/bin/cat").stdin_from(Stdio::pipe());
}

TEST(DetachedChild, LeavesNoZombieWhereTheKernelReapsAndOneElsewhere) {
  std::optional<PidFd> process;
  bool reaps = false;
  {
    auto child = waiting_child().on_drop(DropPolicy::detach).spawn();
    ASSERT_TRUE(child) << child.error().describe();
    reaps = child->report().reaps_itself;
    process = std::move(*child).detach();  // closes its stdin
  }
  wait_until_ended(*process);
  EXPECT_EQ(has_children(), !reaps);
  if (!reaps) {
    EXPECT_TRUE(process->wait()->success());
  }
}

TEST(DetachedChild, HasAStatusInSpiteOfReapingItself) {
  if (!kernel_reaps()) GTEST_SKIP() << "needs CLONE_AUTOREAP (Linux 7.1)";
  auto child = Command("/bin/sh").args({"-c", "exit 7"}).on_drop(DropPolicy::detach).spawn();
  ASSERT_TRUE(child) << child.error().describe();
  EXPECT_EQ(child->wait(), ExitStatus::exited(7));
  EXPECT_FALSE(has_children());
}

TEST(DetachedChild, IsMadeByCloneWithoutThePromise) {
  run_apart([] {
    refuse_calls({{SYS_clone3, EPERM}});
    auto child = Command("/bin/true").on_drop(DropPolicy::detach).spawn();
    ASSERT_TRUE(child) << child.error().describe();
    EXPECT_FALSE(child->report().by_clone3);
    EXPECT_FALSE(child->report().reaps_itself);
    EXPECT_TRUE(child->wait()->success());
  });
}

TEST(OtherChildren, AreNotReapedByTheKernel) {
  auto child = Command("/bin/true").spawn();
  ASSERT_TRUE(child) << child.error().describe();
  EXPECT_FALSE(child->report().reaps_itself);
  EXPECT_FALSE(child->report().killed_with_parent);
  wait_until_ended(child->pidfd());
  EXPECT_TRUE(has_children());
}

TEST(ChildKilledWithParent, EndsWhenTheParentEnds) {
  SYSFD_REQUIRE_ISOLATION();
  auto death = sysfd::pipe();
  ASSERT_TRUE(death);
  const pid_t parent = ::fork();
  ASSERT_GE(parent, 0);
  if (parent == 0) {
    // The child is the only process that has the pipe's end open when this process has ended.
    auto child = Command("/bin/cat")
                     .stdin_from(Stdio::pipe())
                     .pass(death->write, 7)
                     .kill_with_parent()
                     .spawn();
    if (!child) ::_exit(1);
    ::kill(::getpid(), SIGKILL);  // runs no destructors
  }
  death->write = std::move(death->read);  // closes the other end
  int status = 0;
  ASSERT_EQ(::waitpid(parent, &status, 0), parent);
  EXPECT_TRUE(WIFSIGNALED(status));
  char byte = 0;
  EXPECT_EQ(::read(death->write.get(), &byte, 1), 0) << "the end of the pipe: the child is gone";
}

TEST(ChildKilledWithParent, DoesNotEndWithTheThreadWhereTheKernelBindsItToThePidfd) {
  SYSFD_REQUIRE_ISOLATION();
  std::optional<Result<Child, SpawnError>> child;
  std::thread([&] { child.emplace(waiting_child().kill_with_parent().spawn()); }).join();
  ASSERT_TRUE(*child) << child->error().describe();
  if (!(*child)->report().killed_with_parent) {
    wait_until_ended((*child)->pidfd());  // its input is still open
    EXPECT_EQ((*child)->wait(), ExitStatus::killed(SIGKILL)) << "that is the limit";
    GTEST_SKIP() << "needs CLONE_PIDFD_AUTOKILL (Linux 7.1)";
  }
  EXPECT_EQ(error_of((*child)->try_wait()), std::errc::resource_unavailable_try_again)
      << "it lives";
}

// What was opened by its number is not the descriptor that it depends on.
TEST(ChildKilledWithParent, DoesNotEndWithAnotherPidfdOfIt) {
  SYSFD_REQUIRE_ISOLATION();
  auto child = waiting_child().stdout_to(Stdio::pipe()).kill_with_parent().spawn();
  ASSERT_TRUE(child) << child.error().describe();
  {
    const PidFd opened = must(PidFd::open(child->pid()));
    EXPECT_TRUE(opened.send_signal(0));
  }
  const auto answer = child->communicate({.input = "alive"});
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->out, "alive");
}

TEST(ChildKilledWithParent, NeedsNoPrivilegeWithNoNewPrivileges) {
  if (!kernel_reaps()) GTEST_SKIP() << "needs CLONE_PIDFD_AUTOKILL (Linux 7.1)";
  SYSFD_REQUIRE_ROOT();
  run_apart([] {
    ASSERT_EQ(::setresuid(65534, 65534, 65534), 0);
    auto without = waiting_child().kill_with_parent().spawn();
    ASSERT_TRUE(without) << without.error().describe();
    EXPECT_FALSE(without->report().killed_with_parent);
    auto with = waiting_child().kill_with_parent().identity({.no_new_privileges = true}).spawn();
    ASSERT_TRUE(with) << with.error().describe();
    EXPECT_TRUE(with->report().killed_with_parent);
  });
}

}  // namespace
}  // namespace sysfd_test
