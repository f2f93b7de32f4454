// SPDX-License-Identifier: MIT
//
// What happens to a child whose Child is destroyed: for Command::on_drop() and Child::on_drop().
#ifndef SYSFD_DROP_POLICY_HPP
#define SYSFD_DROP_POLICY_HPP
#include <sysfd/detail/cxx23.hpp>

namespace sysfd {
inline namespace v0 {

// What happens to a child when its Child is destroyed before it was waited for.
enum class DropPolicy {
  kill,       // SIGKILL, before its pipes are closed; then wait for its end (see below)
  terminate,  // Child::terminate(), with the grace period of on_drop()
  wait,       // wait until it ends by itself, without a limit
  detach,     // nothing. Since Linux 7.1 it reaps itself when it ends, without a SIGCHLD
              // (CLONE_AUTOREAP). Before, it stays a zombie until a process waits for it, or until
              // the caller's process ends.
};

// These rules hold wherever a child is ended by force: by destroying or terminating a Child, at the
// timeout of Command::output(), as a stage of a Pipeline, by PendingChild::cancel().
//
// - A child that leads a process group (Session::process_group 0, new_session, a terminal) is ended
//   with the whole group. Any other child is ended alone. A cgroup is not killed: see
//   kill_cgroup().
// - If the kill is refused (EPERM: a set-user-ID program, a filter), there is no wait.
// - A killed child is waited for at most one second (output(): 40 milliseconds after the timeout).
//   It gets one more second while it only lacks a processor or frees its memory. It can take longer
//   if a tracer (ptrace(2)) keeps its status, or if it is in an uninterruptible sleep in the
//   kernel.
//
// A child that could not be ended in this way is left running. When it ends it stays a zombie until
// the caller's process waits for all children (waitpid(-1)) or ends.

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_DROP_POLICY_HPP
