// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_START_CLONE_CHILD_HPP
#define SYSFD_SPAWN_SRC_START_CLONE_CHILD_HPP

#include <sys/types.h>

#include <sysfd/detail/deadline.hpp>
#include <sysfd/pidfd.hpp>
#include <sysfd/result.hpp>

#include "plan/spawn_plan.hpp"
#include "start/start_error.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// A child, and how it was cloned.
struct CloneResult {
  PidFd process;
  pid_t pid;
  bool by_clone3;
  bool reaps_itself;
  bool killed_with_parent;
};

// Clones the child, which carries out its ChildArgs. Returns when the child has left this memory:
// it executes the program, or has ended; or, with a stack, at once. All signals must be blocked.
//
// Uses clone3(2), or clone(2) with the same flags if clone3 is refused and clone can do the same;
// never anything that copies this process, unless CloneOptions::report_of_copy is set. With a
// stack: ENOSYS in an emulator that would copy it all the same. A child that leaves no zombie needs
// a stack that is watched. EOPNOTSUPP: no process can be in between, see orphan.cpp.
Result<CloneResult, SpawnError> clone_child(const FailedStart& start, ChildPlan& plan,
                                            ChildStack* stack = nullptr);

// True if this process runs in such an emulator.
bool is_emulated() noexcept;

// True if clone(2) can do it: it has no cgroup, and has the bit of time namespaces for something
// else.
bool clone_can(const CloneOptions& options) noexcept;

// What clone_child() does before and after the call: returns the arguments of the child, which are
// not those of the plan if it gets a copy of the memory.
ChildArgs& begin_clone(ChildPlan& plan, ChildStack* stack) noexcept;
void take_report_of_copy(ChildPlan& plan, ChildStack* stack) noexcept;

// Must be called when the child has left this memory, if clone_child() returned before.
void note_departure(const ChildArgs& args) noexcept;

// Waits until the child, to which `pidfd` refers, has left this memory. Returns 0, or -errno:
// ETIMEDOUT it has not by then; ECANCELED. The child is watched.
long await_leave(const ChildStack& stack, int pidfd, const Deadline& deadline) noexcept;

// For a child whose caller, a process in between that shares this memory, was killed before it
// could say what clone did: ends it, if there is one, and waits until it has left this memory.
void end_left_child(const ChildArgs& args, const ChildStack& stack) noexcept;

// Waits until the process has ended, whether it is reaped or not. False: it has not by then.
bool await_end(int pidfd, const Deadline& deadline) noexcept;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_START_CLONE_CHILD_HPP
