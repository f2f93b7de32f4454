// SPDX-License-Identifier: MIT
//
// Tests that freeze() returns whatever the processes are just doing, and that they go on as they
// were.
#include <sysfd/cgroup.hpp>

#include <sched.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "cgroup/cgroups.hpp"

namespace sysfd_test {
namespace {

siginfo_t wait_for(const Child& child, int options) {
  siginfo_t info{};
  EXPECT_EQ(::waitid(P_PID, static_cast<id_t>(child.pid()), &info, options | __WALL), 0);
  return info;
}

TEST(CgroupFreeze, TakesAlongThoseBelow) {
  SYSFD_REQUIRE_CGROUP();
  const Cgroup cgroup = make_cgroup();
  const Cgroup below = make_cgroup_in(cgroup, "below"), deep = make_cgroup_in(below, "deep");
  const Pipe ends = must(pipe());
  std::vector<Child> children;
  for (const Cgroup* each : {&cgroup, &below, &deep})
    children.push_back(
        must(Command::shell("read line; exit 3").cgroup(each->fd()).stdin_from(ends.read).spawn()));
  ASSERT_TRUE(cgroup.freeze());
  for (const Cgroup* each : {&cgroup, &below, &deep})
    EXPECT_TRUE(must(each->events()).frozen);
  ASSERT_TRUE(deep.thaw());
  EXPECT_TRUE(must(deep.events()).frozen) << "those above are";
  ASSERT_EQ(::write(ends.write.get(), "\n\n\n", 3), 3);
  for (Child& child : children)
    EXPECT_FALSE(child.try_wait().has_value());
  ASSERT_TRUE(cgroup.thaw());
  for (Child& child : children)
    EXPECT_EQ(must(child.wait()).code(), 3);
  EXPECT_FALSE(must(deep.events()).frozen);
}

TEST(CgroupFreeze, StopsProcessesThatFork) {
  SYSFD_REQUIRE_CGROUP();
  const Cgroup cgroup = make_cgroup();
  Child child = start_in(cgroup, "fork() { while :; do (:); done; }; fork & fork & fork & fork");
  // Three of them have one child each at most: there are four then.
  ASSERT_TRUE(await_processes(cgroup, 6));
  for (int round = 0; round < 5; ++round) {
    ASSERT_TRUE(cgroup.freeze(20s));
    const auto frozen = numbers_of(cgroup);
    EXPECT_GE(frozen.size(), 4U);
    EXPECT_EQ(numbers_of(cgroup), frozen);
    ASSERT_TRUE(cgroup.thaw());
    EXPECT_TRUE(await([&] { return numbers_of(cgroup) != frozen; }));
  }
}

TEST(CgroupFreeze, LeavesAStoppedProcessStopped) {
  SYSFD_REQUIRE_CGROUP();
  const Cgroup cgroup = make_cgroup();
  Child child = start_in(cgroup);
  ASSERT_TRUE(child.pidfd().send_signal(SIGSTOP));
  EXPECT_EQ(wait_for(child, WSTOPPED).si_code, CLD_STOPPED);
  ASSERT_TRUE(cgroup.freeze());
  EXPECT_TRUE(must(cgroup.events()).frozen);
  ASSERT_TRUE(cgroup.thaw());
  const std::string status = "/proc/" + std::to_string(child.pid()) + "/stat";
  std::string state;
  std::ifstream(status) >> state >> state >> state;
  EXPECT_EQ(state, "T");

  ASSERT_TRUE(cgroup.freeze());
  ASSERT_TRUE(child.pidfd().send_signal(SIGCONT));
  EXPECT_EQ(wait_for(child, WCONTINUED).si_code, CLD_CONTINUED);
  ASSERT_TRUE(cgroup.freeze()) << "also one that was continued meanwhile";
  ASSERT_TRUE(cgroup.kill());
  EXPECT_EQ(must(child.wait()).signal(), SIGKILL);
}

TEST(CgroupFreeze, TakesATracedProcess) {
  SYSFD_REQUIRE_CGROUP();
  const Cgroup cgroup = make_cgroup();
  Child child = start_in(cgroup);
  if (::ptrace(PTRACE_SEIZE, child.pid(), nullptr, nullptr) != 0) GTEST_SKIP() << "needs ptrace(2)";
  ASSERT_EQ(::ptrace(PTRACE_INTERRUPT, child.pid(), nullptr, nullptr), 0);
  EXPECT_EQ(wait_for(child, WSTOPPED).si_code, CLD_TRAPPED);
  ASSERT_TRUE(cgroup.freeze());
  EXPECT_TRUE(must(cgroup.events()).frozen);
  ASSERT_EQ(::ptrace(PTRACE_DETACH, child.pid(), nullptr, nullptr), 0);
  ASSERT_TRUE(cgroup.freeze()) << "it is stopped by the freezer now";
  EXPECT_FALSE(child.try_wait().has_value());
  ASSERT_TRUE(cgroup.thaw());
  ASSERT_TRUE(cgroup.kill());
  EXPECT_EQ(must(child.wait()).signal(), SIGKILL);
}

// With the memory copied: it may use the stack.
pid_t vfork_with_own_memory() {
  return static_cast<pid_t>(::syscall(SYS_clone, CLONE_VFORK | SIGCHLD, 0, 0, 0, 0));
}

TEST(CgroupFreeze, TakesAProcessThatWaitsForAVforkChild) {
  SYSFD_REQUIRE_CGROUP();
  SYSFD_REQUIRE_ONE_THREAD();
  const Cgroup cgroup = make_cgroup();
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    write_to(cgroup, "cgroup.procs", "0");
    if (vfork_with_own_memory() == 0)
      for (;;)
        ::pause();
    ::_exit(1);
  }
  ASSERT_TRUE(await_processes(cgroup, 2));
  ASSERT_TRUE(cgroup.freeze(20s));
  EXPECT_TRUE(must(cgroup.events()).frozen);
  ASSERT_TRUE(cgroup.thaw());
  ASSERT_TRUE(cgroup.kill());
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
}

TEST(CgroupFreeze, GoesOnAfterItsTimeout) {
  SYSFD_REQUIRE_CGROUP();
  const Cgroup cgroup = make_cgroup();
  Child child = start_in(cgroup);
  const OwnedFd stop = must(event_fd(1));
  const auto canceled = cgroup.freeze(Timeout::forever().canceled_by(stop));
  if (!canceled) expect_error(canceled, CgroupStep::freeze, ECANCELED);
  EXPECT_TRUE(await([&] { return must(cgroup.events()).frozen; }));
  EXPECT_TRUE(cgroup.freeze(0s));
}

}  // namespace
}  // namespace sysfd_test
