// SPDX-License-Identifier: MIT
//
// Tests a running child: waiting for it, and destroying its Child.
#include <sysfd/child.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

static_assert(!std::is_copy_constructible_v<Child> && !std::is_default_constructible_v<Child>);
static_assert(std::is_nothrow_move_constructible_v<Child> &&
              std::is_nothrow_move_assignable_v<Child>);

// Starts a child that runs until its stdin is closed.
Child endless() {
  return must(Command("cat").stdin_from(Stdio::pipe()).stdout_to(Stdio::null()).spawn());
}

// Makes a second pidfd for the process of a child.
PidFd second_pidfd(const Child& child) {
  return must(PidFd::adopt(must(child.fd().duplicate())));
}

TEST(Child, IsTheProcessThatWasStarted) {
  Child child = endless();
  EXPECT_GT(child.pid(), 0);
  EXPECT_EQ(*child.pidfd().pid(), child.pid());
  EXPECT_TRUE(*is_close_on_exec(child.fd()));
  EXPECT_TRUE(child.wait()->success());
}

// This happens in a program that was started without 0, 1 and 2.
TEST(Child, HasNoDescriptorInPlaceOfAStandardStream) {
  run_apart([] {
    for (const int number : {0, 1, 2})
      ::close(number);
    Child child = endless();
    EXPECT_GE(child.pidfd().fd().get(), 3);
    EXPECT_GE(child.stdin_pipe()->get(), 3);
    EXPECT_EQ(child.pidfd().pid(), child.pid());
    for (const int number : {0, 1, 2})
      EXPECT_FALSE(is_open(number)) << number;
    Child other = must(Command("true").terminal().spawn());
    EXPECT_GE(other.terminal()->get(), 3);
  });
}

TEST(Child, IsWaitedForOnceAndRemembered) {
  Child child = must(Command("/bin/sh").args({"-c", "exit 3"}).spawn());
  EXPECT_EQ(*child.wait(), ExitStatus::exited(3));
  EXPECT_EQ(*child.wait(), ExitStatus::exited(3));
  EXPECT_EQ(*child.try_wait(), ExitStatus::exited(3));
  EXPECT_EQ(*child.wait_for(1h), ExitStatus::exited(3));
  EXPECT_EQ(*child.wait_until({}), ExitStatus::exited(3));
}

TEST(Child, HasNoStatusWhileItRuns) {
  Child child = endless();
  auto input = std::exchange(child.stdin_pipe(), std::nullopt);  // a wait would close it
  EXPECT_EQ(error_of(child.try_wait()), std::errc::resource_unavailable_try_again);
  EXPECT_EQ(error_of(child.wait_for(1ms)), std::errc::timed_out);
  EXPECT_EQ(error_of(child.wait_until(std::chrono::steady_clock::now())), std::errc::timed_out);
  input.reset();
  EXPECT_TRUE(child.wait()->success());
}

TEST(Child, CanBeKilledThroughItsPidfd) {
  SYSFD_REQUIRE_ISOLATION();
  Child child = endless();
  ASSERT_TRUE(child.pidfd().send_signal(SIGTERM));
  EXPECT_EQ(*child.wait(), ExitStatus::killed(SIGTERM));
  EXPECT_EQ(child.pidfd().send_signal(SIGTERM).error(), std::errc::no_such_process);
}

TEST(Child, IsKilledAndReapedWhenItIsDropped) {
  SYSFD_REQUIRE_ISOLATION();
  std::optional<Child> child = endless();
  const pid_t pid = child->pid();
  ASSERT_GT(pid, 0);
  const PidFd process = second_pidfd(*child);
  child.reset();
  EXPECT_EQ(process.send_signal(0).error(), std::errc::no_such_process) << "it was reaped";
  EXPECT_EQ(PidFd::open(pid).error(), std::errc::no_such_process);
  const auto status = process.wait();
  if (status) {
    EXPECT_EQ(*status, ExitStatus::killed(SIGKILL));
  }
}

// A program commits what it has read when its input ends: one that is killed must not get that far.
TEST(Child, IsKilledBeforeItSeesTheEndOfItsInput) {
  SYSFD_REQUIRE_ISOLATION();
  const Pipe result = must(sysfd::pipe());
  for (int i = 0; i < 100; ++i) {
    Child child = must(Command::shell("echo; read line; echo ended >&7")
                           .stdin_from(Stdio::pipe())
                           .stdout_to(Stdio::pipe())
                           .pass(result.write, 7)
                           .spawn());
    char started = 0;
    ASSERT_EQ(::read(child.stdout_pipe()->get(), &started, 1), 1);
  }
  ASSERT_TRUE(set_nonblocking(result.read, true));
  char byte = 0;
  EXPECT_EQ(::read(result.read.get(), &byte, 1), -1) << "one child has read the end";
}

TEST(Child, IsDroppedWhenAnotherIsAssigned) {
  SYSFD_REQUIRE_ISOLATION();
  Child child = endless();
  const PidFd first = second_pidfd(child);
  child = endless();
  EXPECT_EQ(first.send_signal(0).error(), std::errc::no_such_process);
  EXPECT_EQ(error_of(child.try_wait()), std::errc::resource_unavailable_try_again);
}

TEST(Child, KeepsItsProcessWhenItIsMoved) {
  SYSFD_REQUIRE_ISOLATION();
  Child child = endless();
  const pid_t pid = child.pid();
  Child moved = std::move(child);
  EXPECT_EQ(moved.pid(), pid);
  EXPECT_TRUE(moved.stdin_pipe());
  EXPECT_FALSE(child.stdin_pipe());  // NOLINT(bugprone-use-after-move): that is what is tested
  Child& alias = moved;
  moved = std::move(alias);
  EXPECT_EQ(error_of(moved.try_wait()), std::errc::resource_unavailable_try_again);
}

TEST(ChildDeathTest, ThatWasMovedFromStopsTheProgram) {
  Child child = endless();
  Child moved = std::move(child);
  EXPECT_DEATH((void)child.pidfd(), "sysfd: use of a Child that was moved from or detached");
}

TEST(Child, LivesOnWhenItIsDetached) {
  SYSFD_REQUIRE_ISOLATION();
  // The child ends when the pipe that it reads is closed: one end stays here, the other one is
  // passed.
  auto [read, write] = *sysfd::pipe();
  const PidFd process =
      must(Command("cat").stdin_from(std::move(read)).stdout_to(Stdio::null()).spawn()).detach();
  EXPECT_EQ(error_of(process.try_wait()), std::errc::resource_unavailable_try_again);
  ASSERT_TRUE(std::move(write).close());
  EXPECT_TRUE(process.wait()->success());
}

TEST(Child, LivesOnWhenThePolicySaysSo) {
  auto [read, write] = *sysfd::pipe();
  std::optional<Child> child = must(Command("cat")
                                        .stdin_from(std::move(read))
                                        .stdout_to(Stdio::null())
                                        .on_drop(DropPolicy::detach)
                                        .spawn());
  const PidFd process = second_pidfd(*child);
  child.reset();
  EXPECT_EQ(error_of(process.try_wait()), std::errc::resource_unavailable_try_again);
  ASSERT_TRUE(std::move(write).close());
  EXPECT_TRUE(process.wait()->success());
}

TEST(Child, IsWaitedForWhenThePolicySaysSo) {
  std::optional<Child> child = must(Command("cat")
                                        .stdin_from(Stdio::pipe())
                                        .stdout_to(Stdio::null())
                                        .on_drop(DropPolicy::wait)
                                        .spawn());
  const PidFd process = second_pidfd(*child);
  child.reset();
  EXPECT_EQ(process.send_signal(0).error(), std::errc::no_such_process);
  const auto status = process.wait();
  if (status) {
    EXPECT_TRUE(status->success());
  }
}

TEST(Child, IsNotWaitedForWhileItsOutputIsUnread) {
  std::optional<Child> child = must(Command("yes")
                                        .stdout_to(Stdio::pipe())
                                        .stderr_to(Stdio::null())
                                        .on_drop(DropPolicy::wait)
                                        .spawn());
  const PidFd process = second_pidfd(*child);
  child.reset();  // closes the pipe first; otherwise it would wait forever
  EXPECT_EQ(process.send_signal(0).error(), std::errc::no_such_process);
}

TEST(ChildDeathTest, ThatWasWaitedForAndDetachedStopsTheProgramToo) {
  Child child = must(Command("true").spawn());
  ASSERT_TRUE(child.wait());
  (void)std::move(child).detach();
  EXPECT_DEATH((void)child.wait(), "sysfd: use of a Child");
}

TEST(ChildDeathTest, ThatWasWaitedForAndMovedFromStopsTheProgramToo) {
  Child child = must(Command("/bin/true").spawn());
  EXPECT_TRUE(child.wait()->success());
  const Child moved = std::move(child);
  EXPECT_DEATH((void)child.wait(), "sysfd: use of a Child that was moved from or detached");
  EXPECT_DEATH((void)child.pid(), "sysfd: use of a Child that was moved from or detached");
}

TEST(Child, IsRightWhereSigchldIsIgnored) {
  run_apart([] {
    ::signal(SIGCHLD, SIG_IGN);
    Child child = must(Command("/bin/sh").args({"-c", "exit 5"}).spawn());
    const auto status = child.wait();
    if (status)
      EXPECT_EQ(*status, ExitStatus::exited(5));
    else
      EXPECT_EQ(status.error(), std::errc::no_child_process)
          << "kernels without the status return an error";
    const auto failed = Command("/no/such").spawn();
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, std::errc::no_such_file_or_directory);
    Child dropped = endless();
  });
}

TEST(Child, IsRightIfOtherCodeReapsIt) {
  run_apart([] {
    Child child = must(Command("/bin/sh").args({"-c", "exit 6"}).spawn());
    int stolen = 0;
    ASSERT_EQ(::waitpid(-1, &stolen, 0), child.pid());
    const auto status = child.wait();
    if (status)
      EXPECT_EQ(*status, ExitStatus::exited(6));
    else
      EXPECT_EQ(status.error(), std::errc::no_child_process);
  });
}

TEST(Child, ThatFailsToStartIsReportedIfOtherCodeReapsEverything) {
  run_apart([] {
    std::atomic<bool> is_over = false;
    const std::jthread reaper([&is_over] {
      while (!is_over)
        ::waitpid(-1, nullptr, WNOHANG);
    });
    for (int round = 0; round < 50; ++round) {
      const auto failed = Command("/no/such").spawn();
      EXPECT_TRUE(!failed && failed.error().code == std::errc::no_such_file_or_directory);
      Child child = must(Command("/bin/true").spawn());
      const auto status = child.wait();
      if (status)
        EXPECT_TRUE(status->success());
      else
        EXPECT_EQ(status.error(), std::errc::no_child_process);
    }
    is_over = true;
  });
}

TEST(Child, CanBeStartedInManyThreadsAtOnce) {
  constexpr int thread_count = 8;
  constexpr int rounds = 40;
  std::vector<std::jthread> threads;
  std::atomic<int> right = 0;
  for (int thread = 0; thread < thread_count; ++thread)
    threads.emplace_back([thread, &right] {
      const auto file = memfd("file");
      for (int round = 0; round < rounds; ++round) {
        if ((round + thread) % 2 == 0) {
          auto child = Command("/bin/true").pass(*file, 3 + round).spawn();
          if (child && child->wait()->success()) ++right;
        } else {
          const auto failed = Command("/no/such").pass(*file, 3 + round).spawn();
          if (!failed && failed.error().code == std::errc::no_such_file_or_directory) ++right;
        }
      }
    });
  threads.clear();
  EXPECT_EQ(right, thread_count * rounds);
}

}  // namespace
}  // namespace sysfd_test
