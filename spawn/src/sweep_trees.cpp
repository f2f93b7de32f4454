// SPDX-License-Identifier: MIT
//
// Removes what is left of trees whose owner and keeper have both been killed.
#include <fcntl.h>
#include <sys/syscall.h>

#include <string>
#include <vector>

#include <sysfd/cgroup.hpp>
#include <sysfd/containment.hpp>
#include <sysfd/create.hpp>
#include <sysfd/detail/decimal.hpp>
#include <sysfd/detail/join.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/pidfd.hpp>

#include "in_child/kernel.hpp"
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

Result<std::vector<std::string>> names_in(BorrowedFd directory) {
  const auto opened = open(directory, ".", O_RDONLY | O_DIRECTORY);
  if (!opened) return std::unexpected(opened.error());
  std::vector<std::string> names;
  alignas(detail::kernel::DirectoryEntry) char bytes[1024];
  for (;;) {
    const long size = detail::system_call(SYS_getdents64, opened->get(), bytes, sizeof bytes);
    if (size < 0) return detail::failure(static_cast<int>(-size));
    if (size == 0) return names;
    for (long at = 0; at < size;) {
      const auto* const entry = reinterpret_cast<detail::kernel::DirectoryEntry*>(bytes + at);
      names.emplace_back(entry->name);
      // NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): the kernel wrote it
      at += entry->size;
    }
  }
}

Result<void, CgroupError> remove_tree(const Cgroup& parent, const std::string& name) {
  const auto path = detail::join({"/proc/self/fd/", detail::decimal(parent.fd().get()), "/", name});
  const auto cgroup = Cgroup::open(path);
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
  const auto names = names_in(parent.fd());
  if (!names) return std::unexpected(CgroupError{CgroupStep::read, names.error()});
  const std::uint64_t pid_namespace = detail::own_pid_namespace();
  if (pid_namespace == 0)
    return std::unexpected(CgroupError{CgroupStep::read, detail::error_code(ENOENT), "/proc"});
  int removed = 0;
  for (const std::string& name : *names) {
    const auto tree = detail::parse_tree_name(name);
    if (!tree || tree->pid_namespace != pid_namespace || is_alive(*tree)) continue;
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
