// SPDX-License-Identifier: MIT
//
// The signal that a child gets when its parent ends.
#include <unistd.h>

#include <csignal>

#include <sysfd/pidfd.hpp>

#include "plan/attributes/attributes.hpp"
#include "plan/pid_namespace.hpp"
#include "plan/plan_part.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

bool is_in_other_pid_namespace(const Namespaces* namespaces) noexcept {
  return (namespaces && namespaces->create.contains(Namespace::pid)) ||
         joins(namespaces, Namespace::pid) || children_are_in_other_pid_namespace().value_or(true);
}

// A child that cannot tell its parent by a number watches its pidfd.
PartResult gather_parent_death(Planning& planning) {
  if (planning.is_in_place() || !is_in_other_pid_namespace(planning.spec.namespaces.get()))
    return Reuse::no;  // a copy of this process (fork(2)) has another number
  auto process = PidFd::open(::getpid());
  if (!process)
    return std::unexpected(SpawnError{SpawnStep::parent_death, process.error(), -1, ""});
  auto& own = planning.resources().own_process;
  own = std::move(*process);
  planning.fds().keep_until_exec(own->fd().get(), SpawnStep::parent_death, -1, true);
  return Reuse::no;
}

void add_parent_death_steps(Planning& planning) {
  const int parent = planning.is_in_place() ? ::getppid() : ::getpid();
  const auto& resources = planning.plan.resources;
  const int pidfd = resources && resources->own_process
                        ? planning.fds().place_of(resources->own_process->fd().get())
                        : -1;
  const auto add = [&](int signo, bool unless_kernel_does) {
    planning.steps().add(SpawnStep::parent_death, -1, Step::set_parent_death, signo, parent, pidfd,
                         unless_kernel_does);
  };
  if (planning.spec.parent_death_signal != 0) add(planning.spec.parent_death_signal, false);
  if (planning.spec.killed_with_parent) add(SIGKILL, true);
}

}  // namespace

const PlanPart parent_death_part{gather_parent_death, add_parent_death_steps};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
