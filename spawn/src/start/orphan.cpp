// SPDX-License-Identifier: MIT
#include "start/orphan.hpp"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>

#include <sysfd/detail/join.hpp>
#include <sysfd/detail/syscall.hpp>

#include "in_child/child_syscall.hpp"
#include "plan/attributes/attributes.hpp"
#include "plan/pid_namespace.hpp"
#include "start/clone_call.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

// An orphan is given to the init of its pid namespace, or to the nearest ancestor that has asked
// for that (PR_SET_CHILD_SUBREAPER). In a new pid namespace, the process in between would be init,
// and take the child along when it ends. Returns 0, or -errno.
long check_orphans() noexcept {
  int is_subreaper = 0;
  system_call(SYS_prctl, PR_GET_CHILD_SUBREAPER, &is_subreaper);
  if (is_subreaper != 0 || system_call(SYS_getpid) == 1) return -EOPNOTSUPP;
  const auto are_in_other = children_are_in_other_pid_namespace();
  if (!are_in_other.has_value() && is_shortage(are_in_other.error()))
    return -are_in_other.error().value();
  return are_in_other.value_or(true) ? -EOPNOTSUPP : 0;
}

// Has the child cloned by a process in between, which ends at once and is reaped here: the child is
// an orphan when this returns. Returns what the system call does. ECANCELED: that process was
// killed. EOPNOTSUPP: the orphan would be given to this process, or would end with that one.
//
// Nobody who waits for children comes across the process in between, as its exit signal is zero. If
// it is killed, this goes on before its time: the child may be in this memory yet.
long clone_orphan(ChildArgs& args, const CloneOptions& options, ChildStack& stack,
                  bool by_clone3) noexcept {
  if (const long checked = check_orphans(); checked < 0) return checked;
  kernel::CloneArguments arguments{};
  OrphanClone clone{by_clone3 ? call_of_clone3(args, options, &stack, arguments)
                              : call_of_clone(args, options, &stack),
                    &args};
  constexpr long flags = CLONE_VM | CLONE_VFORK | CLONE_FILES;
  const long between = clone_and_run(SYS_clone, flags, 0, 0, 0, make_orphan, &clone);
  if (between < 0) return between;
  system_call_retried(SYS_wait4, between, nullptr, __WALL, nullptr);
  if (clone.answer == -ECANCELED) end_left_child(args, stack);
  return clone.answer;
}

SpawnError reject_no_zombie(const char* what) {
  return invalid_argument(SpawnStep::clone, join({"leave_no_zombie() with ", what}));
}

// An orphan has no parent that it could follow, or that could join a pid namespace for it.
PartResult gather_no_zombie(Planning& planning) {
  const CommandSpec& spec = planning.spec;
  const SpawnRequest& request = planning.request;
  const auto rejects = [](const char* what) { return std::unexpected(reject_no_zombie(what)); };
  if (request.mode == StartMode::in_place) return rejects("exec()");
  if (request.mode == StartMode::stage || request.default_streams)
    return rejects("output() or a pipeline");
  if (spec.killed_with_parent) return rejects("kill_with_parent()");
  if (spec.parent_death_signal != 0) return rejects("parent_death_signal()");
  if (joins(spec.namespaces.get(), Namespace::pid))
    return rejects("a pid namespace that is joined");
  planning.clone().reaps_itself = true;
  auto& stack = planning.scratch.stack;
  if (!stack) stack = std::make_unique_for_overwrite<ChildStack>();
  stack->suspends_parent = stack->is_watched = true;
  stack->clone_orphan = clone_orphan;
  planning.scratch.child.stack = stack.get();
  return Reuse::yes;
}

}  // namespace

const NoZombiePart no_zombie_part{gather_no_zombie, reject_no_zombie, clone_orphan};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
