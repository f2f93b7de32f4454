// SPDX-License-Identifier: MIT
//
// The system call that clones a child, and what the Job has to say when it is made.
#ifndef SYSFD_SPAWN_SRC_CLONE_CALL_HPP
#define SYSFD_SPAWN_SRC_CLONE_CALL_HPP

#include <sched.h>
#include <sys/syscall.h>

#include <csignal>
#include <cstdint>

#include "enter.hpp"
#include "kernel.hpp"
#include "raw_syscall.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

SYSFD_ALWAYS_INLINE void reset(Job& job, const Apart* apart) noexcept {
  job.pidfd = -1;
  job.progress = Job::Progress::not_started;
  job.table_was_copied = false;
  job.table_copy = Job::TableCopy::not_checked;
  job.times_busy = 0;
  job.stop_signals = 0;
  job.former_foreground = 0;
  job.suspends_parent = !apart || apart->suspends_parent;
}

// CLONE_FILES: the child starts with this process's own descriptor table instead of a copy, and
// copies only what it needs.
SYSFD_ALWAYS_INLINE std::uint64_t flags_for(const Job& job, const Birth& birth,
                                            const Apart* apart) noexcept {
  return CLONE_VM | CLONE_PIDFD | (apart && apart->is_watched ? CLONE_CHILD_CLEARTID : 0) |
         (job.suspends_parent ? CLONE_VFORK : 0) | (job.shares_table ? CLONE_FILES : 0) |
         birth.namespaces.flags();
}

// `arguments` are all zero, and stay where they are until the call is made.
SYSFD_ALWAYS_INLINE CloneCall call_of_clone3(Job& job, const Birth& birth, Apart* apart,
                                             kernel::CloneArguments& arguments) noexcept {
  reset(job, apart);
  job.shares_table = !apart || !apart->copies_table;
  job.resets_handlers = false;
  job.killed_with_parent = birth.killed_with_parent;
  arguments.flags = flags_for(job, birth, apart) | kernel::clone_clear_sighand;
  arguments.pidfd = reinterpret_cast<std::uintptr_t>(&job.pidfd);
  arguments.exit_signal = SIGCHLD;
  if (birth.reaps_itself || birth.killed_with_parent) {
    arguments.flags |= kernel::clone_autoreap;
    arguments.exit_signal = 0;
  }
  if (birth.killed_with_parent) {
    arguments.flags |= kernel::clone_pidfd_autokill;
    if (birth.no_new_privileges) arguments.flags |= kernel::clone_nnp;
  }
  std::size_t size = kernel::clone_arguments_first_size;
  if (birth.cgroup >= 0) {
    arguments.flags |= kernel::clone_into_cgroup;
    arguments.cgroup = static_cast<std::uint64_t>(birth.cgroup);
    size = sizeof arguments;
  }
  if (apart) {
    arguments.child_tid = reinterpret_cast<std::uintptr_t>(&apart->is_inside);
    arguments.stack = reinterpret_cast<std::uintptr_t>(apart->stack);
    arguments.stack_size = sizeof apart->stack;
  }
  return {SYS_clone3, address(&arguments), static_cast<long>(size), 0, 0};
}

inline CloneCall call_of_clone(Job& job, const Birth& birth, Apart* apart) noexcept {
  reset(job, apart);
  job.shares_table = apart ? !apart->copies_table : !is_emulated();
  job.resets_handlers = true;
  job.killed_with_parent = false;
  return {SYS_clone, static_cast<long>(flags_for(job, birth, apart) | SIGCHLD),
          apart ? address(apart->stack + sizeof apart->stack) : 0, address(&job.pidfd),
          apart ? address(&apart->is_inside) : 0};
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_CLONE_CALL_HPP
