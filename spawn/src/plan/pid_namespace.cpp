// SPDX-License-Identifier: MIT
#include "plan/pid_namespace.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include <sysfd/detail/proc_file.hpp>
#include <sysfd/detail/raw_syscall.hpp>

#include "in_child/kernel.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

Result<OwnedFd> open_namespaces() noexcept {
  return open_proc_file("thread-self/ns", O_PATH | O_DIRECTORY);
}

// The second of these files is not there as long as nobody is in that namespace.
Result<bool> are_in_other(const Result<OwnedFd>& namespaces) noexcept {
  if (!namespaces) return std::unexpected(namespaces.error());
  const auto number_of = [&](const char* name, struct stat& status) {
    return system_call(SYS_newfstatat, namespaces->get(), name, &status, 0);
  };
  struct stat own{};
  struct stat of_children{};
  long answer = number_of("pid", own);
  if (answer == 0) answer = number_of("pid_for_children", of_children);
  if (answer == -ENOENT) return true;
  if (answer < 0) return failure(static_cast<int>(-answer));
  return own.st_ino != of_children.st_ino;
}

}  // namespace

Result<bool> children_are_in_other_pid_namespace() noexcept {
  return are_in_other(open_namespaces());
}

// Some kernels cannot open such a namespace, the others know whether it has a number 1.
bool next_child_is_init() noexcept {
  const auto namespaces = open_namespaces();
  if (!namespaces || !are_in_other(namespaces).value_or(true)) return false;
  const auto of_children = open_proc_link(*namespaces, "pid_for_children", O_RDONLY);
  if (!of_children) return of_children.error() == std::errc::no_such_file_or_directory;
  return ::syscall(SYS_ioctl, of_children->get(), kernel::ns_get_pid_from_pidns, 1) == -1 &&
         errno == ESRCH;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
