// SPDX-License-Identifier: MIT
//
// Tests limits, scheduling and the like: the child has them, and its parent does not.
#include <sysfd/resources.hpp>

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <sstream>
#include <thread>
#include <tuple>

#include <sysfd/command.hpp>

#include "support/prelude.hpp"

#include "spawn/plan/attributes/attribute_checks.hpp"
#include "support/sanitizers.hpp"

namespace sysfd_test {
namespace {

Configure with(const Resources& resources) {
  return [=](Command& command) { command.resources(resources); };
}

rlimit limit_here(__rlimit_resource resource) {
  rlimit limit{};
  EXPECT_EQ(::getrlimit(resource, &limit), 0);
  return limit;
}

std::string fact_of(int resource) {
  return "limit " + std::to_string(resource);
}

// Lowers a limit of this process. An ordinary user cannot undo that.
void set_limit(__rlimit_resource resource, rlim_t soft, rlim_t hard) {
  const rlimit limit{soft, hard};
  ASSERT_EQ(::setrlimit(resource, &limit), 0);
}

TEST(CommandResources, AreThoseOfTheParentIfNothingIsSet) {
  const Facts ours = facts_of_this_process();
  Facts expected;
  for (const auto& [name, value] : ours)
    if (name.starts_with("limit ")) expected[name] = value;
  for (const char* name : {"Umask", "nice", "scheduler", "priority", "processors", "I/O priority",
                           "OOM score", "timer slack"})
    expected[name] = ours.at(name);
  expect_facts([](Command&) {}, expected);
  expect_facts(with({}), expected);
}

TEST(CommandResources, LimitTheChild) {
  run_apart([] {
    set_limit(RLIMIT_CORE, 0, 4096);
    expect_facts(with({.limits = {{RLIMIT_NOFILE, 100, 200},
                                  {RLIMIT_CORE, 2048, 4096},
                                  {RLIMIT_CPU, 1000, 2000},
                                  {RLIMIT_FSIZE, 1 << 20, std::uint64_t{1} << 40}}}),
                 {{fact_of(RLIMIT_NOFILE), "100 200"},
                  {fact_of(RLIMIT_CORE), "2048 4096"},
                  {fact_of(RLIMIT_CPU), "1000 2000"},
                  {fact_of(RLIMIT_FSIZE), "1048576 1099511627776"}});
  });
}

TEST(CommandResources, CanBeUnlimitedWhereTheHardLimitIs) {
  if (limit_here(RLIMIT_CPU).rlim_max != RLIM_INFINITY) GTEST_SKIP() << "RLIMIT_CPU is limited";
  run_apart([] {
    set_limit(RLIMIT_CPU, 1000, RLIM_INFINITY);
    constexpr auto unlimited = ResourceLimit::unlimited;
    expect_facts(with({.limits = {{RLIMIT_CPU, unlimited, unlimited}}}),
                 {{fact_of(RLIMIT_CPU),
                   std::to_string(RLIM_INFINITY) + ' ' + std::to_string(RLIM_INFINITY)}});
  });
}

// The descriptors of a child are placed while the higher of the two limits applies.
TEST(CommandResources, MayAllowDescriptorsBeyondTheLimitOfTheParent) {
  run_apart([] {
    const OwnedFd file = some_file();
    set_limit(RLIMIT_NOFILE, 64, limit_here(RLIMIT_NOFILE).rlim_max);
    Command alone("/bin/true");
    alone.pass(file, 100);
    expect_error(alone, SpawnStep::descriptor, EBADF, 0);
    Command still("/bin/true");
    still.pass(file, 100).resources({.limits = {{RLIMIT_NOFILE, 100, 100}}});
    expect_error(still, SpawnStep::descriptor, EBADF, 0);

    const Report report = inspect([&](Command& command) {
      command.pass(file, 100).resources({.limits = {{RLIMIT_NOFILE, 101, 256}}});
    });
    EXPECT_EQ(report.descriptors.at(100), identity_of(file.get()));
    EXPECT_EQ(report.facts.at(fact_of(RLIMIT_NOFILE)), "101 256");
  });
}

TEST(CommandResources, AreNotWhatTheParentChangesMeanwhile) {
  run_apart([] {
    const rlimit here = limit_here(RLIMIT_NOFILE);
    std::atomic<bool> done = false;
    std::thread changing([&] {
      for (rlim_t soft = 400; !done; soft ^= 400 ^ 600)
        set_limit(RLIMIT_NOFILE, soft, here.rlim_max);
    });
    constexpr rlim_t asked = 512;
    for (int round = 0; round < fewer_if_sanitized(500); ++round) {
      auto child = Command("/bin/cat")
                       .stdin_from(Stdio::pipe())
                       .resources({.limits = {{RLIMIT_NOFILE, asked, here.rlim_max}}})
                       .spawn();
      ASSERT_TRUE(child) << child.error().describe();
      rlimit limit{};
      ASSERT_EQ(::prlimit(child->pid(), RLIMIT_NOFILE, nullptr, &limit), 0);
      EXPECT_EQ(limit.rlim_cur, asked);
      EXPECT_TRUE(child->wait());  // closes its input
    }
    done = true;
    changing.join();
  });
}

// Raising needs a privilege, and lowering reduces the available descriptors.
TEST(CommandResources, RaiseTheLimitOfDescriptorsBeforeTheUserChanges) {
  SYSFD_REQUIRE_ROOT();
  run_apart([] {
    set_limit(RLIMIT_NOFILE, 64, 100);
    Command command("/bin/true");
    command.identity({.user = 65534}).resources({.limits = {{RLIMIT_NOFILE, 32, 200}}});
    constexpr RefusedCall::Match sets_a_limit{3, 0};  // it sets, and does not read
    refuse_calls({{SYS_prlimit64, EPERM, sets_a_limit}, {SYS_setresuid, EPERM}});
    expect_error(command, SpawnStep::limit, EPERM, 0);
  });
}

TEST(CommandResources, MayAllowFewerDescriptorsThanTheChildIsGiven) {
  const OwnedFd file = some_file();
  const Report report = inspect([&](Command& command) {
    command.pass(file, 100).resources({.limits = {{RLIMIT_NOFILE, 10, 20}}});
  });
  EXPECT_EQ(report.descriptors.at(100), identity_of(file.get()));
  EXPECT_EQ(report.facts.at(fact_of(RLIMIT_NOFILE)), "10 20");
}

TEST(CommandResources, IncludeUmaskOomScoreTimerSlackAndIoPriority) {
  constexpr int class_shift = 13;
  expect_facts(with({.umask = 0137,
                     .io_priority = {{.io_class = IoPriority::Class::best_effort, .level = 6}},
                     .oom_score_adjust = 567,
                     .timer_slack = 123456ns}),
               {{"Umask", "0137"},
                {"I/O priority", std::to_string((2 << class_shift) | 6)},
                {"OOM score", "567"},
                {"timer slack", "123456"}});
  expect_facts(with({.umask = 0,
                     .io_priority = {{.io_class = IoPriority::Class::idle}},
                     .oom_score_adjust = 1000}),
               {{"Umask", "0000"},
                {"I/O priority", std::to_string(3 << class_shift)},
                {"OOM score", "1000"}});
}

// Sets a nice value and a policy; neither resets the other.
TEST(CommandResources, IncludeNiceAndTheScheduler) {
  const std::string own = std::to_string(::getpriority(PRIO_PROCESS, 0));
  expect_facts(with({.nice = 15}), {{"nice", "15"}, {"scheduler", std::to_string(SCHED_OTHER)}});
  for (const int policy : {SCHED_OTHER, SCHED_BATCH, SCHED_IDLE}) {
    expect_facts(with({.scheduler = {{.policy = policy}}}),
                 {{"scheduler", std::to_string(policy)}, {"nice", own}});
    expect_facts(with({.nice = 17, .scheduler = {{.policy = policy}}}),
                 {{"scheduler", std::to_string(policy)}, {"nice", "17"}, {"priority", "0"}});
  }
  expect_facts(with({.scheduler = {{.policy = SCHED_BATCH, .reset_on_fork = true}}}),
               {{"scheduler", std::to_string(SCHED_BATCH | SCHED_RESET_ON_FORK)}});
}

TEST(CommandResources, KeepTheNiceValueOfTheParentUnderAnotherScheduler) {
  run_apart([] {
    ASSERT_EQ(::setpriority(PRIO_PROCESS, 0, 3), 0);
    expect_facts(with({.scheduler = {{.policy = SCHED_BATCH}}}),
                 {{"nice", "3"}, {"scheduler", std::to_string(SCHED_BATCH)}});
  });
}

// Returns the reason why this machine has no such scheduling, or nothing.
std::string why_not(const SchedulingAttributes& scheduling) {
  int error = 0;
  std::thread([&] {
    if (::syscall(SYS_sched_setattr, 0, &scheduling, 0) == -1) error = errno;
  }).join();
  return error == 0 ? "" : std::string("sched_setattr: ") + std::strerror(error);
}

TEST(CommandResources, IncludeRealTimePriorities) {
  const SchedulingAttributes real_time{.policy = SCHED_RR, .priority = 99};
  if (const std::string reason = why_not(real_time); !reason.empty()) GTEST_SKIP() << reason;
  expect_facts(with({.scheduler = {{.policy = SCHED_FIFO, .priority = 7}}}),
               {{"scheduler", std::to_string(SCHED_FIFO)}, {"priority", "7"}});
  expect_facts(
      with({.nice = 4, .scheduler = {{.policy = SCHED_RR, .priority = 99, .reset_on_fork = true}}}),
      {{"scheduler", std::to_string(SCHED_RR | SCHED_RESET_ON_FORK)},
       {"priority", "99"},
       {"nice", "4"}});
}

TEST(CommandResources, IncludeDeadlines) {
  const SchedulingAttributes deadline{
      .policy = SCHED_DEADLINE, .runtime = 1'000'000, .deadline = 10'000'000, .period = 20'000'000};
  if (const std::string reason = why_not(deadline); !reason.empty()) GTEST_SKIP() << reason;
  const Scheduler scheduler{
      .policy = SCHED_DEADLINE, .runtime = 1ms, .deadline = 10ms, .period = 20ms};
  expect_facts(with({.scheduler = scheduler}), {{"scheduler", std::to_string(SCHED_DEADLINE)},
                                                {"deadline", "1000000 10000000 20000000"}});
}

// With it, children of the child are not under this scheduler, and may be forked.
TEST(CommandResources, IncludeDeadlinesThatAreNotInherited) {
  const Scheduler scheduler{.policy = SCHED_DEADLINE,
                            .reset_on_fork = true,
                            .runtime = 1ms,
                            .deadline = 10ms,
                            .period = 20ms};
  const auto run = Command::shell("true; true & wait").resources({.scheduler = scheduler}).status();
  if (run)
    EXPECT_TRUE(run->success());
  else
    EXPECT_EQ(run.error().step, SpawnStep::scheduler) << run.error().describe();
}

TEST(CommandResources, IncludeProcessors) {
  std::istringstream ours(facts_of_this_process().at("processors"));
  std::string all;
  for (int processor = 0; ours >> processor;) {
    expect_facts(with({.processors = {processor}}), {{"processors", std::to_string(processor)}});
    if (processor > 1) continue;
    if (!all.empty()) all += ' ';
    all += std::to_string(processor);
  }
  // The kernel ignores processors that do not exist.
  if (!all.empty()) expect_facts(with({.processors = {9000, 0, 1}}), {{"processors", all}});
}

TEST(CommandResources, MayBeAllProcessors) {
  run_apart([] {
    const std::string all = facts_of_this_process().at("processors");
    cpu_set_t first;
    CPU_ZERO(&first);
    CPU_SET(std::stoi(all), &first);
    ASSERT_EQ(::sched_setaffinity(0, sizeof first, &first), 0);
    expect_facts(with({}), {{"processors", std::to_string(std::stoi(all))}});
    expect_facts(with({.all_processors = true}), {{"processors", all}});
  });
}

// They are set before the child loses the privileges for them.
TEST(CommandResources, AreThoseThatTheParentMayGive) {
  SYSFD_REQUIRE_ROOT();
  const rlimit descriptors = limit_here(RLIMIT_NOFILE);
  run_apart([&] {
    expect_facts(
        [&](Command& command) {
          command.identity({.user = 1234, .group = 1234}).resources({.nice = -5});
        },
        {{"nice", "-5"}, {"Uid", "1234 1234 1234 1234"}});
  });
  run_apart([&] {
    become_ordinary_user();
    for (const auto& [resources, step, error] :
         {std::tuple{Resources{.nice = -5}, SpawnStep::nice, EACCES},
          std::tuple{Resources{.scheduler = {{.policy = SCHED_FIFO, .priority = 1}}},
                     SpawnStep::scheduler, EPERM},
          std::tuple{Resources{.io_priority = {{.io_class = IoPriority::Class::real_time}}},
                     SpawnStep::io_priority, EPERM},
          std::tuple{Resources{.oom_score_adjust = -1000}, SpawnStep::oom_score_adjust, EACCES}}) {
      Command command("/bin/true");
      command.resources(resources);
      expect_error(command, step, error);
    }
    Command command("/bin/true");
    command.resources(
        {.limits = {{RLIMIT_CORE, 0, 0}, {RLIMIT_NOFILE, 64, descriptors.rlim_max + 1}}});
    expect_error(command, SpawnStep::limit, EPERM, 1);
    EXPECT_EQ(command.spawn().error().describe(), "limit 1: Operation not permitted");
  });
}

// The child is in the namespace from the start, and has no privileges outside. It joins another
// namespace later.
TEST(CommandResources, AreNoMoreThanANewUserNamespaceMayHave) {
  SYSFD_REQUIRE_ROOT();
  Command command("/bin/true");
  command.namespaces({.create = Namespace::user}).resources({.nice = -5});
  expect_error(command, SpawnStep::nice, EACCES);

  const auto other = Command("cat")
                         .stdin_from(Stdio::pipe())
                         .stdout_to(Stdio::null())
                         .namespaces({.create = Namespace::user})
                         .spawn();
  ASSERT_TRUE(other) << other.error().describe();
  expect_facts(
      [&](Command& joining) {
        joining.namespaces({.join = {{.of = other->fd(), .kinds = Namespace::user}}})
            .resources({.nice = -5});
      },
      {{"nice", "-5"}});
}

TEST(CommandResources, ThatCannotBeAreRefused) {
  const auto scheduler = [](const Scheduler& value) { return with({.scheduler = value}); };
  const auto io = [](int io_class, int level) {
    return with({.io_priority = {{static_cast<IoPriority::Class>(io_class), level}}});
  };
  const ResourceLimit good{RLIMIT_CORE, 0, 0};
  constexpr auto limits_count = static_cast<int>(RLIM_NLIMITS);
  expect_refused({
      {with({.limits = {{-1, 0, 0}}}), SpawnStep::limit, "limit 0 \"of resource -1\"", 0},
      {with({.limits = {good, {limits_count, 0, 0}}}), SpawnStep::limit,
       "limit 1 \"of resource " + std::to_string(limits_count) + '"', 1},
      {with({.limits = {good, good, {RLIMIT_CORE, 2, 1}}}), SpawnStep::limit,
       "limit 2 \"the soft limit exceeds the hard one\"", 2},
      {with({.umask = 01000}), SpawnStep::umask, "umask \"01000\""},
      {with({.nice = -21}), SpawnStep::nice, "nice value \"-21\""},
      {with({.nice = 20}), SpawnStep::nice, "nice value \"20\""},
      {scheduler({.policy = -1}), SpawnStep::scheduler, "scheduler \"policy -1, priority 0\""},
      {scheduler({.policy = 1000}), SpawnStep::scheduler, "scheduler \"policy 1000, priority 0\""},
      {scheduler({.policy = SCHED_FIFO, .priority = 100}), SpawnStep::scheduler,
       "scheduler \"policy 1, priority 100\""},
      {scheduler({.policy = SCHED_DEADLINE, .runtime = -1ns}), SpawnStep::scheduler,
       "scheduler \"policy 6, priority 0\""},
      {with({.processors = {0, -1}}), SpawnStep::processors, "processors \"-1\""},
      {with({.processors = {65536}}), SpawnStep::processors, "processors \"65536\""},
      {with({.processors = {0}, .all_processors = true}), SpawnStep::processors,
       "processors \"all, and some\""},
      {io(0, 4), SpawnStep::io_priority, "I/O priority \"class 0, level 4\""},
      {io(4, 4), SpawnStep::io_priority, "I/O priority \"class 4, level 4\""},
      {io(2, -1), SpawnStep::io_priority, "I/O priority \"class 2, level -1\""},
      {io(2, 8), SpawnStep::io_priority, "I/O priority \"class 2, level 8\""},
      {with({.oom_score_adjust = -1001}), SpawnStep::oom_score_adjust,
       "OOM score adjustment \"-1001\""},
      {with({.oom_score_adjust = 1001}), SpawnStep::oom_score_adjust,
       "OOM score adjustment \"1001\""},
      {with({.timer_slack = 0ns}), SpawnStep::timer_slack, "timer slack \"0\""},
      {with({.timer_slack = -1ns}), SpawnStep::timer_slack, "timer slack \"-1\""},
  });
}

TEST(CommandResources, ThatTheKernelRefusesAreNamedByTheirStep) {
  Resources all{.limits = {{RLIMIT_CORE, 0, 0}, {RLIMIT_CPU, 1000, 1000}, {RLIMIT_NOFILE, 64, 64}},
                .umask = 022,
                .nice = 1,
                .scheduler = {{.policy = SCHED_BATCH}},
                .processors = {0},
                .io_priority = IoPriority{},
                .oom_score_adjust = 100,
                .timer_slack = 1ms};
  const Resources deadline{
      .scheduler = {{.policy = SCHED_DEADLINE, .runtime = 1ms, .deadline = 1ms, .period = 1ms}}};
  const auto only = [](unsigned argument, unsigned value) {
    return RefusedCall::Match{argument, value};
  };
  expect_failures({
      {{SYS_prlimit64, EPERM, only(1, RLIMIT_CPU)}, with(all), SpawnStep::limit, 1},
      {{SYS_prlimit64, EINVAL, only(1, RLIMIT_CORE)}, with(all), SpawnStep::limit, 0},
      {{SYS_umask, ENOSYS}, with(all), SpawnStep::umask},
      {{SYS_sched_setscheduler, EPERM}, with(all), SpawnStep::scheduler},
      {{SYS_sched_setattr, EBUSY}, with(deadline), SpawnStep::scheduler},
      {{SYS_setpriority, EACCES}, with(all), SpawnStep::nice},
      {{SYS_sched_setaffinity, EINVAL}, with(all), SpawnStep::processors},
      {{SYS_ioprio_set, EPERM}, with(all), SpawnStep::io_priority},
      {{SYS_openat2, ENOENT}, with(all), SpawnStep::oom_score_adjust},
      {{SYS_prctl, EINVAL, only(0, PR_SET_TIMERSLACK)}, with(all), SpawnStep::timer_slack},
  });
}

TEST(CommandResources, OnProcessorsThatAreNotThereFail) {
  Command command("/bin/true");
  command.resources({.processors = {60000}});
  expect_error(command, SpawnStep::processors, EINVAL);
}

}  // namespace
}  // namespace sysfd_test
