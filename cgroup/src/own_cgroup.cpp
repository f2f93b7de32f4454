// SPDX-License-Identifier: MIT
//
// Source: cgroups(7), proc(5). With cgroups of both versions, version 2 is mounted somewhere else
// than in /sys/fs/cgroup, and a part of the hierarchy may be mounted.
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <vector>

#include <sysfd/create.hpp>
#include <sysfd/detail/join.hpp>
#include <sysfd/detail/proc_file.hpp>
#include <sysfd/detail/syscall.hpp>

#include "cgroup_files.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

Result<std::string, CgroupError> read_proc(const char* path) {
  const auto file = open_proc_file(path);
  if (!file) return cgroup_error(CgroupStep::find, file.error().value(), path);
  return read_whole(*file, path);
}

// In mountinfo, four characters are octal numbers: "\040" is a space.
std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                 (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

struct Mount {
  std::string root;  // the cgroup that is mounted
  std::string point;
};

// One directory of the hierarchy may be mounted several times, and other file systems over it.
std::vector<Mount> find_mounts(std::string_view mountinfo) {
  std::vector<Mount> found;
  for_each_line(mountinfo, [&](std::string_view line) {
    const auto separator = line.find(" - ");
    if (separator == line.npos || !line.substr(separator + 3).starts_with("cgroup2 ")) return;
    std::string_view fields[5];
    for (auto& field : fields) {
      const auto end = line.find(' ');
      field = line.substr(0, end);
      line.remove_prefix(end == line.npos ? line.size() : end + 1);
    }
    found.push_back({unescaped(fields[3]), unescaped(fields[4])});
  });
  return found;
}

// Empty: what is mounted is a part of the hierarchy, and the path is not in it.
std::optional<std::string> path_in(const Mount& mount, std::string_view path) {
  if (mount.root != "/") {
    if (!path.starts_with(mount.root)) return std::nullopt;
    path.remove_prefix(mount.root.size());
    if (!path.empty() && path.front() != '/') return std::nullopt;
  }
  if (path.starts_with("/..")) return std::nullopt;  // outside of the cgroup namespace
  return join({mount.point, path});
}

std::optional<std::string> find_path(std::string_view memberships) {
  std::optional<std::string> found;
  for_each_line(memberships, [&](std::string_view line) {
    if (line.starts_with("0::")) found = line.substr(3);
  });
  return found;
}

}  // namespace

Result<OwnedFd, CgroupError> open_own_cgroup() {
  const auto mountinfo = read_proc("thread-self/mountinfo");
  if (!mountinfo) return std::unexpected(mountinfo.error());
  const auto memberships = read_proc("thread-self/cgroup");
  if (!memberships) return std::unexpected(memberships.error());
  const auto mounts = find_mounts(*mountinfo);
  if (mounts.empty()) return cgroup_error(CgroupStep::find, ENOENT, "no cgroup v2 is mounted");
  const auto own = find_path(*memberships);
  if (!own) return cgroup_error(CgroupStep::find, ENOENT, "no cgroup of version 2");
  std::optional<CgroupError> failed;
  for (const Mount& mount : mounts) {
    const auto path = path_in(mount, *own);
    if (!path) continue;
    auto directory = open(cwd(), *path, O_RDONLY | O_DIRECTORY);
    const auto checked =
        directory ? check_cgroup(*directory) : Result<>(std::unexpected(directory.error()));
    if (checked) return *std::move(directory);
    failed = CgroupError{CgroupStep::find, checked.error(), *path};
  }
  if (failed) return std::unexpected(*std::move(failed));
  return cgroup_error(CgroupStep::find, ENOENT, *own);
}

// Lines are "5:cpu,cpuacct:/path", and "0::/path" for version 2.
Result<ControllerSet, CgroupError> controllers_of_version_1() {
  const auto memberships = read_proc("thread-self/cgroup");
  if (!memberships) return std::unexpected(memberships.error());
  ControllerSet found;
  for_each_line(*memberships, [&](std::string_view line) {
    line.remove_prefix(std::min(line.size(), line.find(':') + 1));
    found = found | controllers_of(line.substr(0, line.find(':')), ',');
  });
  return found;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
