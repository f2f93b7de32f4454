// SPDX-License-Identifier: MIT
//
// The start of a child whose caller waits until it executes, and of a program in the caller's own
// process. spec/ -> plan/ -> here.
#ifndef SYSFD_SPAWN_SRC_START_SPAWN_HPP
#define SYSFD_SPAWN_SRC_START_SPAWN_HPP

#include "start/clone_child.hpp"
#include "start/id_map_writer.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// Starts the child of a plan, and waits until it executes or has failed. Closes what the Command
// owns if the child has it.
Result<CloneResult, SpawnError> start_child(CommandSpec& spec, const SpawnRequest& request,
                                            const SpawnScratch& scratch, SpawnPlan& plan);

// Plans, starts, and waits until the child has ended.
Result<ExitStatus, SpawnError> status(CommandSpec& spec, const SpawnRequest& request,
                                      SpawnScratch& scratch);

// Replaces this process. Returns after a failure only.
SpawnError exec(const CommandSpec& spec, SpawnScratch& scratch);

// Clones the child of a plan, with the writer of its ID maps, and from another pid namespace.
// All signals must be blocked. The writer must be destroyed when the child has left this memory.
Result<CloneResult, SpawnError> clone_with_resources(const FailedStart& start, SpawnPlan& plan,
                                                     ChildStack* stack,
                                                     std::optional<IdMapWriter>& writer);
// Starts the writer if the child has ID maps. All signals must be blocked.
Result<void, SpawnError> start_writer(const CommandSpec& spec, SpawnPlan& plan,
                                      std::optional<IdMapWriter>& writer);
inline Result<CloneResult, SpawnError> clone_planned(const FailedStart& start, SpawnPlan& plan,
                                                     ChildStack* stack,
                                                     std::optional<IdMapWriter>& writer) {
  if (plan.resources) [[unlikely]]
    return clone_with_resources(start, plan, stack, writer);
  return clone_child(start, plan.child, stack);
}

// Returns the child, which has left this memory, or its error. Closes what the Command owns if the
// child has it.
Result<CloneResult, SpawnError> finish_start(CommandSpec& spec, StartMode mode,
                                             const SpawnScratch& scratch, const SpawnPlan& plan,
                                             CloneResult&& clone);

// Makes the process group `former` the foreground group of the terminal again.
void restore_foreground(BorrowedFd terminal, int former) noexcept;
// The same, for a child that was killed before it executed, or was run to its end.
inline void restore_foreground(const CommandSpec& spec, const SpawnScratch& scratch) noexcept {
  const int former = scratch.child.args.former_foreground;
  if (former > 0 && spec.session.foreground_of) [[unlikely]]
    restore_foreground(*spec.session.foreground_of, former);
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_START_SPAWN_HPP
