// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <array>
#include <span>

#include <sysfd/create.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/syscall.hpp>
#include <sysfd/pidfd.hpp>

#include "kernel.hpp"

namespace sysfd {
inline namespace v0 {
namespace {

struct Door {
  Namespace kind;
  unsigned ioctl;    // PIDFD_GET_<kind>_NAMESPACE
  const char* path;  // in the directory of the process in /proc
};

constexpr std::array<Door, 8> its_own{{{Namespace::cgroup, 1, "ns/cgroup"},
                                       {Namespace::ipc, 2, "ns/ipc"},
                                       {Namespace::mount, 3, "ns/mnt"},
                                       {Namespace::net, 4, "ns/net"},
                                       {Namespace::pid, 5, "ns/pid"},
                                       {Namespace::time, 7, "ns/time"},
                                       {Namespace::user, 9, "ns/user"},
                                       {Namespace::uts, 10, "ns/uts"}}};
constexpr std::array<Door, 2> its_childrens{
    {{Namespace::pid, 6, "ns/pid_for_children"}, {Namespace::time, 8, "ns/time_for_children"}}};

Result<OwnedFd> open_namespace(const PidFd& process, Namespace kind,
                               std::span<const Door> doors) noexcept {
  for (const Door& door : doors) {
    if (door.kind != kind) continue;
    // Its argument must be 0.
    auto fd = detail::to_owned(detail::system_call(SYS_ioctl, process.fd().get(),
                                                   detail::kernel::get_namespace(door.ioctl), 0));
    if (fd || fd.error() != std::errc::inappropriate_io_control_operation) return fd;

    const auto directory = process.proc_directory();
    if (!directory) return std::unexpected(directory.error());
    fd = open(*directory, door.path, O_RDONLY);
    if (!fd && fd.error() != std::errc::no_such_file_or_directory) return fd;
    // A zombie is in no namespace, although /proc still tells its user and its pid namespace. Mount
    // namespaces are there in every kernel.
    if (!open(*directory, "ns/mnt", O_RDONLY)) return detail::failure(ESRCH);
    if (fd) return fd;
    // The link is there, and leads nowhere: a pid namespace that waits for its first process.
    struct stat link;
    const bool is_known = ::fstatat(directory->get(), door.path, &link, AT_SYMLINK_NOFOLLOW) == 0;
    return detail::failure(is_known ? ENOENT : EOPNOTSUPP);
  }
  return detail::failure(EINVAL);
}

}  // namespace

Result<OwnedFd> PidFd::namespace_fd(Namespace kind) const noexcept {
  return open_namespace(*this, kind, its_own);
}

Result<OwnedFd> PidFd::namespace_for_children(Namespace kind) const noexcept {
  return open_namespace(*this, kind, its_childrens);
}

Result<> PidFd::enter_namespaces(NamespaceSet kinds) const noexcept {
  if (::setns(fd_.get(), static_cast<int>(kinds.flags())) == -1) return detail::last_error();
  return {};
}

}  // namespace v0
}  // namespace sysfd
