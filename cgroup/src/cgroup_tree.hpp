// SPDX-License-Identifier: MIT
//
// The cgroups below a cgroup: its subdirectories.
#ifndef SYSFD_CGROUP_SRC_CGROUP_TREE_HPP
#define SYSFD_CGROUP_SRC_CGROUP_TREE_HPP

#include <fcntl.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include <sysfd/create.hpp>
#include <sysfd/detail/subdirectories.hpp>
#include <sysfd/owned_fd.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// Calls `visit` with this cgroup and each below it. Returns 0 or -errno, that of `visit` if it
// fails. One below that is removed meanwhile is left out, and one that is threaded: its processes
// are also those of a cgroup above it. There are as many open descriptors as there are levels.
template <class Visit>
long for_each_cgroup(BorrowedFd top, Visit visit) {
  struct Level {
    OwnedFd directory;
    std::vector<std::string> below;  // yet to be visited
  };
  std::vector<Level> levels;
  const auto enter = [&](BorrowedFd above, const char* name) -> long {
    auto directory = open(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!directory) return -directory.error().value();
    if (const long answer = visit(*directory); answer < 0) return answer;
    Level level{*std::move(directory), {}};
    const long answer = for_each_subdirectory(level.directory, [&](const char* found) {
      level.below.emplace_back(found);
      return true;
    });
    if (answer == 0) levels.push_back(std::move(level));
    return answer;
  };
  if (const long answer = enter(top, "."); answer < 0) return answer;
  while (!levels.empty()) {
    Level& level = levels.back();
    if (level.below.empty()) {
      levels.pop_back();
      continue;
    }
    const std::string name = std::move(level.below.back());
    level.below.pop_back();
    const long answer = enter(level.directory, name.c_str());
    if (answer < 0 && answer != -ENOENT && answer != -ENODEV && answer != -EOPNOTSUPP)
      return answer;
  }
  return 0;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_CGROUP_SRC_CGROUP_TREE_HPP
