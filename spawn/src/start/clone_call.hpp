// SPDX-License-Identifier: MIT
//
// The system call that clones a child, and what the ChildArgs must contain when it is made.
#ifndef SYSFD_SPAWN_SRC_START_CLONE_CALL_HPP
#define SYSFD_SPAWN_SRC_START_CLONE_CALL_HPP

#include <sched.h>
#include <sys/syscall.h>

#include <csignal>
#include <cstdint>

#include "in_child/child_syscall.hpp"
#include "in_child/kernel.hpp"
#include "start/clone_child.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

SYSFD_ALWAYS_INLINE void reset(ChildArgs& args, const ChildStack* stack) noexcept {
  args.pidfd = -1;
  args.progress = ChildArgs::Progress::not_started;
  args.table_was_copied = false;
  args.table_copy = ChildArgs::TableCopy::not_checked;
  args.times_busy = 0;
  args.stop_signals = 0;
  args.former_foreground = 0;
  args.suspends_parent = !stack || stack->suspends_parent;
}

// CLONE_FILES: the child starts with this process's own descriptor table instead of a copy, and
// copies only what it needs.
SYSFD_ALWAYS_INLINE std::uint64_t flags_for(const ChildArgs& args, const CloneOptions& options,
                                            const ChildStack* stack) noexcept {
  return (options.report_of_copy ? 0 : CLONE_VM) | CLONE_PIDFD |
         (stack && stack->is_watched ? CLONE_CHILD_CLEARTID : 0) |
         (args.suspends_parent ? CLONE_VFORK : 0) | (args.shares_table ? CLONE_FILES : 0) |
         options.namespaces.flags();
}

// `arguments` must be all zero, and stay where they are until the call is made.
SYSFD_ALWAYS_INLINE CloneCall call_of_clone3(ChildArgs& args, const CloneOptions& options,
                                             ChildStack* stack,
                                             kernel::CloneArguments& arguments) noexcept {
  reset(args, stack);
  args.shares_table = !stack || !stack->copies_table;
  args.resets_handlers = false;
  args.killed_with_parent = options.killed_with_parent;
  arguments.flags = flags_for(args, options, stack) | kernel::clone_clear_sighand;
  arguments.pidfd = reinterpret_cast<std::uintptr_t>(&args.pidfd);
  arguments.exit_signal = SIGCHLD;
  if (options.reaps_itself || options.killed_with_parent) {
    arguments.flags |= kernel::clone_autoreap;
    arguments.exit_signal = 0;
  }
  if (options.killed_with_parent) {
    arguments.flags |= kernel::clone_pidfd_autokill;
    if (options.no_new_privileges) arguments.flags |= kernel::clone_nnp;
  }
  std::size_t size = kernel::clone_arguments_first_size;
  if (options.cgroup >= 0) {
    arguments.flags |= kernel::clone_into_cgroup;
    arguments.cgroup = static_cast<std::uint64_t>(options.cgroup);
    size = sizeof arguments;
  }
  if (stack) {
    arguments.child_tid = reinterpret_cast<std::uintptr_t>(&stack->is_inside);
    arguments.stack = reinterpret_cast<std::uintptr_t>(stack->bytes);
    arguments.stack_size = sizeof stack->bytes;
    if (stack->is_watched) {
      args.number = 0;
      arguments.flags |= CLONE_PARENT_SETTID;
      arguments.parent_tid = reinterpret_cast<std::uintptr_t>(&args.number);
    }
  }
  return {SYS_clone3, address(&arguments), static_cast<long>(size), 0, 0};
}

inline CloneCall call_of_clone(ChildArgs& args, const CloneOptions& options,
                               ChildStack* stack) noexcept {
  reset(args, stack);
  args.number = ChildArgs::number_unknown;
  args.shares_table = stack ? !stack->copies_table : !is_emulated();
  args.resets_handlers = true;
  args.killed_with_parent = false;
  return {SYS_clone, static_cast<long>(flags_for(args, options, stack) | SIGCHLD),
          stack ? address(stack->bytes + sizeof stack->bytes) : 0, address(&args.pidfd),
          stack ? address(&stack->is_inside) : 0};
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_START_CLONE_CALL_HPP
