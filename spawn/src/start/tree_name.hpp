// SPDX-License-Identifier: MIT
//
// The names of the cgroups of contained trees, which tell whose they are.
#ifndef SYSFD_SPAWN_SRC_START_TREE_NAME_HPP
#define SYSFD_SPAWN_SRC_START_TREE_NAME_HPP

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <sysfd/pidfd.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

struct TreeName {
  std::uint64_t pid_namespace;  // its inode number, or 0
  std::uint64_t owner;          // the identity of the owner's process, or 0
  std::uint64_t pid;            // its number in that namespace

  friend bool operator==(const TreeName&, const TreeName&) = default;
};

// A name that no other tree of this process has.
std::string next_tree_name(const PidFd& owner, bool dies_with_owner);
// Nothing: it is not the name of a tree that dies with its owner.
std::optional<TreeName> parse_tree_name(std::string_view name) noexcept;

// The inode number of the pid namespace of this process.
Result<std::uint64_t> own_pid_namespace() noexcept;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_START_TREE_NAME_HPP
