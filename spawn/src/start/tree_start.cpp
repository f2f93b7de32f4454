// SPDX-License-Identifier: MIT
//
// The start of a keeper and the programs of its tree.
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <ranges>
#include <utility>

#include <sysfd/detail/raw_syscall.hpp>

#include "start/clone_call.hpp"
#include "start/containment.hpp"
#include "start/kill.hpp"
#include "start/spawn.hpp"
#include "start/tree_plan.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

using Started = Result<void, SpawnError>;

// A keeper that has not come to execute its program has ended, or is about to.
void reap(const PidFd& keeper) noexcept {
  system_call_retried(SYS_waitid, P_PIDFD, keeper.fd().get(), nullptr, WEXITED | __WALL, nullptr);
}

int foreground_of(const Session& session) noexcept {
  int group = 0;
  if (session.foreground_of)
    system_call(SYS_ioctl, session.foreground_of->get(), TIOCGPGRP, &group);
  return group;
}

// One start of a keeper and its programs, which shows what is possible.
class TreeStart {
 public:
  TreeStart(std::span<TreeProgram> programs, TreePlan& plan, ChildStack& stack,
            TreeProgram*& unstarted) noexcept
      : programs_(programs), plan_(plan), stack_(stack), unstarted_(unstarted) {}

  // Empty: it is not possible in this way, see error().
  std::optional<Started> run(ContainmentKind kind) {
    KeeperArgs& args = plan_.args;
    args.is_init = kind != ContainmentKind::subreaper;
    prepare_programs();
    const long between = clone_keeper(kind == ContainmentKind::user_and_pid_namespace);
    if (between < 0) return is_impossible(between);
    PidFd keeper = PidFd::unsafe_adopt(OwnedFd::adopt(args.pidfd));
    if (args.error < 0) {
      reap(keeper);
      return is_impossible(args.error);
    }
    unstarted_ = static_cast<TreeProgram*>(args.unstarted);
    // A keeper that was killed at once could not say so.
    if (unstarted_ && unstarted_->answer > 0 &&
        unstarted_->child->progress == ChildArgs::Progress::executing)
      unstarted_ = nullptr;
    const bool is_kept = args.execute_error == 0;
    if (!is_kept) end_without_keeper(keeper);
    for (TreeProgram& program : programs_)
      if (program.answer > 0) settle(program);
    stack_.is_inside = 0;
    plan_.tree->start(std::move(keeper), kind);
    const bool executes = is_kept && !unstarted_;
    if (is_kept && unstarted_) end_tree();
    auto done = executes ? limit_memory() : why_not_started();
    if (executes && !done) end_tree();
    if (!done) restore_foregrounds();
    return done;
  }
  long error() const noexcept { return error_; }

 private:
  void prepare_programs() {
    stack_.suspends_parent = stack_.is_watched = true;
    for (TreeProgram& program : programs_) {
      const CloneOptions& options = program.plan.child.clone;
      ChildArgs& child = begin_clone(program.plan.child, &stack_);
      program.child = &child;
      program.other_call = {};
      if (clone_can(options)) program.other_call = call_of_clone(child, options, &stack_);
      program.clone_arguments = {};
      program.call = call_of_clone3(child, options, &stack_, program.clone_arguments);
      program.next = &program == &programs_.back() ? nullptr : &program + 1;
      program.answer = -ECANCELED;
      program.is_by_other_call = false;
      const Session& session = program.start.spec.session;
      program.former_foreground = plan_.args.is_init ? foreground_of(session) : 0;
    }
  }

  // Returns what clone(2) does, when the keeper executes its program or has ended.
  long clone_keeper(bool has_user_namespace) {
    KeeperArgs& args = plan_.args;
    args.programs = args.unstarted = &programs_.front();
    args.is_inside = &stack_.is_inside;
    args.users = has_user_namespace ? plan_.users.c_str() : nullptr;
    args.users_size = static_cast<long>(plan_.users.size());
    args.groups = plan_.groups.c_str();
    args.groups_size = static_cast<long>(plan_.groups.size());
    args.error = args.execute_error = -ECANCELED;
    name_keeper();
    const auto has_id_maps = [](const TreeProgram& program) {
      return program.start.spec.has_id_maps();
    };
    args.mounts_proc =
        args.is_init && plan_.containment.own_proc && std::ranges::none_of(programs_, has_id_maps);
    const long flags = CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_PIDFD | SIGCHLD |
                       (args.is_init ? CLONE_NEWPID : 0) | (args.mounts_proc ? CLONE_NEWNS : 0) |
                       (has_user_namespace ? CLONE_NEWUSER : 0);
    return clone_and_run(SYS_clone, flags, 0, address(&args.pidfd), 0, start_keeper, &args);
  }

  void name_keeper() noexcept {
    const char* const words[] = {"sysfd-keeper", plan_.args.is_init ? "init" : "subreaper",
                                 plan_.numbers.c_str(),
                                 plan_.containment.dies_with_owner ? "with-owner" : "alone"};
    for (std::size_t i = 0; i < std::size(words); ++i)
      plan_.arguments[i] = const_cast<char*>(words[i]);  // which execve(2) does not write to
    if (!plan_.cgroup.empty()) plan_.arguments[std::size(words)] = plan_.cgroup.data();
  }

  // If the keeper was killed, this goes on before its time: the programs live, and the last one may
  // be in this memory yet.
  void end_without_keeper(const PidFd& keeper) noexcept {
    for (TreeProgram& program : programs_) {
      if (program.answer > 0)
        system_call(SYS_pidfd_send_signal, program.child->pidfd, SIGKILL, nullptr, 0);
      if (program.answer == -ECANCELED) end_left_child(*program.child, stack_);
    }
    reap(keeper);
  }

  // A program that has left this memory.
  void settle(TreeProgram& program) noexcept {
    ChildArgs& child = *program.child;
    if (plan_.args.is_init) child.former_foreground = program.former_foreground;  // it cannot tell
    take_report_of_copy(program.plan.child, &stack_);
    note_departure(child);
    program.process = PidFd::unsafe_adopt(OwnedFd::adopt(child.pidfd));
  }

  // What has failed on its way to its program tells itself why.
  Started why_not_started() const {
    if (!unstarted_)
      return fails(error_code(static_cast<int>(-plan_.args.execute_error)), "exec of the keeper");
    if (unstarted_->answer > 0) return {};
    const int error = static_cast<int>(-unstarted_->answer);
    return std::unexpected(clone_error(unstarted_->start, error_code(error)));
  }

  Started limit_memory() const {
    if (plan_.memory_limits.controllers().empty()) return {};
    auto done = plan_.tree->cgroup()->set(plan_.memory_limits);
    return done ? Started() : fails(done.error());
  }

  void end_tree() noexcept {
    plan_.tree->begin_kill();
    for (const TreeProgram& program : programs_)
      if (program.process) plan_.tree->finish_kill(*program.process, Clock::now() + kill_patience);
  }

  // The last one first, as each has found the one before it there.
  void restore_foregrounds() const noexcept {
    for (const TreeProgram& program : programs_ | std::views::reverse)
      if (program.start.caller_waits) restore_foreground(program.start.spec, program.start.scratch);
  }

  std::nullopt_t is_impossible(long error) noexcept {
    error_ = error;
    stack_.is_inside = 0;
    return std::nullopt;
  }

  std::span<TreeProgram> programs_;
  TreePlan& plan_;
  ChildStack& stack_;
  TreeProgram*& unstarted_;
  long error_ = 0;
};

}  // namespace

Result<bool, SpawnError> start_tree(std::span<TreeProgram> programs, TreePlan& plan,
                                    ChildStack& stack, TreeProgram*& unstarted) {
  unstarted = nullptr;
  if (is_emulated()) return std::unexpected(memory_is_copied_error());
  TreeStart tree(programs, plan, stack, unstarted);
  const Reach reach = plan.containment.reach;
  // Which has no number in a new pid namespace.
  const auto joining = std::ranges::find_if(programs, [](const TreeProgram& program) {
    return program.start.spec.session.process_group.value_or(0) > 0;
  });
  if (joining != programs.end() && reach == Reach::whole_tree) {
    unstarted = &*joining;
    return fails(error_code(EINVAL), "a process group outside of the new pid namespace");
  }
  for (const auto kind : {ContainmentKind::pid_namespace, ContainmentKind::user_and_pid_namespace,
                          ContainmentKind::subreaper}) {
    if (kind == ContainmentKind::subreaper && reach == Reach::whole_tree) break;
    const bool keeps_namespaces = joining != programs.end() || reach == Reach::same_namespaces;
    if (kind != ContainmentKind::subreaper && keeps_namespaces) continue;
    if (auto started = tree.run(kind)) {
      if (!*started) return std::unexpected(std::move(started->error()));
      return true;
    }
  }
  const auto code = error_code(static_cast<int>(-tree.error()));
  if (reach == Reach::whole_tree)
    return fails(code,
                 "a new pid namespace, which needs CAP_SYS_ADMIN or user namespaces, and (see "
                 "Containment::own_proc) a /proc that can be mounted");
  if (reach == Reach::same_namespaces) return fails(code, "a subreaper, which needs /proc");
  if (plan.tree->cgroup()) return fails(code, "a process that keeps the cgroup");
  return false;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
