// SPDX-License-Identifier: MIT
//
// A child of which nothing survives: the child and all that it starts are one tree, which ends
// together. For Command::contain(), and Pipeline::contain(), with which all stages are one tree.
//
//     auto build = sysfd::Command("make").contain().output({.timeout = 10min});
//     // Whatever make has started is gone now, also what has changed its session or its parent.
//
// A small process of the library, the keeper, is between the caller and the child: init of a new
// pid namespace, or a subreaper (PR_SET_CHILD_SUBREAPER). It gets all processes of the tree whose
// parents have ended, and ends when the last of them has ended. The caller does not see it:
// pidfd(), pid() and the status of the Child are the program's. It is a child of the caller's
// process, though: waitpid(-1) finds it.
#ifndef SYSFD_CONTAINMENT_HPP
#define SYSFD_CONTAINMENT_HPP
#include <sysfd/detail/cxx23.hpp>

#include <sysfd/attributes.hpp>
#include <sysfd/cgroup_error.hpp>
#include <sysfd/cgroup_limits.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {

// How a tree is kept together, from the strongest to the weakest.
enum class ContainmentKind {
  // The keeper is init of a new pid namespace. When it ends, the kernel kills all that is in it.
  // Nothing can leave it but a process with CAP_SYS_ADMIN that joins another one by /proc.
  pid_namespace,
  // The same, in a new user namespace, for a caller without CAP_SYS_ADMIN. Only the caller's own
  // user and group exist in it: set-user-ID programs have no effect.
  user_and_pid_namespace,
  // The keeper is a subreaper. The tree survives if somebody kills the keeper (SIGKILL), which each
  // process of the same user can do. A set-user-ID program that the keeper may not kill survives.
  subreaper,
  // There is no keeper: only the child itself is ended.
  none,
};

// Describes the kind in words: "pid namespace", ...
SYSFD_API const char* to_string(ContainmentKind kind) noexcept;

class Cgroup;

// How much of the tree has to be in it.
enum class Reach {
  // Everything: one of the pid namespaces, or spawn() fails.
  whole_tree,
  // The strongest kind that is possible here. Child::containment() tells which.
  best_effort,
  // Everything, as far as a subreaper reaches: ContainmentKind::subreaper, or spawn() fails. The
  // pid and user namespaces stay the caller's: numbers of processes mean the same inside, and
  // set-user-ID programs work.
  same_namespaces,
};

struct Containment {
  Reach reach = Reach::whole_tree;
  // The tree is killed when the caller's process ends, in whatever way, or executes another
  // program. Otherwise it goes on without it.
  bool dies_with_owner = true;
  // In a new pid namespace: /proc shows the tree only, with its own numbers, in a new mount
  // namespace. Otherwise it is the caller's, where /proc/self is right, but a program that looks
  // for itself by getpid(2) finds another process. Not with the ID maps of Namespaces, which are
  // written through the caller's /proc.
  bool own_proc = true;
  // Limits of the whole tree. It gets a cgroup of its own for them, which is removed with it. The
  // limits of memory are set when the program executes (see Command::cgroup()); if that fails, the
  // tree is killed, and spawn() fails.
  CgroupLimits limits{};
  // A cgroup of its own also without limits: Child::usage() and ending() tell more then.
  bool own_cgroup = false;
  // Where the cgroup is created; borrowed until the last start has returned. Null: in that of the
  // calling thread. See Cgroup::abilities().
  const Cgroup* parent = nullptr;
};

// Kills and removes the trees with cgroups below `parent` whose owner has ended, and whose keeper
// was killed before it could do this. Returns how many. Leaves alone the trees of owners in other
// pid namespaces, and those with dies_with_owner = false, which may outlive their owner.
//
// Errors: read; those of Cgroup::kill(), wait_empty() and remove(), for the first that is left.
[[nodiscard]] SYSFD_API Result<int, CgroupError> sweep_trees(const Cgroup& parent);

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_CONTAINMENT_HPP
