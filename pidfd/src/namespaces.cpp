// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>

#include <sysfd/detail/proc_file.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/refusal.hpp>
#include <sysfd/detail/syscall.hpp>
#include <sysfd/pidfd.hpp>

#include "kernel.hpp"

namespace sysfd {
inline namespace v0 {
namespace {

struct NamespaceAccess {
  unsigned ioctl;    // PIDFD_GET_<kind>_NAMESPACE; 0: there is none
  const char* name;  // in the process's directory /proc/PID/ns
};

constexpr NamespaceAccess own_namespace(Namespace kind) noexcept {
  switch (kind) {
    case Namespace::cgroup: return {1, "cgroup"};
    case Namespace::ipc: return {2, "ipc"};
    case Namespace::mount: return {3, "mnt"};
    case Namespace::net: return {4, "net"};
    case Namespace::pid: return {5, "pid"};
    case Namespace::time: return {7, "time"};
    case Namespace::user: return {9, "user"};
    case Namespace::uts: return {10, "uts"};
  }
  return {0, nullptr};
}

constexpr NamespaceAccess namespace_of_children(Namespace kind) noexcept {
  switch (kind) {
    case Namespace::pid: return {6, "pid_for_children"};
    case Namespace::time: return {8, "time_for_children"};
    default: return {0, nullptr};
  }
}

Result<OwnedFd> open_in_proc(BorrowedFd directory, const char* name) noexcept {
  const auto namespaces = detail::open_in_proc(directory, "ns", O_PATH | O_DIRECTORY);
  if (!namespaces) return std::unexpected(namespaces.error());
  auto fd = detail::open_proc_link(*namespaces, name, O_RDONLY);
  if (!fd && fd.error() != std::errc::no_such_file_or_directory) return fd;
  // A zombie is in no namespace, although /proc still shows its user and pid namespaces. Every
  // kernel has mount namespaces.
  if (auto mount = detail::open_proc_link(*namespaces, "mnt", O_RDONLY); !mount) {
    if (detail::is_shortage(mount.error())) return mount;
    return detail::failure(ESRCH);
  }
  if (fd) return fd;
  // The link exists but has no target: the pid namespace waits for its first process.
  const auto link = detail::open_in_proc(*namespaces, name, O_PATH | O_NOFOLLOW);
  return detail::failure(link ? ENOENT : EOPNOTSUPP);
}

// Handles a failed ioctl: the kernel is older than 6.11, or refuses it.
[[gnu::cold]] Result<OwnedFd> explain(const PidFd& process, const char* name,
                                      long answer) noexcept {
  if (answer != -ENOTTY && !detail::is_refusal(answer))
    return detail::failure(static_cast<int>(-answer));
  const auto directory = process.proc_directory();
  if (directory) return open_in_proc(*directory, name);
  const bool is_gone = directory.error() == std::errc::no_such_process;
  if (is_gone || answer == -ENOTTY) return std::unexpected(directory.error());
  return detail::failure(static_cast<int>(-answer));
}

template <NamespaceAccess (*AccessTo)(Namespace) noexcept>
SYSFD_ALWAYS_INLINE Result<OwnedFd> open_namespace(const PidFd& process, Namespace kind) noexcept {
  const unsigned number = AccessTo(kind).ioctl;
  if (number == 0) return detail::failure(EINVAL);
  // The kernel requires that the argument is 0.
  const long answer =
      detail::system_call(SYS_ioctl, process.fd().get(), detail::kernel::get_namespace(number), 0);
  if (answer < 0) return explain(process, AccessTo(kind).name, answer);
  return detail::to_owned(answer);
}

}  // namespace

Result<OwnedFd> PidFd::namespace_fd(Namespace kind) const noexcept {
  return open_namespace<own_namespace>(*this, kind);
}

Result<OwnedFd> PidFd::namespace_for_children(Namespace kind) const noexcept {
  return open_namespace<namespace_of_children>(*this, kind);
}

Result<> PidFd::enter_namespaces(NamespaceSet kinds) const noexcept {
  if (::setns(fd_.get(), static_cast<int>(kinds.flags())) == -1) return detail::last_error();
  return {};
}

}  // namespace v0
}  // namespace sysfd
