// SPDX-License-Identifier: MIT
//
// A plan from the first part to the last, and what is left to do if an earlier one is right.
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include <sysfd/detail/raw_syscall.hpp>

#include "plan/plan_part.hpp"
#include "plan/program_path.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

using Done = Result<void, SpawnError>;

void SpawnScratch::reserve(std::size_t descriptors) {
  constexpr std::size_t streams_and_attributes = 24;
  fds.reserve(3 + descriptors);
  steps.reserve(streams_and_attributes + 2 * descriptors);
  child.descriptors.reserve(descriptors);
}

bool KeeperPlan::has(int fd) const noexcept {
  const auto is_it = [fd](const auto& own) { return own && own->get() == fd; };
  return is_it(control) || is_it(program) || is_it(parent) || (owner && owner->fd().get() == fd);
}

bool ChildResources::has(int fd) const noexcept {
  const auto is_it = [fd](const auto& own) { return own && own->get() == fd; };
  return std::ranges::any_of(child_ends, is_it) || std::ranges::any_of(parent_ends, is_it) ||
         is_it(child_terminal) || is_it(parent_terminal) || is_it(cgroup) || is_it(directory) ||
         is_it(own_pid_namespace) || (keeper && keeper->has(fd)) ||
         (own_process && own_process->fd().get() == fd) ||
         (report && (report->read.get() == fd || report->write.get() == fd));
}

bool starts_with_copy(const CommandSpec& spec, StartMode mode,
                      const SpawnScratch& scratch) noexcept {
  return mode == StartMode::async_reported ||
         (mode == StartMode::async && (scratch.fds.borrows() || spec.inherits));
}

namespace {

Done make_plan(Planning& planning) {
  const CommandSpec& spec = planning.spec;
  const SpawnRequest& request = planning.request;
  SpawnScratch& scratch = planning.scratch;
  ChildPlan& child = scratch.child;
  ChildArgs& args = child.args;
  // Nobody uses again what an error, or a lack of memory, leaves half made.
  child.reuse = Reuse::no;
  child.runs_concurrently = false;
  child.stack = nullptr;
  std::construct_at(&args);
  std::construct_at(&child.clone);
  // exec() happens once. Streams that are the caller's default may be others the next time.
  bool is_for_one = request.changes_plan() || request.default_streams || planning.is_in_place();
  if (scratch.rare) scratch.rare->directory.reset();
  args.arguments = spec.arguments.get();
  args.environment = spec.environment_of_child().resolve(scratch.environment);
  planning.fds().clear(planning.is_in_place() || spec.inherits);
  child.changes_credentials = spec.changes_credentials();
  if (const PartsPlanner* planner = planning.planner()) {
    const PartResult parts = planner->plan(planning);
    if (!parts) return std::unexpected(parts.error());
    is_for_one |= *parts == Reuse::no;
  } else {
    args.first_unneeded = 3;
    args.steps = usual_steps().data();
    args.step_count = usual_steps().size();
  }
  args.signal_mask = signal_mask(spec.signals.get());
  args.busy_retries = spec.busy_retries;
  args.is_filtered = spec.has_seccomp();
  if (spec.program_fd) args.program = planning.fds().place_of(spec.program_fd->get());
  // The keeper waits for what is contained.
  child.clone.reaps_itself |=
      spec.drop_policy == DropPolicy::detach && !spec.containment && !request.tree;
  child.clone.killed_with_parent = spec.killed_with_parent;
  child.clone.no_new_privileges = spec.identity && spec.identity->given.no_new_privileges;
  const Session& session = *planning.session;
  child.leads_group = session.new_session || session.process_group == 0;
  child.searches_path = !spec.program_fd && !spec.is_path;
  if (spec.is_path)
    args.candidates = spec.only_candidate();
  else if (spec.snapshot)
    args.candidates = spec.snapshot->candidates.c_str();
  child.descriptors.clear();
  for (const BorrowedFd fd : request.changes.descriptors)
    child.descriptors.push_back(fd.get());
  child.runs_concurrently = !is_for_one && !must_suspend_caller(spec) &&
                            !child.changes_credentials && spec.busy_retries <= 0;
  child.reuse = is_for_one ? Reuse::no : Reuse::yes;
  return {};
}

bool can_reuse(const ChildPlan& child, const SpawnRequest& request) noexcept {
  return child.reuse == Reuse::yes && !request.changes_plan() && !request.default_streams &&
         request.mode != StartMode::in_place && request.mode != StartMode::async_reported &&
         std::ranges::equal(request.changes.descriptors, child.descriptors, {}, &BorrowedFd::get);
}

// Sets what may be another thing for each child: the environment and PATH of this process, the
// thread's signal mask.
void refresh(const CommandSpec& spec, SpawnScratch& scratch, bool is_reused) {
  ChildArgs& args = scratch.child.args;
  args.arguments = spec.arguments.get();
  if (!spec.snapshot) {
    if (is_reused) args.environment = spec.environment.resolve(scratch.environment);
    if (scratch.child.searches_path) {
      find_candidates(spec, args.environment, scratch.candidates);
      args.candidates = scratch.candidates.c_str();
    }
  }
  if (spec.signals && spec.signals->inherit_mask) [[unlikely]]
    args.signal_mask = signal_mask(spec.signals.get());
}

}  // namespace

Result<SpawnPlan, SpawnError> plan_spawn(const CommandSpec& spec, const SpawnRequest& request,
                                         SpawnScratch& scratch) {
  SpawnPlan plan(scratch.child);
  const bool reuses = can_reuse(scratch.child, request);
  if (!reuses) {
    Planning planning{spec, request, scratch, plan};
    if (Done done = make_plan(planning); !done) return std::unexpected(std::move(done.error()));
  }
  refresh(spec, scratch, reuses);
  if (!request.changes.arguments.empty())
    if (Done done = spec.snapshot->changes->append_arguments(spec, request, scratch); !done)
      return std::unexpected(std::move(done.error()));
  if (spec.parts.shell) [[unlikely]]
    spec.parts.shell->set_arguments(scratch);
  return plan;
}

Snapshot take_snapshot(const CommandSpec& spec) {
  Snapshot snapshot{{}, spec.environment.frozen(), {}, &changes_part};
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    snapshot.open_streams[static_cast<std::size_t>(number)] =
        system_call(SYS_fcntl, number, F_GETFD) == 0;
  std::vector<char*> unused;
  if (!spec.is_path)
    find_candidates(spec, snapshot.environment.resolve(unused), snapshot.candidates);
  return snapshot;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
