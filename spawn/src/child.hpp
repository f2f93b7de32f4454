// SPDX-License-Identifier: MIT
//
// How the other files of this module make a Child, and what they do with one beside its public
// functions.
#ifndef SYSFD_SPAWN_SRC_CHILD_HPP
#define SYSFD_SPAWN_SRC_CHILD_HPP

#include <memory>
#include <utility>

#include <sysfd/child.hpp>
#include <sysfd/detail/fork_mark.hpp>

#include "start/kill.hpp"
#include "start/spawn.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

struct ChildAccess {
  static DropPolicy drop_policy(const Child& child) noexcept { return child.policy_; }
  static Timeout grace(const Child& child) noexcept { return child.grace_; }
  static bool has_ended(const Child& child) noexcept { return child.status_.has_value(); }
  static bool is_copy(const Child& child) noexcept { return is_forked_copy(child.mark_); }
  static void set_drop_policy(Child& child, DropPolicy policy) noexcept { child.policy_ = policy; }
  static void add_to(Child& child, std::shared_ptr<ChildStages> stages) noexcept {
    child.stages_ = std::move(stages);
  }
  // Puts the child into the tree of all stages.
  static void put_into(Child& child, std::shared_ptr<KeptTree> tree, unsigned program) noexcept {
    child.tree_ = std::move(tree);
    child.program_ = program;
  }
  // Tells a child that is dropped to end, if its policy says so. Does not wait.
  static void begin_drop(Child& child) noexcept { child.begin_drop(); }
  static bool shares_tree(const Child& child) noexcept { return child.shares_tree(); }
  // Gives up a child that was waited for, or is not waited for longer.
  static void forget(Child& child) noexcept { child.forget(); }
  // SIGTERM and SIGCONT, to the group or the tree that the child leads.
  static void ask_to_end(Child& child) noexcept { child.ask_to_end(); }
  static Killed kill(Child& child) noexcept { return child.kill(); }
  // Of a tree that it shares with others, only the child.
  static Killed kill_stage(Child& child) noexcept { return child.kill_stage(); }
  static Result<ExitStatus> await_kill_of_stage(Child& child, const Killed& killed,
                                                Clock::time_point deadline) noexcept {
    return child.await_kill_of_stage(killed, deadline);
  }
  static Result<ExitStatus> await_kill(Child& child, const Killed& killed,
                                       Clock::time_point deadline) noexcept {
    return child.await_kill(killed, deadline);
  }
  // Child::wait_for(), but leaves stdin_pipe() as it is: a conversation may go on.
  static Result<ExitStatus> wait_before(Child& child, const Deadline& deadline) noexcept {
    return child.wait_before(deadline);
  }
};

// Converts to a Child, which is made where it is returned, and not moved.
struct StartedChild {
  CloneResult& clone;
  const CommandSpec& spec;
  SpawnPlan& plan;

  operator Child() const noexcept { return Child(clone, spec, plan); }
};

// Plans and starts a child, and waits until it executes or has failed.
Result<Child, SpawnError> spawn_child(CommandSpec& spec, const SpawnRequest& request,
                                      SpawnScratch& scratch);
// The Child of a start that is settled.
Result<Child, SpawnError> make_child(Result<CloneResult, SpawnError> started,
                                     const CommandSpec& spec, SpawnPlan& plan);

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_CHILD_HPP
