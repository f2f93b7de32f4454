// SPDX-License-Identifier: MIT
#include "orphan.hpp"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>

#include "children_pid_namespace.hpp"
#include "clone_call.hpp"
#include "raw_syscall.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

// An orphan is given to the init of its pid namespace, or to the nearest ancestor that has asked
// for that (PR_SET_CHILD_SUBREAPER). In a new pid namespace, the process in between would be init,
// and take the child along when it ends.
bool can_have_orphans() noexcept {
  int is_subreaper = 0;
  system_call(SYS_prctl, PR_GET_CHILD_SUBREAPER, &is_subreaper);
  return is_subreaper == 0 && system_call(SYS_getpid) != 1 &&
         !children_are_in_other_pid_namespace();
}

}  // namespace

// Nobody who waits for children comes across the process in between, as its exit signal is zero. If
// it is killed, this goes on before its time: the child may be in this memory yet.
long clone_orphan(Job& job, const Birth& birth, Apart& apart, bool by_clone3) noexcept {
  if (!can_have_orphans()) return -EOPNOTSUPP;
  kernel::CloneArguments arguments{};
  OrphanClone clone{
      by_clone3 ? call_of_clone3(job, birth, &apart, arguments) : call_of_clone(job, birth, &apart),
      &job};
  constexpr long flags = CLONE_VM | CLONE_VFORK | CLONE_FILES;
  const long between = clone_and_run(SYS_clone, flags, 0, 0, 0, make_orphan, &clone);
  if (between < 0) return between;
  system_call_retried(SYS_wait4, between, nullptr, __WALL, nullptr);
  if (clone.answer != -ECANCELED || job.pidfd < 0) return clone.answer;
  system_call(SYS_pidfd_send_signal, job.pidfd, SIGKILL, nullptr, 0);
  await_leave(apart, job.pidfd, {});
  system_call(SYS_close, job.pidfd);
  return clone.answer;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
