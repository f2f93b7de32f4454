// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_IN_CHILD_KEEPER_ARGS_HPP
#define SYSFD_SPAWN_SRC_IN_CHILD_KEEPER_ARGS_HPP

#include <cerrno>

#include "in_child/child_args.hpp"
#include "in_child/keeper_protocol.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// One of the programs of a tree, which its keeper starts one after the other.
struct ProgramStart {
  // Set by the owner.
  CloneCall call{};
  CloneCall other_call{};  // if that one is refused. Number 0: none
  ChildArgs* child = nullptr;
  ProgramStart* next = nullptr;

  // Set by the keeper.
  long answer = -ECANCELED;  // of the call; unchanged if the keeper was killed before
  bool is_by_other_call = false;
};

// What the owner prepares for the keeper of a tree.
struct KeeperArgs {
  // Set by the owner.
  ProgramStart* programs = nullptr;
  int* is_inside = nullptr;  // of the stack of all programs, see ChildStack
  bool is_init = false;      // of a new pid namespace; else a subreaper
  bool mounts_proc = false;
  bool restores_dumpable = false;  // after a program that has made this memory undumpable
  const char* users = nullptr;     // the maps of a new user namespace, or null
  long users_size = 0;
  const char* groups = nullptr;
  long groups_size = 0;
  int fds[keeper_fds] = {-1, -1, -1, -1};  // numbers of the owner's, from 3 on; -1: none
  char* numbers = nullptr;  // of the programs, for `arguments`: room for `number_size` each
  char* const* arguments = nullptr;
  char* const* environment = nullptr;

  // Set by the kernel: the keeper's pidfd, a number of the owner's.
  int pidfd = -1;

  // Set by the keeper.
  long error = -ECANCELED;            // -errno of what it needs before it starts the first, or 0
  ProgramStart* unstarted = nullptr;  // the first that does not execute; null: there is none
  long execute_error = -ECANCELED;    // -errno of its own program, or 0: it executes that

  static constexpr int number_size = 12;  // a decimal of 32 bits and a comma, or the NUL
};

// The keeper's life until it executes its program; `pointer` is to a KeeperArgs.
[[noreturn]] void start_keeper(void* pointer) noexcept;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_IN_CHILD_KEEPER_ARGS_HPP
