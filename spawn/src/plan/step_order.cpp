// SPDX-License-Identifier: MIT
//
// The parts of a child that is given more than its streams: the order in which they gather, and the
// order of the child's steps.
#include <sys/resource.h>

#include <sysfd/detail/decimal.hpp>
#include <sysfd/detail/join.hpp>

#include "plan/plan_part.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

// One part that is right for this child only makes the whole plan so.
PartResult gather_parts(Planning& planning) {
  const PlanParts& parts = planning.spec.parts;
  Reuse reuse = Reuse::yes;
  PartResult done = Reuse::yes;
  const auto gathers = [&](const auto* part) {
    if (!part || !part->gather) return true;
    done = part->gather(planning);
    if (done.has_value() && *done == Reuse::no) reuse = Reuse::no;
    return done.has_value();
  };
  const DescriptorsPart* descriptors = parts.descriptors;
  if (!descriptors && planning.request.default_streams)
    descriptors = planning.request.default_streams->part;
  if (!descriptors)
    for (int number = 0; number < 3; ++number)
      inherit_stream(planning.spec, planning.fds(), number);
  const auto gathers_report = [&] {
    if (planning.request.mode != StartMode::async_reported) return true;
    done = planning.spec.snapshot->changes->gather_report(planning);
    reuse = Reuse::no;
    return done.has_value();
  };
  const auto settles = [&] {
    if (!descriptors) return true;
    done = descriptors->settle(planning);
    if (done.has_value() && *done == Reuse::no) reuse = Reuse::no;
    return done.has_value();
  };
  // Streams first: a new terminal changes the session. The cgroup before namespaces: it may have a
  // page for their id maps.
  if (gathers(parts.listeners) && gathers(descriptors) && gathers(parts.inheritance) &&
      gathers(parts.cgroup) && gathers(planning.containment_part()) && gathers(parts.namespaces) &&
      gathers_report() && gathers(parts.root) && gathers(planning.working_directory_part) &&
      gathers(parts.program) && gathers(planning.session_part) && gathers(parts.parent_death) &&
      gathers(parts.landlock) && gathers(parts.resources) && gathers(parts.no_zombie) && settles())
    return reuse;
  return done;
}

// From the moment at which the child has its own descriptor table to the one at which it unblocks
// signals and executes. Each step has what it needs from the ones before, and none takes what a
// later one needs.
void add_part_steps(Planning& planning) {
  const CommandSpec& spec = planning.spec;
  const PlanParts& parts = spec.parts;
  Steps& steps = planning.steps();
  const auto add = [&](const PlanPart* part) {
    if (part && part->add_steps) part->add_steps(planning);
  };
  steps.clear();
  add_signal_steps(spec.signals.get(), steps);
  if (const auto* part = planning.containment_part()) part->add_steps(planning);
  // Descriptors first, while the numbers and paths are still those of the parent.
  rlimit nofile_now{};
  if (parts.resources) {
    ::getrlimit(RLIMIT_NOFILE, &nofile_now);
    parts.resources->raise_nofile_limit(planning, nofile_now);
  }
  add_descriptor_steps(planning.fds(), steps);
  add(parts.inheritance);
  add(planning.session_part);
  // With the parent's privileges, which another user namespace, or user, does not have.
  if (parts.resources) parts.resources->add_steps(planning);
  // From outside to inside: the namespaces, the root in them, the directory in that.
  add(parts.cgroup);
  if (parts.namespaces) parts.namespaces->add_new_steps(planning);
  // Only now: ID maps are written through /proc, where an undumpable process is root's.
  if (planning.scratch.child.changes_credentials)
    steps.add(SpawnStep::dumpable, -1, Step::make_undumpable);
  if (parts.namespaces) parts.namespaces->add_steps(planning);
  add(parts.root);
  const bool changes_early = spec.directory_change == DirectoryChange::before_identity;
  if (changes_early) add(planning.working_directory_part);
  // Power is given up when nothing needs it any more.
  if (parts.identity) parts.identity->add_steps(planning);
  if (!changes_early) add(planning.working_directory_part);
  // A change of identity would undo it.
  add(parts.parent_death);
  add(parts.listeners);
  if (parts.resources) parts.resources->lower_nofile_limit(planning, nofile_now);
  // After all that opens files, and before a seccomp program, which need not allow it.
  add(parts.landlock);
  // Not after a seccomp program, which need not allow what it takes.
  if (spec.has_seccomp()) steps.add(SpawnStep::signals, -1, Step::take_stop_signals);
  if (parts.identity) parts.identity->add_confinement_steps(planning);
}

// In a function of its own, which has a frame of its own: stacks may be small.
PartResult given_twice(const FdRequest& request) {
  return std::unexpected(
      SpawnError{request.step, error_code(EINVAL), request.index,
                 join({"to be number ", decimal(request.target), ", which is given twice"})});
}

PartResult gather_all(Planning& planning) {
  const SpawnRequest& request = planning.request;
  if (request.changes_plan())
    if (PartResult done = planning.spec.snapshot->changes->gather(planning); !done) return done;
  PartResult parts = gather_parts(planning);
  if (parts && !request.changes.environment.empty())
    if (PartResult done = planning.spec.snapshot->changes->change_environment(planning); !done)
      return done;
  return parts;
}

PartResult plan_parts(Planning& planning) {
  PartResult parts = gather_all(planning);
  if (!parts) return parts;
  FdPlan& fds = planning.fds();
  if (const auto twice = fds.make()) return given_twice(*twice);
  add_part_steps(planning);
  ChildArgs& args = planning.args();
  args.first_unneeded = fds.first_unneeded();
  args.gaps = fds.gaps().data();
  args.gap_count = fds.gaps().size();
  args.needs_until_exec = fds.needs_until_exec();
  args.steps = planning.steps().all().data();
  args.step_count = planning.steps().all().size();
  return parts;
}

}  // namespace

const PartsPlanner parts_planner{plan_parts};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
