// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_PLAN_CHILD_STACK_HPP
#define SYSFD_SPAWN_SRC_PLAN_CHILD_STACK_HPP

#include <cstddef>

#include "in_child/child_args.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

struct CloneOptions;

// The stack of a child that its parent does not wait for (no CLONE_VFORK). It stays where it is
// until the child has left this memory, as the ChildArgs and all that they point to.
struct ChildStack {
  // Clones a child that leaves neither a zombie nor a SIGCHLD here, if it cannot reap itself.
  using CloneOrphan = long (*)(ChildArgs& args, const CloneOptions& options, ChildStack& stack,
                               bool by_clone3) noexcept;

  static constexpr std::size_t size = std::size_t{16} * 1024;
  alignas(16) std::byte bytes[size];
  // child_tid: 1 as long as the child is in this memory, then cleared by the kernel, which wakes
  // the waiter (CLONE_CHILD_CLEARTID). A futex.
  int is_inside = 0;
  // False if nobody asks for that word: the wait for the end of the process does not need it.
  bool is_watched = true;
  // True if the child starts with a copy of the descriptor table. Otherwise it makes its own out of
  // the common one in its first system call, which may come late: what it borrows must stay open
  // until then.
  bool copies_table = false;
  // True if the parent is suspended all the same (CLONE_VFORK): clone_child() returns when the
  // child has left.
  bool suspends_parent = false;
  CloneOrphan clone_orphan = nullptr;  // the child is watched then
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_PLAN_CHILD_STACK_HPP
