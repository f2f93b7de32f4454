// SPDX-License-Identifier: MIT
//
// Removes what is left of trees whose owner and keeper have both been killed.
#include <fcntl.h>
#include <sys/syscall.h>

#include <string>
#include <vector>

#include <sysfd/cgroup.hpp>
#include <sysfd/containment.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/subdirectories.hpp>
#include <sysfd/pidfd.hpp>

#include "start/tree_name.hpp"

namespace sysfd {
inline namespace v0 {
namespace {

using detail::TreeName;

// The owner may have left its number to another process.
bool is_alive(const TreeName& name) noexcept {
  const auto process = PidFd::open(static_cast<pid_t>(name.pid));
  if (!process) return process.error() != std::errc::no_such_process;
  const auto id = process->id();
  return name.owner == 0 || !id || id->value() == name.owner;
}

Result<void, CgroupError> remove_tree(const Cgroup& parent, const std::string& name) {
  const auto cgroup = Cgroup::open(parent.fd(), name);
  if (!cgroup) return std::unexpected(cgroup.error());
  if (auto done = cgroup->kill(); !done) return done;
  if (auto done = cgroup->wait_empty(std::chrono::seconds(5)); !done) return done;
  const long answer =
      detail::system_call(SYS_unlinkat, parent.fd().get(), name.c_str(), AT_REMOVEDIR);
  if (answer < 0 && answer != -ENOENT)
    return std::unexpected(
        CgroupError{CgroupStep::remove, detail::error_code(static_cast<int>(-answer)), name});
  return {};
}

}  // namespace

Result<int, CgroupError> sweep_trees(const Cgroup& parent) {
  std::vector<std::string> names;
  const long answer = detail::for_each_subdirectory(parent.fd(), [&](const char* name) {
    names.emplace_back(name);
    return true;
  });
  if (answer < 0)
    return std::unexpected(
        CgroupError{CgroupStep::read, detail::error_code(static_cast<int>(-answer)), {}});
  const auto pid_namespace = detail::own_pid_namespace();
  if (!pid_namespace)
    return std::unexpected(
        CgroupError{CgroupStep::read, pid_namespace.error(), "the own pid namespace"});
  int removed = 0;
  for (const std::string& name : names) {
    const auto tree = detail::parse_tree_name(name);
    if (!tree || tree->pid_namespace != *pid_namespace || is_alive(*tree)) continue;
    if (auto done = remove_tree(parent, name); done)
      ++removed;
    else if (done.error().code != std::errc::no_such_file_or_directory &&
             done.error().code != std::errc::no_such_device)  // another one has removed it
      return std::unexpected(done.error());
  }
  return removed;
}

}  // namespace v0
}  // namespace sysfd
