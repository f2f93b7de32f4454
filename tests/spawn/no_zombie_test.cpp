// SPDX-License-Identifier: MIT
//
// Tests Command::leave_no_zombie(): no process here has to reap these children, or can.
#include <sysfd/command.hpp>

#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <sysfd/create.hpp>
#include <sysfd/pipeline.hpp>
#include <sysfd/spawn_all.hpp>

#include "support/prelude.hpp"

#include "pidfd/child.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"
#include "support/stopped_calls.hpp"

namespace sysfd_test {
namespace {

Command shell(const char* line) {
  return Command("/bin/sh").args({"-c", line}).leave_no_zombie();
}

// True if there is any child, including those whose end no signal announces, and those that have
// ended.
bool has_children() {
  siginfo_t info{};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0;
}

// SIGCHLD becomes pending when the first child ends and leaves a zombie.
void block_sigchld() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
}
bool sigchld_is_pending() {
  sigset_t set;
  ::sigpending(&set);
  return sigismember(&set, SIGCHLD) == 1;
}

// True if the kernel knows CLONE_AUTOREAP, which needs no helper process.
bool kernel_reaps() {
  auto child = Command("/bin/true").on_drop(DropPolicy::detach).spawn();
  if (!child) return false;
  const bool reaps = child->report().reaps_itself;
  (void)child->wait();
  return reaps;
}

// Expects the status, or the error of kernels that cannot tell the status of a process that is no
// child.
void expect_end(const Result<ExitStatus>& status, const ExitStatus& expected) {
  if (!status && !kernel_has("PIDFD_INFO_EXIT")) {
    EXPECT_EQ(status.error(), std::errc::no_child_process);
    return;
  }
  EXPECT_EQ(status, expected);
}

class ChildWithoutZombie : public testing::Test {
 protected:
  void SetUp() override { SYSFD_REQUIRE_ISOLATION(); }
};

TEST_F(ChildWithoutZombie, IsNotFoundByWaits) {
  run_apart([] {
    Child child = must(shell("read line; exit 7").stdin_from(Stdio::pipe()).spawn());
    EXPECT_EQ(child.report().reaps_itself, kernel_reaps());
    EXPECT_TRUE(child.report().reaps_itself || !has_children()) << "it belongs to another process";
    child.stdin_pipe().reset();
    wait_until_gone(child.pidfd());
    EXPECT_FALSE(has_children());
    expect_end(child.wait(), ExitStatus::exited(7));
  });
}

TEST_F(ChildWithoutZombie, SendsNoSigchld) {
  run_apart([] {
    block_sigchld();
    Child child = must(shell("exit 0").spawn());
    wait_until_gone(child.pidfd());
    EXPECT_FALSE(sigchld_is_pending());
    EXPECT_FALSE(has_children());
  });
}

TEST_F(ChildWithoutZombie, IsAChildOfInitWhenSpawnHasReturned) {
  run_apart([] {
    Child child = must(shell("read line; cut -d ' ' -f 4 /proc/$$/stat")
                           .stdin_from(Stdio::pipe())
                           .stdout_to(Stdio::pipe())
                           .spawn());
    const std::string parent = must(child.communicate()).out;
    EXPECT_EQ(parent, (child.report().reaps_itself ? std::to_string(::getpid()) : "1") + "\n");
  });
}

TEST_F(ChildWithoutZombie, HasItsPipesItsDescriptorsAndItsNumber) {
  run_apart([] {
    Pipe pipe = must(sysfd::pipe());
    Child child = must(shell("cat; cat <&7; echo $$")
                           .stdin_from(Stdio::pipe())
                           .stdout_to(Stdio::pipe())
                           .pass(std::move(pipe.read), 7)
                           .spawn());
    ASSERT_EQ(::write(pipe.write.get(), "seven ", 6), 6);
    {
      const OwnedFd closed = std::move(pipe.write);
    }
    const auto output = must(child.communicate({.input = "zero "}));
    EXPECT_EQ(output.out, "zero seven " + std::to_string(child.pid()) + "\n");
  });
}

TEST_F(ChildWithoutZombie, IsKilledWhenItIsDropped) {
  run_apart([] {
    std::optional<PidFd> process;
    {
      Child child = must(shell("read line").stdin_from(Stdio::pipe()).spawn());
      process.emplace(PidFd::unsafe_adopt(must(child.pidfd().fd().duplicate())));
    }
    wait_until_ended(*process);
    EXPECT_FALSE(has_children());
  });
}

TEST_F(ChildWithoutZombie, IsEndedWithTheGroupThatItLeads) {
  run_apart([] {
    Child child = must(shell("sleep 1000 & read line")
                           .session({.process_group = 0})
                           .stdin_from(Stdio::pipe())
                           .stdout_to(Stdio::pipe())
                           .spawn());
    const auto sent = child.send_signal_to_group(SIGKILL);
    if (!kernel_has("scopes of pidfd_send_signal")) {
      EXPECT_EQ(error_of(sent), std::errc::operation_not_supported);
      return;
    }
    ASSERT_TRUE(sent) << sent.error().message();
    EXPECT_EQ(must(child.communicate()).out, "") << "to the end: nobody has the pipe any more";
  });
}

TEST_F(ChildWithoutZombie, ComesFromEveryWayToStartOne) {
  run_apart([] {
    const auto prepared = must(shell("exit 3").prepare());
    for (int i = 0; i < 3; ++i)
      expect_end(must(prepared.spawn()).wait(), ExitStatus::exited(3));
    for (const auto how : {Confirmation::by_finish, Confirmation::by_descriptor}) {
      PendingChild pending = must(shell("exit 4").spawn_async(how));
      expect_end(must(pending.finish()).wait(), ExitStatus::exited(4));
    }
    const auto both = must(shell("exit 4").prepare());
    expect_end(must(must(both.spawn_async()).finish()).wait(), ExitStatus::exited(4));
    expect_end(must(both.spawn()).wait(), ExitStatus::exited(4));
    std::vector<Command> commands;
    for (int i = 0; i < 8; ++i)
      commands.push_back(shell("exit 5"));
    for (auto& child : spawn_all(commands)) {
      ASSERT_TRUE(child) << child.error().describe();
      expect_end(child->wait(), ExitStatus::exited(5));
    }
    Command again = shell("exit 6");
    for (int i = 0; i < 3; ++i)
      expect_end(must(again.spawn()).wait(), ExitStatus::exited(6));
    EXPECT_FALSE(has_children());
  });
}

TEST_F(ChildWithoutZombie, IsMadeByCloneWhereClone3IsRefused) {
  for (const int error : {ENOSYS, EPERM}) {
    run_apart([&] {
      refuse_calls({{SYS_clone3, error}});
      Child child = must(shell("exit 3").spawn());
      EXPECT_FALSE(child.report().by_clone3);
      EXPECT_FALSE(child.report().reaps_itself);
      wait_until_gone(child.pidfd());
      EXPECT_FALSE(has_children());
    });
  }
}

TEST_F(ChildWithoutZombie, IsNotLeftWhereTheProgramCannotBeExecuted) {
  run_apart([] {
    Command command = Command("/no/such/program").leave_no_zombie();
    for (int i = 0; i < 2; ++i) {
      const auto child = command.spawn();
      ASSERT_FALSE(child);
      EXPECT_EQ(child.error().step, SpawnStep::exec);
      EXPECT_EQ(child.error().code, std::errc::no_such_file_or_directory);
    }
    auto pending = must(Command("/no/such/program").leave_no_zombie().spawn_async());
    const auto child = pending.finish();
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().step, SpawnStep::exec);
    EXPECT_FALSE(has_children());
  });
}

TEST_F(ChildWithoutZombie, MayLiveInNamespacesWithIdMaps) {
  run_apart([] {
    auto child = shell("id -u; echo $$")
                     .stdout_to(Stdio::pipe())
                     .namespaces({.create = Namespace::user | Namespace::pid,
                                  .user_map = {{0, ::geteuid(), 1}}})
                     .spawn();
    if (!child && child.error().step == SpawnStep::namespaces)
      GTEST_SKIP() << "needs user namespaces";
    ASSERT_TRUE(child) << child.error().describe();
    EXPECT_EQ(must(child->communicate()).out, "0\n1\n");
    EXPECT_FALSE(has_children());
  });
}

TEST_F(ChildWithoutZombie, IsRefusedToAProcessThatIsGivenOrphans) {
  if (kernel_reaps()) GTEST_SKIP() << "needs a kernel without CLONE_AUTOREAP (before Linux 7.1)";
  run_apart([] {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    const auto child = shell("exit 0").spawn();
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().step, SpawnStep::clone);
    EXPECT_EQ(child.error().code, std::errc::operation_not_supported);
    EXPECT_NE(child.error().describe().find("leave_no_zombie()"), std::string::npos)
        << child.error().describe();
    EXPECT_FALSE(has_children());
  });
}

TEST_F(ChildWithoutZombie, IsRefusedIfTheThreadsChildrenAreInANewPidNamespace) {
  SYSFD_REQUIRE_ROOT();
  if (kernel_reaps()) GTEST_SKIP() << "needs a kernel without CLONE_AUTOREAP (before Linux 7.1)";
  run_apart([] {
    ASSERT_EQ(::unshare(CLONE_NEWPID), 0);
    const auto child = shell("exit 0").spawn();
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().code, std::errc::operation_not_supported);
    EXPECT_FALSE(has_children());
  });
}

TEST_F(ChildWithoutZombie, IsRefusedWhereItNeedsAParent) {
  const auto expect_refusal = [](const SpawnError& error, const std::string& why) {
    EXPECT_EQ(error.step, SpawnStep::clone);
    EXPECT_EQ(error.code, std::errc::invalid_argument);
    EXPECT_NE(error.describe().find("leave_no_zombie() with " + why), std::string::npos)
        << error.describe();
  };
  run_apart([&] {
    expect_refusal(shell("exit 0").status().error(), "status()");
    expect_refusal(shell("exit 0").output().error(), "output()");
    expect_refusal((shell("exit 0") | Command("/bin/cat")).spawn().error(), "output()");
    expect_refusal(shell("exit 0").exec(), "exec()");
    expect_refusal(shell("exit 0").kill_with_parent().spawn().error(), "kill_with_parent()");
    expect_refusal(shell("exit 0").parent_death_signal(SIGTERM).spawn().error(),
                   "parent_death_signal()");
    const OwnedFd own = must(sysfd::open(cwd(), "/proc/self/ns/pid", O_RDONLY));
    expect_refusal(shell("exit 0").namespaces({.join = {{.of = own}}}).spawn().error(),
                   "a pid namespace that is joined");
    EXPECT_FALSE(has_children());
  });
}

// The process that makes the child sleeps until the child has executed its program, or does not use
// its memory any more.
TEST_F(ChildWithoutZombie, IsKilledAndReportedWhereTheProcessThatMadeItIsKilled) {
  if (!std::filesystem::exists("/proc/thread-self/children"))
    GTEST_SKIP() << "needs /proc/<pid>/children";
  SYSFD_REQUIRE_ONE_THREAD();
  if (kernel_reaps()) GTEST_SKIP() << "needs a kernel without CLONE_AUTOREAP (before Linux 7.1)";
  run_apart([] {
    StoppedCalls stopped(SYS_execve);
    const pid_t self = ::getpid();
    std::thread killer([&] {
      if (!stopped.await()) return;
      std::ifstream children("/proc/" + std::to_string(self) + "/task/" + std::to_string(self) +
                             "/children");
      pid_t between = 0;
      children >> between;
      if (between > 0) ::kill(between, SIGKILL);
    });
    const auto before = open_descriptors();
    const auto child = shell("exit 0").spawn();
    killer.join();
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().step, SpawnStep::clone);
    EXPECT_EQ(child.error().code, std::errc::operation_canceled);
    EXPECT_FALSE(has_children());
    EXPECT_EQ(open_descriptors(), before);
  });
}

}  // namespace
}  // namespace sysfd_test
