// SPDX-License-Identifier: MIT
#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstdint>

#include <sysfd/detail/decimal.hpp>

#include "in_child/kernel.hpp"
#include "plan/attributes/attributes.hpp"
#include "plan/plan_part.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

struct KernelLimit {  // struct rlimit64
  std::uint64_t soft;
  std::uint64_t hard;
};

constexpr int highest_processor = 0xffff;

// As modes are written: 022.
std::string octal(mode_t mode) {
  std::string text;
  for (; mode != 0; mode >>= 3)
    text.insert(text.begin(), static_cast<char>('0' + (mode & 7)));
  return '0' + text;
}

bool is_of_descriptors(const ResourceLimit& limit) noexcept {
  return limit.resource == RLIMIT_NOFILE;
}

bool raises(const ResourceLimit& limit, const rlimit& now) noexcept {
  return is_of_descriptors(limit) && (limit.soft > now.rlim_cur || limit.hard > now.rlim_max);
}

// What the limit is set to before descriptors are placed and privileges are gone: no less than it
// is. The rest is done after both.
KernelLimit early_limit(const ResourceLimit& limit, const rlimit& now) noexcept {
  return {std::max<std::uint64_t>(limit.soft, now.rlim_cur),
          std::max<std::uint64_t>(limit.hard, now.rlim_max)};
}

void add_limit(Steps& steps, std::size_t index, int resource, const KernelLimit& limit) {
  steps.add(SpawnStep::limit, static_cast<int>(index), SYS_prlimit64, 0, resource,
            steps.keep(limit), 0);
}

void add_scheduler_step(const Scheduler& scheduler, Steps& steps) {
  if (scheduler.policy == SCHED_DEADLINE) {
    const auto nanoseconds = [](std::chrono::nanoseconds duration) {
      return static_cast<std::uint64_t>(duration.count());
    };
    constexpr std::uint64_t reset_on_fork = SCHED_FLAG_RESET_ON_FORK;
    const kernel::SchedulingAttributes attributes{
        .size = sizeof(kernel::SchedulingAttributes),
        .policy = SCHED_DEADLINE,
        .flags = scheduler.reset_on_fork ? reset_on_fork : 0,
        .nice = 0,
        .priority = scheduler.priority,
        .runtime = nanoseconds(scheduler.runtime),
        .deadline = nanoseconds(scheduler.deadline),
        .period = nanoseconds(scheduler.period)};
    steps.add(SpawnStep::scheduler, -1, SYS_sched_setattr, 0, steps.keep(attributes), 0);
    return;
  }
  // Unlike the newer call, this one leaves the nice value alone.
  const int policy = scheduler.policy | (scheduler.reset_on_fork ? SCHED_RESET_ON_FORK : 0);
  const int priority = static_cast<int>(scheduler.priority);
  steps.add(SpawnStep::scheduler, -1, SYS_sched_setscheduler, 0, policy, steps.keep(priority));
}

void add_affinity_step(const std::vector<std::uint64_t>& mask, Steps& steps) {
  const std::size_t size = mask.size() * sizeof mask[0];
  steps.add(SpawnStep::processors, -1, SYS_sched_setaffinity, 0, size,
            steps.keep(mask.data(), size));
}

void add_processors_step(const std::vector<int>& processors, Steps& steps) {
  constexpr int bits = 64;
  const auto words = static_cast<std::size_t>(std::ranges::max(processors)) / bits + 1;
  std::vector<std::uint64_t> mask(words);
  for (const int processor : processors)
    mask[static_cast<std::size_t>(processor / bits)] |= std::uint64_t{1} << (processor % bits);
  add_affinity_step(mask, steps);
}

// The kernel leaves out those that are not there.
void add_all_processors_step(Steps& steps) {
  const std::vector<std::uint64_t> mask((highest_processor + 1) / 64, ~std::uint64_t{0});
  add_affinity_step(mask, steps);
}

void add_oom_score_step(int adjustment, Steps& steps) {
  const std::string text = decimal(adjustment);
  steps.add(SpawnStep::oom_score_adjust, -1, Step::write_proc, "thread-self/oom_score_adj",
            steps.keep(text.data(), text.size()), text.size());
}

void raise_nofile_limit(Planning& planning, const rlimit& now) {
  const Resources& resources = *planning.spec.resources;
  Steps& steps = planning.steps();
  for (std::size_t i = 0; i < resources.limits.size(); ++i) {
    const ResourceLimit& limit = resources.limits[i];
    if (raises(limit, now)) add_limit(steps, i, limit.resource, early_limit(limit, now));
  }
}

void lower_nofile_limit(Planning& planning, const rlimit& now) {
  const Resources& resources = *planning.spec.resources;
  Steps& steps = planning.steps();
  for (std::size_t i = 0; i < resources.limits.size(); ++i) {
    const ResourceLimit& limit = resources.limits[i];
    const KernelLimit early = early_limit(limit, now);
    const bool is_done = raises(limit, now) && early.soft == limit.soft && early.hard == limit.hard;
    if (is_of_descriptors(limit) && !is_done)
      add_limit(steps, i, limit.resource, {limit.soft, limit.hard});
  }
}

PartResult gather_resources(Planning& planning) {
  // A limit that is raised or not depends on what it is now.
  return planning.spec.resources->limits.empty() ? Reuse::yes : Reuse::no;
}

void add_resource_steps(Planning& planning) {
  const Resources& resources = *planning.spec.resources;
  Steps& steps = planning.steps();
  for (std::size_t i = 0; i < resources.limits.size(); ++i) {
    const ResourceLimit& limit = resources.limits[i];
    if (!is_of_descriptors(limit)) add_limit(steps, i, limit.resource, {limit.soft, limit.hard});
  }
  if (resources.umask) steps.add(SpawnStep::umask, -1, SYS_umask, *resources.umask);
  if (resources.scheduler) add_scheduler_step(*resources.scheduler, steps);
  if (resources.nice)
    steps.add(SpawnStep::nice, -1, SYS_setpriority, PRIO_PROCESS, 0, *resources.nice);
  if (!resources.processors.empty()) add_processors_step(resources.processors, steps);
  if (resources.all_processors) add_all_processors_step(steps);
  if (const auto& priority = resources.io_priority) {
    const bool is_idle = priority->io_class == IoPriority::Class::idle;
    const int value = static_cast<int>(priority->io_class) << kernel::io_priority_class_shift |
                      (is_idle ? 0 : priority->level);
    steps.add(SpawnStep::io_priority, -1, SYS_ioprio_set, kernel::io_priority_of_process, 0, value);
  }
  if (resources.oom_score_adjust) add_oom_score_step(*resources.oom_score_adjust, steps);
  if (resources.timer_slack)
    steps.add(SpawnStep::timer_slack, -1, SYS_prctl, PR_SET_TIMERSLACK,
              resources.timer_slack->count());
}

}  // namespace

Result<void, SpawnError> check(const Resources& resources) {
  for (std::size_t i = 0; i < resources.limits.size(); ++i) {
    const ResourceLimit& limit = resources.limits[i];
    const int index = static_cast<int>(i);
    if (limit.resource < 0 || limit.resource >= static_cast<int>(RLIM_NLIMITS))
      return rejected(SpawnStep::limit, "of resource " + decimal(limit.resource), index);
    if (limit.soft > limit.hard)
      return rejected(SpawnStep::limit, "the soft limit exceeds the hard one", index);
  }
  if (resources.umask && (*resources.umask & ~mode_t{0777}) != 0)
    return rejected(SpawnStep::umask, octal(*resources.umask));
  if (resources.nice && (*resources.nice < -20 || *resources.nice > 19))
    return rejected(SpawnStep::nice, decimal(*resources.nice));
  if (const auto& scheduler = resources.scheduler)
    if (scheduler->policy < 0 || scheduler->policy > SCHED_DEADLINE || scheduler->priority > 99 ||
        std::min({scheduler->runtime, scheduler->deadline, scheduler->period}).count() < 0)
      return rejected(SpawnStep::scheduler, "policy " + decimal(scheduler->policy) + ", priority " +
                                                decimal(scheduler->priority));
  for (const int processor : resources.processors)
    if (processor < 0 || processor > highest_processor)
      return rejected(SpawnStep::processors, decimal(processor));
  if (resources.all_processors && !resources.processors.empty())
    return rejected(SpawnStep::processors, "all, and some");
  if (const auto& priority = resources.io_priority) {
    const auto io_class = static_cast<int>(priority->io_class);
    if (io_class < 1 || io_class > 3 || priority->level < 0 || priority->level > 7)
      return rejected(SpawnStep::io_priority,
                      "class " + decimal(io_class) + ", level " + decimal(priority->level));
  }
  if (const auto score = resources.oom_score_adjust; score && (*score < -1000 || *score > 1000))
    return rejected(SpawnStep::oom_score_adjust, decimal(*score));
  if (resources.timer_slack && resources.timer_slack->count() <= 0)
    return rejected(SpawnStep::timer_slack, decimal(resources.timer_slack->count()));
  return {};
}

const ResourcesPart resources_part{gather_resources, raise_nofile_limit, add_resource_steps,
                                   lower_nofile_limit};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
