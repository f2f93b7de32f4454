// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <sysfd/create.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/syscall.hpp>
#include <sysfd/pidfd.hpp>

#include "kernel.hpp"

namespace sysfd {
inline namespace v0 {
namespace {

struct Door {
  unsigned ioctl;    // PIDFD_GET_<kind>_NAMESPACE; 0: there is no such door
  const char* path;  // in the directory of the process in /proc
};

constexpr Door own(Namespace kind) noexcept {
  switch (kind) {
    case Namespace::cgroup: return {1, "ns/cgroup"};
    case Namespace::ipc: return {2, "ns/ipc"};
    case Namespace::mount: return {3, "ns/mnt"};
    case Namespace::net: return {4, "ns/net"};
    case Namespace::pid: return {5, "ns/pid"};
    case Namespace::time: return {7, "ns/time"};
    case Namespace::user: return {9, "ns/user"};
    case Namespace::uts: return {10, "ns/uts"};
  }
  return {0, nullptr};
}

constexpr Door of_children(Namespace kind) noexcept {
  switch (kind) {
    case Namespace::pid: return {6, "ns/pid_for_children"};
    case Namespace::time: return {8, "ns/time_for_children"};
    default: return {0, nullptr};
  }
}

// Of kernels before 6.11.
[[gnu::cold]] Result<OwnedFd> open_in_proc(const PidFd& process, const char* path) noexcept {
  const auto directory = process.proc_directory();
  if (!directory) return std::unexpected(directory.error());
  auto fd = open(*directory, path, O_RDONLY);
  if (!fd && fd.error() != std::errc::no_such_file_or_directory) return fd;
  // A zombie is in no namespace, although /proc still tells its user and its pid namespace. Mount
  // namespaces are there in every kernel.
  if (!open(*directory, "ns/mnt", O_RDONLY)) return detail::failure(ESRCH);
  if (fd) return fd;
  // The link is there, and leads nowhere: a pid namespace that waits for its first process.
  struct stat link;
  const bool is_known = ::fstatat(directory->get(), path, &link, AT_SYMLINK_NOFOLLOW) == 0;
  return detail::failure(is_known ? ENOENT : EOPNOTSUPP);
}

Result<OwnedFd> open_namespace(const PidFd& process, Door door) noexcept {
  if (door.ioctl == 0) return detail::failure(EINVAL);
  // Its argument must be 0.
  const long answer = detail::system_call(SYS_ioctl, process.fd().get(),
                                          detail::kernel::get_namespace(door.ioctl), 0);
  if (answer == -ENOTTY) return open_in_proc(process, door.path);
  return detail::to_owned(answer);
}

}  // namespace

Result<OwnedFd> PidFd::namespace_fd(Namespace kind) const noexcept {
  return open_namespace(*this, own(kind));
}

Result<OwnedFd> PidFd::namespace_for_children(Namespace kind) const noexcept {
  return open_namespace(*this, of_children(kind));
}

Result<> PidFd::enter_namespaces(NamespaceSet kinds) const noexcept {
  if (::setns(fd_.get(), static_cast<int>(kinds.flags())) == -1) return detail::last_error();
  return {};
}

}  // namespace v0
}  // namespace sysfd
