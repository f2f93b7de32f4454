// SPDX-License-Identifier: MIT
//
// Tests limits and counts. Most need controllers, which this machine may have in cgroups of version
// 1 only: tests/kernels has them all.
#include <sysfd/cgroup.hpp>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "cgroup/cgroups.hpp"

namespace sysfd_test {
namespace {

// Needs more than 64 MiB of memory at once.
constexpr const char* greedy = "exec dd if=/dev/zero of=/dev/null bs=64M count=1 2>/dev/null";

TEST(CgroupLimits, NeedTheirControllers) {
  EXPECT_EQ(CgroupLimits().controllers(), ControllerSet());
  EXPECT_EQ((CgroupLimits{.memory_max = mebibytes(1), .pids_max = 1}).controllers(),
            Controller::memory | Controller::pids);
  EXPECT_EQ((CgroupLimits{.kills_all = true}).controllers().text(), "memory");
  EXPECT_EQ((CgroupLimits{.memory_high = mebibytes(1)}).controllers().text(), "memory");
  EXPECT_EQ((CgroupLimits{.swap_max = Bytes(0)}).controllers().text(), "memory");
  EXPECT_EQ((CgroupLimits{.cpu_weight = 1}).controllers().text(), "cpu");
  EXPECT_EQ((CgroupLimits{.cpu_max = CpuLimit{1ms}}).controllers().text(), "cpu");
  EXPECT_EQ((CgroupLimits{.io_max = {{.major = 8, .minor = 0}}}).controllers().text(), "io");
  EXPECT_EQ((Controller::pids | Controller::cpu).text(), "cpu pids");
}

TEST(CgroupLimits, HaveUnits) {
  EXPECT_EQ(kibibytes(4).count(), 4096);
  EXPECT_EQ(mebibytes(1), kibibytes(1024));
  EXPECT_EQ(gibibytes(2), Bytes(std::int64_t{1} << 31));
  EXPECT_LT(kibibytes(-4), Bytes(0));
  EXPECT_LT(gibibytes((std::int64_t{1} << 33) - 1), Bytes::unlimited());
  EXPECT_EQ(gibibytes(std::int64_t{1} << 33), Bytes::unlimited());
}

TEST(CgroupLimits, ThatNoKernelTakesAreErrors) {
  SYSFD_REQUIRE_CGROUP();
  const Cgroup cgroup = make_cgroup();
  const auto expect_refused = [&](const CgroupLimits& limits, const char* file, int error) {
    const auto refused = cgroup.set(limits);
    expect_error(refused, CgroupStep::limit, error);
    EXPECT_EQ(refused.error().subject, file);
  };
  expect_refused({.memory_max = Bytes(64)}, "memory.max", EINVAL);  // 64 of what?
  expect_refused({.memory_max = mebibytes(-1)}, "memory.max", EINVAL);
  expect_refused({.pids_max = -1}, "pids.max", EINVAL);
  expect_refused({.memory_high = Bytes(1)}, "memory.high", EINVAL);
  expect_refused({.swap_max = Bytes(1)}, "memory.swap.max", EINVAL);
  expect_refused({.cpu_max = CpuLimit{100us}}, "cpu.max", EINVAL);
  expect_refused({.cpu_max = CpuLimit{1ms, 2s}}, "cpu.max", EINVAL);
  expect_refused({.cpu_max = CpuLimit{1ms, 0us}}, "cpu.max", EINVAL);
  expect_refused({.cpu_weight = 0}, "cpu.weight", ERANGE);
  expect_refused({.cpu_weight = 10'001}, "cpu.weight", ERANGE);
  expect_refused({.io_max = {{.major = 8, .minor = 0}}}, "io.max", EINVAL);
  expect_refused({.io_max = {{.major = 8, .minor = 0, .read_bytes = Bytes(-1)}}}, "io.max", EINVAL);
}

TEST(CgroupLimits, NameTheFileThatIsMissing) {
  SYSFD_REQUIRE_CGROUP();
  const Cgroup cgroup = make_cgroup();
  const auto expect_written = [&](const CgroupLimits& limits, const char* file) {
    const auto done = cgroup.set(limits);
    EXPECT_EQ(done.has_value(), !content_of(cgroup, file).empty()) << file;
    EXPECT_EQ(done ? file : done.error().subject, file);
  };
  expect_written({.memory_max = Bytes::unlimited()}, "memory.max");
  expect_written({.memory_high = Bytes(0)}, "memory.high");
  expect_written({.swap_max = Bytes(0)}, "memory.swap.max");
  expect_written({.kills_all = true}, "memory.oom.group");
  expect_written({.kills_all = false}, "memory.oom.group");
  expect_written({.pids_max = CgroupLimits::unlimited}, "pids.max");
  expect_written({.cpu_max = CpuLimit{CpuLimit{}.quota.max()}}, "cpu.max");
  expect_written({.cpu_weight = 10'000}, "cpu.weight");
}

// A cgroup with the limits, or an error that says why there is none: never one without them.
TEST(CgroupLimits, AreSetOrThereIsNoCgroup) {
  SYSFD_REQUIRE_CGROUP();
  const Cgroup own = must(Cgroup::own());
  const auto abilities = must(own.abilities());
  const auto made = Cgroup::create(own, cgroup_name(), {.memory_max = mebibytes(64)});
  if (abilities.available.contains(Controller::memory)) {
    ASSERT_TRUE(made) << made.error();
    EXPECT_EQ(content_of(*made, "memory.max"), "67108864\n");
  } else {
    expect_error(made, CgroupStep::enable, ENOENT);
    EXPECT_EQ(made.error().describe(),
              "controller \"memory\": No such file or directory: the parent does not have it: "
              "enable it above, or it is used by cgroups of version 1");
    EXPECT_FALSE(is_there(own, cgroup_name()));
    const Cgroup cgroup = make_cgroup();
    expect_error(cgroup.set({.memory_max = mebibytes(64)}), CgroupStep::limit, ENOENT);
  }
}

TEST(CgroupLimits, OfMemoryAreWhatIsWritten) {
  SYSFD_REQUIRE_CONTROLLER(Controller::memory);
  const Cgroup cgroup = make_cgroup({.memory_max = mebibytes(64), .kills_all = true});
  EXPECT_EQ(content_of(cgroup, "memory.max"), "67108864\n");
  EXPECT_EQ(content_of(cgroup, "memory.oom.group"), "1\n");
  EXPECT_EQ(content_of(cgroup, "memory.high"), "max\n");
  ASSERT_TRUE(cgroup.set(
      {.memory_max = Bytes::unlimited(), .memory_high = kibibytes(10'001), .kills_all = false}));
  EXPECT_EQ(content_of(cgroup, "memory.max"), "max\n");
  EXPECT_EQ(content_of(cgroup, "memory.high"), "10240000\n") << "whole pages";
  EXPECT_EQ(content_of(cgroup, "memory.oom.group"), "0\n");
}

TEST(CgroupLimits, OfTheOthersAreWhatIsWritten) {
  SYSFD_REQUIRE_CONTROLLER(Controller::cpu);
  SYSFD_REQUIRE_CONTROLLER(Controller::pids);
  SYSFD_REQUIRE_CONTROLLER(Controller::io);
  const Cgroup cgroup = make_cgroup({.pids_max = 7, .cpu_max = CpuLimit{50ms}, .cpu_weight = 200});
  EXPECT_EQ(content_of(cgroup, "pids.max"), "7\n");
  EXPECT_EQ(content_of(cgroup, "cpu.max"), "50000 100000\n");
  EXPECT_EQ(content_of(cgroup, "cpu.weight"), "200\n");
  ASSERT_TRUE(cgroup.set({.pids_max = CgroupLimits::unlimited,
                          .cpu_max = CpuLimit{std::chrono::microseconds::max(), 20ms}}));
  EXPECT_EQ(content_of(cgroup, "pids.max"), "max\n");
  EXPECT_EQ(content_of(cgroup, "cpu.max"), "max 20000\n");
  expect_error(cgroup.set({.pids_max = 99'999'999'999}), CgroupStep::limit, EINVAL);
  const Cgroup own = must(Cgroup::own());
  const auto refused =
      Cgroup::create(own, cgroup_name() + "-2",
                     {.io_max = {{.major = 4095, .minor = 1, .read_bytes = mebibytes(1)}}});
  expect_error(refused, CgroupStep::limit, ENODEV);
  EXPECT_EQ(refused.error().subject, "io.max");
  EXPECT_FALSE(is_there(own, cgroup_name() + "-2"));
}

TEST(OutOfMemory, KillsAndIsCounted) {
  SYSFD_REQUIRE_CONTROLLER(Controller::memory);
  const Cgroup cgroup = make_cgroup({.memory_max = mebibytes(16)});
  const OwnedFd events = must(cgroup.open_memory_events());
  pollfd entry{events.get(), POLLPRI, 0};
  EXPECT_EQ(::poll(&entry, 1, 0), 0);
  EXPECT_EQ(must(cgroup.events()).oom_kill, 0U);
  Child child = start_in(cgroup, greedy);
  EXPECT_EQ(must(child.wait()).signal(), SIGKILL);
  EXPECT_EQ(::poll(&entry, 1, 10'000), 1);
  ASSERT_TRUE(Cgroup::rearm(events));
  const auto after = must(cgroup.events());
  EXPECT_GE(after.oom.value_or(0), 1U);
  EXPECT_EQ(after.oom_kill, 1U);
  EXPECT_EQ(after.oom_group_kill.value_or(0), 0U);
  EXPECT_EQ(must(cgroup.usage()).memory_peak.value_or(mebibytes(16)), mebibytes(16));
}

TEST(OutOfMemory, IsNotASignalOfOthers) {
  SYSFD_REQUIRE_CONTROLLER(Controller::memory);
  const Cgroup cgroup = make_cgroup({.memory_max = mebibytes(16)});
  Child child = start_in(cgroup);
  ASSERT_TRUE(child.pidfd().send_signal(SIGKILL));
  EXPECT_EQ(must(child.wait()).signal(), SIGKILL);
  EXPECT_EQ(must(cgroup.events()).oom_kill, 0U);
}

TEST(OutOfMemory, OfAGrandchildIsCountedToo) {
  SYSFD_REQUIRE_CONTROLLER(Controller::memory);
  const Cgroup cgroup = make_cgroup({.memory_max = mebibytes(16)});
  Child child = start_in(cgroup, outlive(greedy));
  EXPECT_EQ(must(child.wait()).code(), 5);
  EXPECT_EQ(must(cgroup.events()).oom_kill, 1U);
}

TEST(OutOfMemory, KillsAllIfThatIsAskedFor) {
  SYSFD_REQUIRE_CONTROLLER(Controller::memory);
  const Cgroup cgroup = make_cgroup({.memory_max = mebibytes(16), .kills_all = true});
  Child bystander = start_in(cgroup);
  Child child = start_in(cgroup, greedy);
  EXPECT_EQ(must(child.wait()).signal(), SIGKILL);
  EXPECT_EQ(must(bystander.wait()).signal(), SIGKILL);
  const auto after = must(cgroup.events());
  EXPECT_GE(after.oom_kill.value_or(0), 2U);
  EXPECT_EQ(after.oom_group_kill.value_or(1), 1U);
}

// The limit is that of the cgroup above.
TEST(OutOfMemory, KillsAllBelowACgroupThatAsksForIt) {
  SYSFD_REQUIRE_CONTROLLER(Controller::memory);
  const Cgroup outer = make_cgroup({.memory_max = mebibytes(16), .kills_all = true});
  const Cgroup inner = make_cgroup_in(outer, "inner", {.memory_max = Bytes::unlimited()});
  const Cgroup other = make_cgroup_in(outer, "other", {.memory_max = Bytes::unlimited()});
  Child bystander = start_in(other);
  Child child = start_in(inner, greedy);
  EXPECT_EQ(must(child.wait()).signal(), SIGKILL);
  EXPECT_EQ(must(bystander.wait()).signal(), SIGKILL);
  const auto after = must(outer.events());
  EXPECT_GE(after.oom.value_or(0), 1U);
  EXPECT_GE(after.oom_kill.value_or(0), 2U) << "also what was killed below";
  EXPECT_EQ(after.oom_group_kill.value_or(1), 1U);
  EXPECT_EQ(must(inner.events()).oom_group_kill.value_or(0), 0U);
  EXPECT_EQ(must(other.events()).oom_kill, 1U);
}

TEST(OutOfMemory, SparesAProcessThatMustNotBeKilled) {
  SYSFD_REQUIRE_CONTROLLER(Controller::memory);
  const Cgroup cgroup = make_cgroup({.memory_max = mebibytes(16), .kills_all = true});
  const Resources never_killed{.oom_score_adjust = -1000};
  Child spared =
      must(Command("sleep").arg("1000").resources(never_killed).cgroup(cgroup.fd()).spawn());
  Child bystander = start_in(cgroup);
  Child child = start_in(cgroup, greedy);
  EXPECT_EQ(must(child.wait()).signal(), SIGKILL);
  EXPECT_EQ(must(bystander.wait()).signal(), SIGKILL);
  EXPECT_FALSE(spared.try_wait().has_value());
  EXPECT_EQ(numbers_of(cgroup), (std::set<pid_t>{spared.pid()}));
  EXPECT_EQ(must(cgroup.events()).oom_group_kill.value_or(1), 1U);
}

TEST(CgroupLimits, OfSwapAreWhatIsWritten) {
  SYSFD_REQUIRE_CONTROLLER(Controller::memory);
  const Cgroup cgroup = make_cgroup({.memory_max = mebibytes(16)});
  if (content_of(cgroup, "memory.swap.max").empty()) GTEST_SKIP() << "needs a kernel with swap";
  ASSERT_TRUE(cgroup.set({.swap_max = mebibytes(1)}));
  EXPECT_EQ(content_of(cgroup, "memory.swap.max"), "1048576\n");
  ASSERT_TRUE(cgroup.set({.swap_max = Bytes(0)}));
  EXPECT_EQ(content_of(cgroup, "memory.swap.max"), "0\n");
  Child child = start_in(cgroup);
  EXPECT_EQ(must(cgroup.usage()).swap, Bytes(0)) << "and not nothing";
  ASSERT_TRUE(cgroup.set({.swap_max = Bytes::unlimited()}));
  EXPECT_EQ(content_of(cgroup, "memory.swap.max"), "max\n");
}

TEST(CgroupLimits, OfProcessesAreThoseOfForks) {
  SYSFD_REQUIRE_CONTROLLER(Controller::pids);
  const Cgroup cgroup = make_cgroup({.pids_max = 1});
  Child child = start_in(cgroup);
  const auto refused = Command("true").cgroup(cgroup.fd()).spawn();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code.value(), EAGAIN) << refused.error().describe();
  EXPECT_EQ(must(cgroup.usage()).pids, 1U);
  EXPECT_GE(must(cgroup.events()).pids_max.value_or(0), 1U);
  ASSERT_TRUE(cgroup.set({.pids_max = 2}));
  EXPECT_EQ(must(Command("true").cgroup(cgroup.fd()).status()).code(), 0);
}

TEST(CgroupLimits, OfProcessesHoldForTheParentItself) {
  SYSFD_REQUIRE_CONTROLLER(Controller::pids);
  const Cgroup cgroup = make_cgroup({.pids_max = 1});
  run_apart([&] {
    write_to(cgroup, "cgroup.procs", "0");
    const auto descriptors = open_descriptors();
    const auto refused = Command("true").spawn();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code.value(), EAGAIN) << refused.error().describe();
    EXPECT_EQ(open_descriptors(), descriptors);
    ASSERT_TRUE(cgroup.set({.pids_max = 2}));
    EXPECT_EQ(must(Command("true").status()).code(), 0);
    EXPECT_EQ(open_descriptors(), descriptors);
  });
}

TEST(CgroupLimits, OfProcessesAreThoseOfTheCgroupAboveToo) {
  SYSFD_REQUIRE_CONTROLLER(Controller::pids);
  const Cgroup outer = make_cgroup({.pids_max = 1});
  const Cgroup inner = make_cgroup_in(outer, "inner", {.pids_max = CgroupLimits::unlimited});
  Child child = start_in(inner, "(exit 4); exit 5");
  EXPECT_NE(must(child.wait()).code(), 5);
  const bool counts_at_the_limit = !content_of(outer, "pids.events.local").empty();  // Linux 6.11
  EXPECT_EQ(must(outer.events()).pids_max.value_or(0) > 0, counts_at_the_limit);
  EXPECT_EQ(must(inner.events()).pids_max.value_or(0) > 0, !counts_at_the_limit);
}

TEST(CgroupLimits, OfTheProcessorSlowDown) {
  SYSFD_REQUIRE_CONTROLLER(Controller::cpu);
  const Cgroup cgroup = make_cgroup({.cpu_max = CpuLimit{1ms, 10ms}});
  Child child = start_in(cgroup, "while :; do :; done");
  EXPECT_TRUE(await([&] {
    const std::string stat = content_of(cgroup, "cpu.stat");
    return stat.contains("nr_throttled ") && !stat.contains("nr_throttled 0\n");
  }));
}

TEST(CgroupUsage, HasTheTimesOfTheProcesses) {
  SYSFD_REQUIRE_CGROUP();
  const Cgroup cgroup = make_cgroup();
  Child child = start_in(cgroup, "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done");
  ASSERT_TRUE(must(child.wait()).success());
  const auto usage = must(cgroup.usage());
  ASSERT_TRUE(usage.cpu_user && usage.cpu_system);
  EXPECT_GT((*usage.cpu_user + *usage.cpu_system).count(), 0);
}

TEST(CgroupUsage, HasNoMoreThanTheControllersCount) {
  SYSFD_REQUIRE_CGROUP();
  const Cgroup cgroup = make_cgroup();
  const Cgroup below = make_cgroup_in(cgroup, "below");  // where nothing is enabled
  const auto usage = must(below.usage());
  EXPECT_FALSE(usage.memory || usage.memory_peak || usage.swap || usage.pids || usage.pids_peak);
  const auto events = must(below.events());
  EXPECT_FALSE(events.oom || events.oom_kill || events.oom_group_kill || events.pids_max);
  expect_error(below.open_memory_events(), CgroupStep::read, ENOENT);
}

TEST(CgroupUsage, OfMemoryAndProcessesIsCounted) {
  SYSFD_REQUIRE_CONTROLLER(Controller::memory);
  SYSFD_REQUIRE_CONTROLLER(Controller::pids);
  const Cgroup cgroup = make_cgroup({.memory_max = mebibytes(64), .pids_max = 10});
  Child child = start_in(cgroup, "sleep 1000 & wait");
  ASSERT_TRUE(await([&] { return must(cgroup.usage()).pids == 2U; }));
  const auto usage = must(cgroup.usage());
  EXPECT_GT(usage.memory.value_or(Bytes(0)), Bytes(0));
  EXPECT_LE(usage.memory.value_or(Bytes::unlimited()), mebibytes(64));
  if (usage.memory_peak) {
    EXPECT_GE(*usage.memory_peak, *usage.memory);
  }
  EXPECT_GE(usage.pids_peak.value_or(2), 2U);
}

TEST(Controllers, AreNotEnabledWhereProcessesLive) {
  SYSFD_REQUIRE_CONTROLLER(Controller::memory);
  ASSERT_TRUE(must(Cgroup::own()).enable(Controller::memory));
  const Cgroup cgroup = make_cgroup();
  Child child = start_in(cgroup);
  const auto abilities = must(cgroup.abilities());
  EXPECT_TRUE(abilities.needs_leaf);
  EXPECT_TRUE(abilities.to_be_enabled().contains(Controller::memory));
  const auto refused = Cgroup::create(cgroup, "job", {.memory_max = mebibytes(64)});
  expect_error(refused, CgroupStep::enable, EBUSY);
  EXPECT_TRUE(refused.error().describe().ends_with("(make_leaf_and_enable)"));
  const Cgroup leaf = must(cgroup.make_leaf_and_enable("leaf", Controller::memory));
  EXPECT_EQ(must(leaf.processes()).size(), 1U);
  const Cgroup job = make_cgroup_in(cgroup, "job", {.memory_max = mebibytes(64)});
  EXPECT_EQ(content_of(job, "memory.max"), "67108864\n");
  EXPECT_FALSE(child.try_wait().has_value());
}

// What was enabled meanwhile is disabled, or the processes could not be moved back.
TEST(Controllers, AreAsBeforeIfOneCannotBeEnabled) {
  SYSFD_REQUIRE_CONTROLLER(Controller::cpu);
  ASSERT_TRUE(must(Cgroup::own()).enable(Controller::cpu));
  const Cgroup cgroup = make_cgroup();
  Child child = start_in(cgroup);
  if (must(cgroup.abilities()).available.contains(Controller::hugetlb))
    GTEST_SKIP() << "needs a controller that is not there";
  expect_error(cgroup.make_leaf_and_enable("leaf", Controller::cpu | Controller::hugetlb),
               CgroupStep::enable, ENOENT);
  EXPECT_EQ(must(cgroup.abilities()).enabled, ControllerSet());
  EXPECT_FALSE(is_there(cgroup, "leaf"));
  EXPECT_FALSE(child.try_wait().has_value());
  EXPECT_EQ(must(cgroup.processes()).size(), 1U);
}

}  // namespace
}  // namespace sysfd_test
