// SPDX-License-Identifier: MIT
//
// The cgroups below a cgroup: its subdirectories.
#ifndef SYSFD_CGROUP_SRC_CGROUP_TREE_HPP
#define SYSFD_CGROUP_SRC_CGROUP_TREE_HPP

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <sysfd/create.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/owned_fd.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// Calls `visit` with the name of each subdirectory until it returns false. Returns 0 or -errno. A
// name of a cgroup may be longer than NAME_MAX, up to a path.
template <class Visit>
long for_each_subdirectory(BorrowedFd directory, Visit visit) {
  const auto listing = open(directory, ".", O_RDONLY | O_DIRECTORY);
  if (!listing) return -listing.error().value();
  constexpr std::size_t room_size = std::size_t{2} * PATH_MAX;
  const std::unique_ptr<char[]> room(new char[room_size]);  // aligned for everything
  for (;;) {
    const long size = system_call(SYS_getdents64, listing->get(), room.get(), room_size);
    if (size <= 0) return size;
    for (long at = 0; at < size;) {
      const auto* const entry = reinterpret_cast<const dirent64*>(room.get() + at);
      // NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): the kernel wrote it
      at += entry->d_reclen;
      if (entry->d_type != DT_DIR || std::strcmp(entry->d_name, ".") == 0 ||
          std::strcmp(entry->d_name, "..") == 0)
        continue;
      if (!visit(entry->d_name)) return 0;
    }
  }
}

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
