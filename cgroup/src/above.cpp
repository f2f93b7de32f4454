// SPDX-License-Identifier: MIT
#include "above.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sysfd/create.hpp>
#include <sysfd/detail/memory_limit.hpp>
#include <sysfd/detail/proc_file.hpp>
#include <sysfd/detail/raw_syscall.hpp>

#include "cgroup_files.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

using Identity = std::pair<dev_t, ino_t>;

Identity identity_of(BorrowedFd directory, CStr path = ".") noexcept {
  struct stat status{};
  system_call(SYS_newfstatat, directory.get(), path.get(), &status, 0);
  return {status.st_dev, status.st_ino};
}

// The cgroup and those above it, until `is_found` of one, which is returned.
template <class IsFound>
std::optional<OwnedFd> find_above(BorrowedFd cgroup, IsFound is_found) {
  constexpr int flags = O_PATH | O_DIRECTORY;
  auto current = open(cgroup, ".", flags);
  Identity last{};
  while (current && check_cgroup(*current)) {
    if (is_found(*current)) return *std::move(current);
    const Identity identity = identity_of(*current);
    if (identity == std::exchange(last, identity)) break;  // that of the root directory
    current = open(*current, "..", flags);
  }
  return std::nullopt;
}

bool is_in(BorrowedFd cgroup, Identity above) {
  return find_above(cgroup, [&](BorrowedFd each) { return identity_of(each) == above; })
      .has_value();
}

}  // namespace

std::optional<OwnedFd> open_common_ancestor(BorrowedFd one, BorrowedFd other) {
  std::vector<Identity> above;
  (void)find_above(one, [&](BorrowedFd cgroup) {
    above.push_back(identity_of(cgroup));
    return false;
  });
  return find_above(other, [&](BorrowedFd cgroup) {
    return std::ranges::find(above, identity_of(cgroup)) != above.end();
  });
}

// The lowest limit decides: if the caller is below it, it is below those above it, too. All cgroups
// above one with the file have it, except the root.
bool has_memory_limit_without_caller(BorrowedFd cgroup) {
  static constexpr std::string_view name = "memory.max", up = "../";
  constexpr std::size_t most_levels = 128;
  char paths[most_levels * up.size() + name.size() + 1];
  char* path = std::end(paths) - name.size() - 1;
  *std::ranges::copy(name, path).out = '\0';
  if (const auto checked = check_cgroup(cgroup); !checked)
    return checked.error() != std::errc::bad_file_descriptor;  // what is not known may have one
  for (bool was_there = false;;) {
    const auto file = open(cgroup, path, O_RDONLY, Resolve::no_mount_points);
    if (file) {
      was_there = true;
      char room[24];
      if (const auto limit = find_field(*file, "", room); !limit || *limit != "max") break;
    } else if (file.error() != std::errc::no_such_file_or_directory) {
      return file.error() != std::errc::cross_device_link;  // EXDEV: there is no cgroup above
    } else if (was_there) {
      return false;
    }
    if (path == paths) return true;
    path = std::ranges::copy_backward(up, path).out;
  }
  const auto own = open_own_cgroup();
  const std::string_view limited(path, std::end(paths) - name.size() - 1);
  return !own || !is_in(*own, identity_of(cgroup, std::string(limited) + "."));
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
