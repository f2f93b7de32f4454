// SPDX-License-Identifier: MIT
#include "children_pid_namespace.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include <sysfd/create.hpp>

#include "kernel.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// The second of these files is not there as long as nobody is in that namespace.
bool children_are_in_other_pid_namespace() noexcept {
  struct stat own{};
  struct stat of_children{};
  return ::stat("/proc/thread-self/ns/pid", &own) == -1 ||
         ::stat("/proc/thread-self/ns/pid_for_children", &of_children) == -1 ||
         own.st_ino != of_children.st_ino;
}

// Some kernels cannot open such a namespace, the others know whether it has a number 1.
bool next_child_is_init() noexcept {
  if (!children_are_in_other_pid_namespace()) return false;
  const auto of_children = open(cwd(), "/proc/thread-self/ns/pid_for_children", O_RDONLY);
  if (!of_children)
    return of_children.error() == std::errc::no_such_file_or_directory &&
           ::access("/proc/thread-self/ns/pid", F_OK) == 0;
  return ::ioctl(of_children->get(), kernel::ns_get_pid_from_pidns, 1) == -1 && errno == ESRCH;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
