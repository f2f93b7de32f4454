// SPDX-License-Identifier: MIT
//
// Tests trees that have a cgroup of their own (Command::contain()): limits, counts, and why they
// have ended.
#include <sysfd/containment.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <utility>

#include <sysfd/cgroup.hpp>
#include <sysfd/command.hpp>
#include <sysfd/create.hpp>
#include <sysfd/pipeline.hpp>

#include "support/prelude.hpp"

#include "cgroup/cgroups.hpp"
#include "support/kernel_features.hpp"

namespace sysfd_test {
namespace {

Command contained(const std::string& line, Containment containment) {
  return Command::shell(line).contain(std::move(containment));
}

// Needs more than 64 MiB of memory at once.
constexpr const char* greedy = "exec dd if=/dev/zero of=/dev/null bs=64M count=1 2>/dev/null";

class ContainedTree : public testing::Test {
 protected:
  void SetUp() override {
    SYSFD_REQUIRE_CGROUP();
    SYSFD_REQUIRE_ROOT();
  }
  // The cgroups of trees below this one.
  static int trees_below(const Cgroup& parent) {
    const auto path = "/proc/self/fd/" + std::to_string(parent.fd().get());
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      const std::string name = entry.path().filename();
      count += name.starts_with("sysfd-tree-") ? 1 : 0;
      EXPECT_FALSE(name.starts_with("sysfd-tree-0-")) << "the pid namespace is not known";
    }
    return count;
  }
};

// True if there is any cgroup below.
bool is_there_any(const Cgroup& parent) {
  const auto path = "/proc/self/fd/" + std::to_string(parent.fd().get());
  return std::ranges::any_of(std::filesystem::directory_iterator(path),
                             [](const auto& entry) { return entry.is_directory(); });
}

TEST_F(ContainedTree, HasItsCgroupUntilItIsDropped) {
  const Cgroup parent = make_cgroup();
  {
    auto child = contained("setsid sleep 1000 & read line", {.own_cgroup = true, .parent = &parent})
                     .stdin_from(Stdio::pipe())
                     .spawn();
    ASSERT_TRUE(child) << child.error().describe();
    EXPECT_EQ(trees_below(parent), 1);
    EXPECT_TRUE(await_processes(parent, 2));
    EXPECT_EQ(must(parent.processes()).size(), 2U) << "the keeper is outside";
    const auto usage = child->usage();
    ASSERT_TRUE(usage);
    EXPECT_TRUE(usage->cpu_user);
    EXPECT_EQ(child->ending().error(), std::errc::resource_unavailable_try_again);
  }
  EXPECT_EQ(trees_below(parent), 0);
  EXPECT_TRUE(parent.wait_empty(20s));
}

// The limits of the parent are about all of them.
TEST_F(ContainedTree, HasThoseOfAllStagesOfAPipelineInOneParent) {
  const Cgroup parent = make_cgroup();
  const Containment in_parent{.own_cgroup = true, .parent = &parent};
  Pipeline pipeline(contained("exec sleep 1000", in_parent), contained("cat; exit", in_parent));
  {
    const auto children = must(pipeline.spawn());
    EXPECT_EQ(children.size(), 2U);
    EXPECT_EQ(trees_below(parent), 2);
    EXPECT_TRUE(await_processes(parent, 3));
  }
  EXPECT_EQ(trees_below(parent), 0);
  EXPECT_TRUE(parent.wait_empty(20s));
}

TEST_F(ContainedTree, IsOneForAllStagesOfAPipeline) {
  const Cgroup parent = make_cgroup();
  const Containment in_parent{.own_cgroup = true, .parent = &parent};
  Pipeline pipeline(Command::shell("exec sleep 1000"), Command::shell("cat; exit"));
  pipeline.contain(in_parent);
  {
    const auto children = must(pipeline.spawn());
    EXPECT_EQ(trees_below(parent), 1);
    EXPECT_TRUE(await_processes(parent, 3)) << "the keeper is outside";
    EXPECT_EQ(must(parent.processes()).size(), 3U);
    for (const Child& child : children)
      EXPECT_TRUE(child.usage());
  }
  EXPECT_EQ(trees_below(parent), 0);
  EXPECT_TRUE(parent.wait_empty(20s));
  Pipeline failing(Command::shell("exec sleep 1000"), Command("/no/such"));
  EXPECT_FALSE(failing.contain(in_parent).spawn());
  EXPECT_EQ(trees_below(parent), 0);
  Pipeline elsewhere(Command("true"), Command("true").cgroup(parent.fd()));
  const auto refused = elsewhere.contain(in_parent).spawn();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().step, SpawnStep::containment);
  EXPECT_EQ(refused.error().stage, 1);
  EXPECT_EQ(trees_below(parent), 0);
}

TEST_F(ContainedTree, LeavesNoCgroupWhereTheStartFails) {
  const Cgroup parent = make_cgroup();
  auto child = Command("/no/such").contain({.own_cgroup = true, .parent = &parent}).spawn();
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error().step, SpawnStep::exec);
  EXPECT_EQ(trees_below(parent), 0);
}

TEST_F(ContainedTree, HasItsLimitsOrDoesNotStart) {
  const Cgroup own = must(Cgroup::own());
  const bool has_pids = must(own.abilities()).available.contains(Controller::pids);
  const auto status = contained("exit 3", {.limits = {.pids_max = 100}, .parent = &own}).status();
  if (has_pids) {
    EXPECT_EQ(status, ExitStatus::exited(3));
  } else {
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().step, SpawnStep::cgroup);
    EXPECT_EQ(status.error().describe(),
              "cgroup, controller \"pids\": the parent does not have it: enable it above, or it is "
              "used by cgroups of version 1: No such file or directory");
  }
  EXPECT_EQ(trees_below(own), 0);
}

TEST_F(ContainedTree, CannotBeInAnotherCgroupToo) {
  const Cgroup other = make_cgroup();
  auto child = contained("exit", {.own_cgroup = true}).cgroup(other.fd()).spawn();
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error().step, SpawnStep::containment);
  EXPECT_EQ(child.error().code, std::errc::invalid_argument);
}

TEST_F(ContainedTree, WithoutItsOwnCgroupMayBeInAnother) {
  const Cgroup other = make_cgroup();
  auto child = contained("exec sleep 1000", {}).cgroup(other.fd()).spawn();
  ASSERT_TRUE(child) << child.error().describe();
  EXPECT_EQ(must(other.processes()).size(), 1U);
  EXPECT_EQ(child->usage().error(), std::errc::operation_not_supported);
  Child alone = must(Command("true").spawn());
  EXPECT_EQ(alone.usage().error(), std::errc::operation_not_supported);
}

TEST_F(ContainedTree, TellsHowItsProgramEnded) {
  const Cgroup parent = make_cgroup();
  const Containment in_parent{.own_cgroup = true, .parent = &parent};
  auto killed = contained("kill -KILL $$", in_parent).spawn();
  ASSERT_TRUE(killed) << killed.error().describe();
  const auto later = std::chrono::steady_clock::now() + 1h;
  EXPECT_EQ(killed->wait_until(later), ExitStatus::killed(SIGKILL));
  EXPECT_EQ(must(killed->ending()).reason, EndReason::signal);
  auto ended = contained("exit 3", in_parent).spawn();
  ASSERT_TRUE(ended) << ended.error().describe();
  EXPECT_EQ(ended->wait(), ExitStatus::exited(3));
  EXPECT_EQ(must(ended->ending()).reason, EndReason::exited);
}

TEST_F(ContainedTree, TellsHowManyForksWereRefused) {
  SYSFD_REQUIRE_CONTROLLER(Controller::pids);
  auto child = contained("for i in 1 2 3 4 5 6 7 8 9; do sleep 1000 & done 2>/dev/null",
                         {.limits = {.pids_max = 4}})
                   .spawn();
  ASSERT_TRUE(child) << child.error().describe();
  const auto status = child->wait();
  ASSERT_TRUE(status);
  EXPECT_FALSE(status->success());
  const auto ending = child->ending();
  ASSERT_TRUE(ending);
  EXPECT_EQ(ending->reason, EndReason::exited);
  EXPECT_GT(ending->refused_forks, 0U);
  EXPECT_TRUE(ending->describe().contains("forks were refused")) << ending->describe();
}

TEST_F(ContainedTree, TellsThatItsProgramWasOutOfMemory) {
  SYSFD_REQUIRE_CONTROLLER(Controller::memory);
  const auto run =
      contained(greedy, {.limits = {.memory_max = mebibytes(32), .swap_max = Bytes(0)}}).output();
  ASSERT_TRUE(run) << run.error().describe();
  EXPECT_EQ(run->status, ExitStatus::killed(SIGKILL));
  EXPECT_EQ(run->ending.reason, EndReason::out_of_memory);
  EXPECT_EQ(run->ending.oom_kills, 1U);
  EXPECT_EQ(run->ending.describe(), "killed by signal 9 (Killed), out of memory");
}

TEST_F(ContainedTree, TellsThatAnotherOfItsProcessesWas) {
  SYSFD_REQUIRE_CONTROLLER(Controller::memory);
  const auto run =
      contained(outlive(greedy), {.limits = {.memory_max = mebibytes(32), .swap_max = Bytes(0)}})
          .output();
  ASSERT_TRUE(run) << run.error().describe();
  EXPECT_EQ(run->status, ExitStatus::exited(5));
  EXPECT_EQ(run->ending.reason, EndReason::exited);
  EXPECT_EQ(run->ending.oom_kills, 1U);
}

TEST_F(ContainedTree, DoesNotTakeAnotherKillForThat) {
  SYSFD_REQUIRE_CONTROLLER(Controller::memory);
  auto child = contained("read line", {.limits = {.memory_max = mebibytes(32)}})
                   .stdin_from(Stdio::pipe())
                   .spawn();
  ASSERT_TRUE(child) << child.error().describe();
  ASSERT_TRUE(child->pidfd().send_signal(SIGKILL));
  EXPECT_EQ(child->wait(), ExitStatus::killed(SIGKILL));
  const auto ending = child->ending();
  ASSERT_TRUE(ending);
  EXPECT_EQ(ending->reason, EndReason::signal);
  EXPECT_EQ(ending->oom_kills, 0U);
  const auto usage = child->usage();
  ASSERT_TRUE(usage);
  EXPECT_TRUE(usage->memory);
}

// Each of the three above, again and again. SYSFD_STORM_ENDINGS: how often.
TEST_F(ContainedTree, IsNeverWrongAboutMemory) {
  SYSFD_REQUIRE_CONTROLLER(Controller::memory);
  const Containment limited{.limits = {.memory_max = mebibytes(8), .swap_max = Bytes(0)}};
  const std::string exhaust = "exec dd if=/dev/zero of=/dev/null bs=16M count=1 2>/dev/null";
  const char* const wanted = std::getenv("SYSFD_STORM_ENDINGS");
  for (int left = wanted ? std::atoi(wanted) : 10; left > 0 && !HasFailure(); --left) {
    const auto own = must(contained(exhaust, limited).output());
    EXPECT_EQ(own.status, ExitStatus::killed(SIGKILL));
    EXPECT_EQ(own.ending.reason, EndReason::out_of_memory) << own.ending.describe();

    const auto others = must(contained(outlive(exhaust), limited).output());
    EXPECT_EQ(others.status, ExitStatus::exited(5));
    EXPECT_EQ(others.ending.reason, EndReason::exited) << others.ending.describe();
    EXPECT_EQ(others.ending.oom_kills, 1U);

    const auto killed = must(contained("kill -KILL $$", limited).output());
    EXPECT_EQ(killed.status, ExitStatus::killed(SIGKILL));
    EXPECT_EQ(killed.ending.reason, EndReason::signal) << killed.ending.describe();
    EXPECT_EQ(killed.ending.oom_kills, 0U);
  }
}

TEST_F(ContainedTree, HasItsLimitOfMemoryWhenTheProgramRuns) {
  SYSFD_REQUIRE_CONTROLLER(Controller::memory);
  const Cgroup parent = make_cgroup();
  auto child = contained("read line", {.limits = {.memory_max = mebibytes(32)}, .parent = &parent})
                   .stdin_from(Stdio::pipe())
                   .spawn();
  ASSERT_TRUE(child) << child.error().describe();
  EXPECT_FALSE(child->report().copied_memory);
  const auto path = "/proc/self/fd/" + std::to_string(parent.fd().get());
  for (const auto& entry : std::filesystem::directory_iterator(path))
    if (entry.path().filename().string().starts_with("sysfd-tree-")) {
      std::ifstream file(entry.path() / "memory.max");
      std::string text;
      file >> text;
      EXPECT_EQ(text, "33554432");
    }
}

// The keeper removes the cgroup of an owner that is gone.
TEST_F(ContainedTree, LeavesNoCgroupWhereItsOwnerIsKilled) {
  const Cgroup parent = make_cgroup();
  auto ready = must(pipe());
  const pid_t owner = ::fork();
  if (owner == 0) {
    const auto child =
        contained("setsid sleep 1000 & exec sleep 1000", {.own_cgroup = true, .parent = &parent})
            .spawn();
    if (child && ::write(ready.write.get(), "\n", 1) == 1)
      for (;;)
        ::pause();
    ::_exit(1);
  }
  (void)std::move(ready.write).close();
  char byte = 0;
  ASSERT_EQ(::read(ready.read.get(), &byte, 1), 1);
  EXPECT_EQ(trees_below(parent), 1);
  ::kill(owner, SIGKILL);
  EXPECT_EQ(::waitpid(owner, nullptr, 0), owner);
  EXPECT_TRUE(await([&] { return trees_below(parent) == 0; }));
}

TEST_F(ContainedTree, IsSweptWhereOwnerAndKeeperAreKilled) {
  const Cgroup parent = make_cgroup();
  auto own = contained("exec sleep 1000", {.own_cgroup = true, .parent = &parent}).spawn();
  ASSERT_TRUE(own) << own.error().describe();
  auto ready = must(pipe());
  const pid_t owner = ::fork();
  if (owner == 0) {
    const auto child =
        contained("setsid sleep 1000 & exec sleep 1000", {.own_cgroup = true, .parent = &parent})
            .spawn();
    std::ifstream list("/proc/thread-self/children");
    int keeper = 0;
    if (child && list >> keeper && keeper > 1 && ::kill(keeper, SIGKILL) == 0 &&
        ::write(ready.write.get(), "\n", 1) == 1)
      for (;;)
        ::pause();
    ::_exit(1);
  }
  (void)std::move(ready.write).close();
  char byte = 0;
  ASSERT_EQ(::read(ready.read.get(), &byte, 1), 1);
  EXPECT_EQ(must(sweep_trees(parent)), 0) << "both owners live";
  ::kill(owner, SIGKILL);
  EXPECT_EQ(::waitpid(owner, nullptr, 0), owner);
  EXPECT_EQ(trees_below(parent), 2);
  EXPECT_EQ(must(sweep_trees(parent)), 1);
  EXPECT_EQ(trees_below(parent), 1);
  EXPECT_EQ(own->try_wait().error(), std::errc::resource_unavailable_try_again);
}

TEST_F(ContainedTree, OfAnOwnerThatMayLiveIsNotSwept) {
  SYSFD_REQUIRE_KERNEL("inode numbers of pidfds");
  const Cgroup parent = make_cgroup();
  struct stat status{};
  ASSERT_EQ(::stat("/proc/self/ns/pid", &status), 0);
  const std::string here = "sysfd-tree-" + std::to_string(status.st_ino) + '-';
  const std::string process = '-' + std::to_string(::getpid()) + "-1";
  const std::uint64_t id = must(must(PidFd::self()).id()).value();
  const std::pair<std::string, bool> names[] = {
      {here + std::to_string(id) + process, false},
      {here + '0' + process, false},        // its identity is not known
      {"sysfd-tree-1-2" + process, false},  // of another pid namespace
      {"sysfd-lasting-tree-1-2" + process, false},
      {here + std::to_string(id + 1) + process, true},  // its number is another process's
      {here + "2-999999999-1", true},
  };
  for (const auto& [name, is_swept] : names)
    make_cgroup_in(parent, name).keep();
  EXPECT_EQ(must(sweep_trees(parent)), 2);
  for (const auto& [name, is_swept] : names)
    EXPECT_NE(is_there(parent, name), is_swept) << name;
  EXPECT_EQ(must(sweep_trees(parent)), 0);
}

// execve(2) in this process: it joins the cgroup before.
TEST_F(ContainedTree, IsNotThatOfAProgramThatIsExecutedInPlace) {
  const Cgroup cgroup = make_cgroup();
  const auto status_of = [](const std::function<SpawnError()>& exec) {
    const pid_t process = ::fork();
    if (process == 0) {
      std::fputs((exec().describe() + '\n').c_str(), stderr);
      ::_exit(100);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(process, &status, 0), process);
    return WEXITSTATUS(status);
  };
  const std::string is_inside = "grep -q '/" + cgroup_name() + "$' /proc/self/cgroup";
  EXPECT_EQ(status_of([&] { return Command::shell(is_inside).cgroup(cgroup.fd()).exec(); }), 0);
  const OwnedFd none = must(sysfd::open(cwd(), "/tmp", O_RDONLY | O_DIRECTORY));
  EXPECT_EQ(status_of([&] {
              const SpawnError error = Command("true").cgroup(none).exec();
              EXPECT_EQ(error.step, SpawnStep::cgroup);
              return error;
            }),
            100);
  EXPECT_EQ(status_of([&] {
              const SpawnError error = contained("true", {}).exec();
              EXPECT_EQ(error.step, SpawnStep::containment);
              return error;
            }),
            100);
}

TEST_F(ContainedTree, OutlivesItsOwnerIfItMay) {
  const Cgroup parent = make_cgroup();
  const pid_t owner = ::fork();
  if (owner == 0) {
    auto child = contained("exec sleep 1000",
                           {.dies_with_owner = false, .own_cgroup = true, .parent = &parent})
                     .spawn();
    if (!child) ::_exit(1);
    (void)std::move(*child).detach();
    ::_exit(0);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(owner, &status, 0), owner);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(must(sweep_trees(parent)), 0);
  ASSERT_TRUE(await_processes(parent, 1));
  for (const PidFd& process : must(parent.processes()))
    EXPECT_TRUE(process.send_signal(SIGKILL));
  EXPECT_TRUE(parent.wait_empty(20s));
  EXPECT_TRUE(await([&] { return !is_there_any(parent); })) << "its keeper removes the cgroup";
}

TEST_F(ContainedTree, TellsOfATimeout) {
  const auto run = Command::shell("exec sleep 1000").output({.timeout = 20ms});
  ASSERT_TRUE(run);
  EXPECT_EQ(run->ending.reason, EndReason::timeout);
  EXPECT_EQ(run->ending.describe(), "killed by signal 9 (Killed), timed out");
}

}  // namespace
}  // namespace sysfd_test
