// SPDX-License-Identifier: MIT
#include "start/spawn.hpp"

#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <sysfd/detail/raw_syscall.hpp>

#include "plan/attributes/attributes.hpp"
#include "plan/plan_part.hpp"
#include "start/scoped_dumpable.hpp"
#include "start/scoped_pid_namespace.hpp"
#include "start/scoped_signal_block.hpp"
#include "start/start_error.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

Result<void, SpawnError> start_writer(const CommandSpec& spec, SpawnPlan& plan,
                                      std::optional<IdMapWriter>& writer) {
  if (!plan.resources || !plan.resources->id_maps) return {};
  writer.emplace(*plan.resources->id_maps->maps);
  if (const auto started = spec.parts.id_map_writer->start(*writer); !started)
    return std::unexpected(SpawnError{SpawnStep::clone, started.error(), -1, ""});
  return {};
}

[[gnu::noinline]] static Result<CloneResult, SpawnError> clone_in_pid_namespace(
    const FailedStart& start, SpawnPlan& plan, ChildStack* stack) {
  const std::size_t i = plan.resources->joined_pid_namespace;
  const ScopedPidNamespace other(*plan.resources->own_pid_namespace,
                                 start.spec.namespaces->join[i].of);
  if (const auto code = other.error())
    return std::unexpected(SpawnError{SpawnStep::join_namespace, code, static_cast<int>(i), ""});
  return clone_child(start, plan.child, stack);
}

Result<CloneResult, SpawnError> clone_with_resources(const FailedStart& start, SpawnPlan& plan,
                                                     ChildStack* stack,
                                                     std::optional<IdMapWriter>& writer) {
  if (auto started = start_writer(start.spec, plan, writer); !started)
    return std::unexpected(std::move(started.error()));
  if (plan.resources->own_pid_namespace) return clone_in_pid_namespace(start, plan, stack);
  if (plan.resources->keeper) return start.spec.parts.containment->clone(start, plan, stack);
  return clone_child(start, plan.child, stack);
}

// True if the child executes its program. Otherwise it is ending.
static bool has_executed(const ChildArgs& args) noexcept {
  if (!args.suspends_parent) note_departure(args);
  return args.progress == ChildArgs::Progress::executing;
}

[[gnu::cold]] static std::unexpected<SpawnError> await_failed(const FailedStart& start,
                                                              const CloneResult& clone) {
  const auto status = clone.process.wait();
  if (start.caller_waits) restore_foreground(start.spec, start.scratch);
  return std::unexpected(child_error(start, status));
}

Result<CloneResult, SpawnError> finish_start(CommandSpec& spec, StartMode mode,
                                             const SpawnScratch& scratch, const SpawnPlan& plan,
                                             CloneResult&& clone) {
  const bool caller_waits = SpawnRequest{.mode = mode}.waits();
  if (!has_executed(plan.child.args)) return await_failed({spec, scratch, caller_waits}, clone);
  if (plan.child.reuse == Reuse::no && !spec.snapshot && mode != StartMode::stage)
    spec.close_owned();
  return Result<CloneResult, SpawnError>(std::move(clone));
}

// A caller in the background of that terminal must not get SIGTTOU.
void restore_foreground(BorrowedFd terminal, int former) noexcept {
  const ScopedSignalBlock blocked;
  system_call(SYS_ioctl, terminal.get(), TIOCSPGRP, &former);
}

Result<CloneResult, SpawnError> start_child(CommandSpec& spec, const SpawnRequest& request,
                                            const SpawnScratch& scratch, SpawnPlan& plan) {
  const FailedStart start{spec, scratch, true};
  std::optional<IdMapWriter> writer;
  auto clone = [&] {
    const ScopedDumpable dumpable(plan.child.changes_credentials, plan.child.args);
    const ScopedSignalBlock blocked;
    return clone_planned(start, plan, plan.child.stack, writer);
  }();
  if (!clone) return clone;
  if (!has_executed(plan.child.args)) [[unlikely]]
    return await_failed(start, *clone);
  if (plan.child.reuse == Reuse::no && !spec.snapshot && request.mode != StartMode::stage)
    spec.close_owned();
  return clone;
}

// What requires a child is found before anything is changed.
static Result<void, SpawnError> reject_in_place(const CommandSpec& spec) {
  const auto rejects = [](SpawnStep step, const char* what, int index = -1) {
    return std::unexpected(invalid_argument(step, what, index));
  };
  for (int number = 0; number < 3; ++number) {
    const StreamKind kind = spec.streams[number].kind;
    if (kind == StreamKind::pipe || kind == StreamKind::terminal)
      return rejects(SpawnStep::standard_stream, stream_names[number], number);
  }
  const Namespaces* namespaces = spec.namespaces.get();
  if (joins(namespaces, Namespace::pid) ||
      (namespaces && namespaces->create.contains(Namespace::pid)))
    return rejects(SpawnStep::namespaces, "pid");
  if (spec.killed_with_parent) return rejects(SpawnStep::parent_death, "kill_with_parent");
  return {};
}

SpawnError exec(const CommandSpec& spec, SpawnScratch& scratch) {
  if (auto done = reject_in_place(spec); !done) return std::move(done.error());
  auto plan = plan_spawn(spec, {.mode = StartMode::in_place}, scratch);
  if (!plan) return std::move(plan.error());
  const ScopedSignalBlock blocked;
  std::optional<IdMapWriter> writer;
  if (auto started = start_writer(spec, *plan, writer); !started) return std::move(started.error());
  run_in_place(scratch.child.args);
  return failed_step_error({spec, scratch, true});
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
