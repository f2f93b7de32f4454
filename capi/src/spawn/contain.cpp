// SPDX-License-Identifier: MIT
//
// Children of which nothing survives.
#include <sysfd/containment.hpp>

#include <optional>
#include <utility>

#include "../cgroup_objects.hpp"
#include "setters.hpp"

using namespace sysfd_c;  // NOLINT(google-build-using-namespace)
using sysfd::ContainmentKind;
using sysfd::EndReason;
using sysfd::Reach;

namespace {

static_assert(SYSFD_REACH_WHOLE_TREE == static_cast<int>(Reach::whole_tree) &&
              SYSFD_REACH_BEST_EFFORT == static_cast<int>(Reach::best_effort) &&
              SYSFD_REACH_SAME_NAMESPACES == static_cast<int>(Reach::same_namespaces));
static_assert(SYSFD_CONTAINED_BY_PID_NAMESPACE ==
                  static_cast<int>(ContainmentKind::pid_namespace) &&
              SYSFD_CONTAINED_BY_USER_AND_PID_NAMESPACE ==
                  static_cast<int>(ContainmentKind::user_and_pid_namespace) &&
              SYSFD_CONTAINED_BY_SUBREAPER == static_cast<int>(ContainmentKind::subreaper) &&
              SYSFD_NOT_CONTAINED == static_cast<int>(ContainmentKind::none));
static_assert(SYSFD_END_NOT_KNOWN == static_cast<int>(EndReason::not_known) &&
              SYSFD_END_EXITED == static_cast<int>(EndReason::exited) &&
              SYSFD_END_SIGNAL == static_cast<int>(EndReason::signal) &&
              SYSFD_END_CORE_DUMP == static_cast<int>(EndReason::core_dump) &&
              SYSFD_END_TIMEOUT == static_cast<int>(EndReason::timeout) &&
              SYSFD_END_OUT_OF_MEMORY == static_cast<int>(EndReason::out_of_memory));

// 0 or -errno.
int read_containment(const sysfd_containment* given, sysfd::Containment& containment) {
  sysfd_containment read = SYSFD_CONTAINMENT_INIT;
  if (const int error = read_struct(given, read); error != 0) return error;
  if (has_unknown(read.flags, SYSFD_CONTAIN_OUTLIVES_OWNER | SYSFD_CONTAIN_CALLERS_PROC |
                                  SYSFD_CONTAIN_OWN_CGROUP) ||
      read.reserved != 0 || read.reach < SYSFD_REACH_WHOLE_TREE ||
      read.reach > SYSFD_REACH_SAME_NAMESPACES)
    return -EINVAL;
  containment.reach = static_cast<Reach>(read.reach);
  containment.dies_with_owner = (read.flags & SYSFD_CONTAIN_OUTLIVES_OWNER) == 0;
  containment.own_proc = (read.flags & SYSFD_CONTAIN_CALLERS_PROC) == 0;
  containment.own_cgroup = (read.flags & SYSFD_CONTAIN_OWN_CGROUP) != 0;
  if (read.parent) containment.parent = &read.parent->cgroup;
  return read_limits(read.limits, containment.limits);
}

void write_ending(const sysfd::Ending& ending, sysfd_ending* out) noexcept {
  sysfd_ending filled = SYSFD_ENDING_INIT;
  filled.reason = static_cast<int>(ending.reason);
  if (ending.status) {
    filled.status = ending.status->wait_status();
    filled.set |= SYSFD_ENDING_STATUS;
  }
  if (ending.oom_kills) {
    filled.oom_kills = *ending.oom_kills;
    filled.set |= SYSFD_ENDING_OOM_KILLS;
  }
  if (ending.refused_forks) {
    filled.refused_forks = *ending.refused_forks;
    filled.set |= SYSFD_ENDING_REFUSED_FORKS;
  }
  write_struct(out, filled);
}

}  // namespace

int sysfd_command_contain(sysfd_command* command, const sysfd_containment* containment) {
  sysfd::Containment read;
  const int error = without_exceptions([&] { return read_containment(containment, read); });
  return set(command, sysfd::SpawnStep::containment, -error,
             [&](sysfd::Command& into) { into.contain(std::move(read)); });
}

int sysfd_pipeline_contain(sysfd_pipeline* pipeline, const sysfd_containment* containment) {
  if (!pipeline) return -EINVAL;
  return without_exceptions([&] {
    sysfd::Containment read;
    if (const int error = read_containment(containment, read); error != 0) return error;
    pipeline->pipeline.contain(std::move(read));
    return 0;
  });
}

int sysfd_sweep_trees(const sysfd_cgroup* parent, sysfd_error* error) {
  if (!parent || check_error(error) != 0) return -EINVAL;
  return without_exceptions([&] {
    const auto swept = sysfd::sweep_trees(parent->cgroup);
    return swept ? *swept : fail(swept.error(), error);
  });
}

int sysfd_child_containment(const sysfd_child* child) {
  return child && child->child ? static_cast<int>(child->child->containment()) : -EINVAL;
}

int sysfd_child_ending(const sysfd_child* child, sysfd_ending* ending) {
  if (!child || !child->child || check_output(ending) != 0) return -EINVAL;
  return code_of(child->child->ending(),
                 [&](const sysfd::Ending& found) { write_ending(found, ending); });
}

int sysfd_child_usage(const sysfd_child* child, sysfd_cgroup_usage* usage) {
  if (!child || !child->child || check_output(usage) != 0) return -EINVAL;
  return without_exceptions([&] {
    return code_of(child->child->usage(),
                   [&](const sysfd::CgroupUsage& found) { write_usage(found, usage); });
  });
}

int sysfd_output_ending(const sysfd_output* output, sysfd_ending* ending) {
  if (!output || check_output(ending) != 0) return -EINVAL;
  if (!output->stages.empty()) return -ENODATA;
  write_ending(output->output.ending, ending);
  return 0;
}
