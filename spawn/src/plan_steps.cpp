// SPDX-License-Identifier: MIT
//
// What the child will do, in which order.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "attempt.hpp"

namespace sysfd {
inline namespace v0 {

namespace detail {

// Not inlined: so many steps are added in so many places.
void Steps::push(const Step& step) {
  steps_.push_back(step);
}

}  // namespace detail

using detail::FdAction;
using detail::Step;

namespace {

// For stdin, or for stdout and stderr: what confines the child may allow one and not the other.
int flags_of_null(int target) noexcept {
  return target == 0 ? O_RDONLY : O_WRONLY;
}

void plan_descriptors(const detail::FdPlan& fds, detail::Steps& steps) {
  for (const FdAction& action : fds.actions()) {
    const auto add = [&](long call, auto... arguments) {
      steps.add(action.step, action.index, call, arguments...);
    };
    switch (action.kind) {
      case FdAction::Kind::duplicate: add(SYS_dup3, action.source, action.target, 0); break;
      case FdAction::Kind::save: add(SYS_dup3, action.source, action.target, O_CLOEXEC); break;
      case FdAction::Kind::keep: add(SYS_fcntl, action.target, F_SETFD, 0); break;
      case FdAction::Kind::inherit:
        add(Step::keep_or_open_null, action.target, flags_of_null(action.target));
        break;
      case FdAction::Kind::open_null:
        add(Step::open_null, action.target, flags_of_null(action.target));
        break;
    }
  }
}

// What was passed under one of these numbers is there by now.
void plan_exceptions(const std::vector<int>& numbers, const detail::FdPlan& fds,
                     detail::Steps& steps) {
  const auto requests = fds.requests();
  for (const int number : numbers)
    if (std::ranges::find(requests, number, &detail::FdRequest::target) == requests.end())
      steps.add(SpawnStep::descriptor, -1, Step::close_at_exec, number);
}

}  // namespace

void Command::Attempt::plan_root() {
  const auto& root = state_.root;
  const auto add = [&](long call, auto argument) {
    work_.steps.add(SpawnStep::root_directory, -1, call, argument);
  };
  if (root.fd) add(SYS_fchdir, work_.fds.place_of(number_of(root)));
  add(SYS_chroot, root.path ? root.path->c_str() : ".");
  add(SYS_chdir, "/");
}

void Command::Attempt::plan_directory() {
  const auto& wanted = directory();
  if (wanted.path)
    work_.steps.add(SpawnStep::working_directory, -1, SYS_chdir, wanted.path->c_str());
  else if (const int number = number_of(wanted); number >= 0)
    work_.steps.add(SpawnStep::working_directory, -1, SYS_fchdir, work_.fds.place_of(number));
}

void Command::Attempt::plan_parent_death() {
  const int parent = kind_ == Kind::in_place ? ::getppid() : ::getpid();
  const int pidfd = made_->own_process ? work_.fds.place_of(made_->own_process->fd().get()) : -1;
  const auto add = [&](int signo, bool unless_kernel_does) {
    work_.steps.add(SpawnStep::parent_death, -1, Step::set_parent_death, signo, parent, pidfd,
                    unless_kernel_does);
  };
  if (state_.parent_death_signal != 0) add(state_.parent_death_signal, false);
  if (state_.killed_with_parent) add(SIGKILL, true);
}

// The child's life, from the moment at which it has its own descriptor table to the one at which it
// unblocks signals and executes. Each step has what it needs from the ones before, and none takes
// what a later one needs:
void Command::Attempt::plan_steps() {
  auto& steps = work_.steps;
  const auto& fds = work_.fds;
  steps.clear();
  detail::plan_signals(state_.signals, steps);
  // Descriptors first, while the numbers and paths are still those of the parent.
  const auto* resources = state_.resource_planner;
  rlimit descriptors_now{};
  if (!state_.resources.limits.empty()) ::getrlimit(RLIMIT_NOFILE, &descriptors_now);
  if (resources) resources->plan_more_descriptors(state_.resources, descriptors_now, steps);
  plan_descriptors(fds, steps);
  plan_exceptions(state_.not_inherited, fds, steps);
  if (made_->plan_session) made_->plan_session(made_->session, fds, steps);
  // With the parent's privileges, which another user namespace, or user, does not have.
  if (resources) resources->plan(state_.resources, steps);
  // From outside to inside: the namespaces, the root in them, the directory in that.
  if (kind_ == Kind::in_place) {
    if (made_->cgroup)
      steps.add(SpawnStep::cgroup, -1, Step::join_cgroup, fds.place_of(made_->cgroup->get()));
    if (const unsigned flags = state_.namespaces.create.flags())
      steps.add(SpawnStep::namespaces, -1, SYS_unshare, flags);
  }
  if (made_->maps) steps.add(SpawnStep::user_map, -1, Step::await_id_maps, &*made_->maps);
  // Only now: the maps are written through /proc, where an undumpable process is root's.
  if (changes_credentials()) steps.add(SpawnStep::dumpable, -1, Step::make_undumpable);
  if (const auto* namespaces = state_.namespace_planner)
    namespaces->plan(state_.namespaces, fds, steps);
  if (state_.plan_root) (this->*state_.plan_root)();
  const bool changes_early = state_.directory_change == DirectoryChange::before_identity;
  if (changes_early) plan_directory();
  // Power is given up when nothing needs it any more.
  const auto* identity = state_.identity_planner;
  if (identity) identity->plan(state_.identity, steps);
  if (!changes_early) plan_directory();
  // Which a change of identity would undo.
  if (state_.parent_death_parts) (this->*state_.parent_death_parts->plan)();
  if (!state_.listeners.empty())
    steps.add(SpawnStep::listen_fds, -1, Step::write_listen_pid, made_->listen_slots.number,
              made_->listen_slots.identity, made_->listen_slots.identity_variable);
  if (resources) resources->plan_fewer_descriptors(state_.resources, descriptors_now, steps);
  // Not after a seccomp program, which need not allow what it takes.
  if (!state_.identity.said.seccomp.empty())
    steps.add(SpawnStep::signals, -1, Step::take_stop_signals);
  if (identity) identity->plan_confinement(state_.identity, steps);
}

}  // namespace v0
}  // namespace sysfd
