// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_IN_CHILD_KEEPER_ARGS_HPP
#define SYSFD_SPAWN_SRC_IN_CHILD_KEEPER_ARGS_HPP

#include <algorithm>
#include <cerrno>

#include "in_child/child_args.hpp"
#include "in_child/keeper_protocol.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// What the owner prepares for the keeper of a tree, which clones the child.
struct KeeperArgs {
  // Set by the owner.
  CloneCall call{};  // of the child
  ChildArgs* child = nullptr;
  bool is_init = false;  // of a new pid namespace; else a subreaper
  bool mounts_proc = false;
  const char* users = nullptr;  // the maps of a new user namespace, or null
  long users_size = 0;
  const char* groups = nullptr;
  long groups_size = 0;
  int fds[keeper_fds] = {-1, -1, -1, -1};  // numbers of the owner's, from 3 on; -1: none
  char number[12] = {};                    // of the child, for `arguments`
  char* const* arguments = nullptr;
  char* const* environment = nullptr;

  // Set by the kernel: the keeper's pidfd, a number of the owner's.
  int pidfd = -1;

  // Set by the keeper.
  long answer = -ECANCELED;  // of the call; unchanged if the keeper was killed before
  long error = -ECANCELED;   // -errno of what the keeper needs for itself, or 0

  int last_fd() const noexcept { return *std::ranges::max_element(fds); }
};

// The keeper's life until it executes its program; `pointer` is to a KeeperArgs.
[[noreturn]] void start_keeper(void* pointer) noexcept;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_IN_CHILD_KEEPER_ARGS_HPP
