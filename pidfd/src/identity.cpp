// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstring>
#include <span>

#include <sysfd/detail/syscall.hpp>
#include <sysfd/file_handle.hpp>
#include <sysfd/pidfd.hpp>

#include "info.hpp"
#include "kernel.hpp"

namespace sysfd {
inline namespace v0 {
namespace {

Result<OwnedFd> open_process(BorrowedFd mount, ProcessId id) noexcept {
  constexpr int type = 0xfe;  // FILEID_KERNFS
  const std::uint64_t inode = id.value();
  const auto handle = FileHandle::from_parts(type, std::as_bytes(std::span(&inode, 1)));
  return open_by_handle(mount, *handle, O_RDWR);
}

}  // namespace

Result<ProcessId> PidFd::id() const noexcept {
  // The kernel documents (and service managers rely on) these eight bytes: the 64-bit inode number
  // of the pidfd. st_ino may be narrower than that, and is the same for all processes where pidfds
  // have no file system of their own.
  const auto named = name_to_handle(fd_);
  std::uint64_t value = 0;
  if (named) {
    const auto bytes = named->handle.bytes();
    if (bytes.size() != sizeof value) return detail::failure(EOPNOTSUPP);
    std::memcpy(&value, bytes.data(), sizeof value);
    return ProcessId(value);
  }
  const int error = named.error().value();
  const bool is_refused =
      error == EPERM || error == EACCES || error == ENOSYS;  // by seccomp filters
  if (error != EOPNOTSUPP && !is_refused) return std::unexpected(named.error());

  struct statfs file_system;
  struct stat status;
  if (::fstatfs(fd_.get(), &file_system) == -1 || ::fstat(fd_.get(), &status) == -1)
    return detail::last_error();
  if (file_system.f_type != detail::kernel::pidfs_magic || sizeof status.st_ino != sizeof value)
    return detail::failure(EOPNOTSUPP);
  return ProcessId(status.st_ino);
}

Result<PidFd> PidFd::from_id(ProcessId id) noexcept {
  auto fd = open_process(pidfs_root(), id);
  if (!fd && fd.error() == std::errc::bad_file_descriptor) {  // a kernel without that root
    const auto any = self();
    if (!any) return std::unexpected(any.error());
    if (const auto named = name_to_handle(any->fd()); !named) return std::unexpected(named.error());
    fd = open_process(any->fd(), id);
  }
  if (!fd) return detail::failure(fd.error().value() == ESTALE ? ESRCH : fd.error().value());

  // The identity of a thread opens as well, though not as a pidfd of a thread: what is sent to that
  // one is for the whole process.
  const auto info = detail::get_info(*fd, detail::kernel::info_pid);
  if (!info) return std::unexpected(info.error());
  if (info->pid != info->tgid) return detail::failure(ESRCH);
  return PidFd(*std::move(fd));
}

Result<bool> same_process(const PidFd& left, const PidFd& right) noexcept {
  const auto left_id = left.id();
  const auto right_id = right.id();
  if (left_id && right_id) return *left_id == *right_id;
  for (const auto* id : {&left_id, &right_id})
    if (!*id && id->error() != std::errc::operation_not_supported)
      return std::unexpected(id->error());

  // The number of the one that is there before and after is nobody else's in between.
  const auto number = left.pid();
  if (!number) return std::unexpected(number.error());
  const auto other = right.pid();
  if (!other) return std::unexpected(other.error());
  // cppcheck-suppress identicalConditionAfterEarlyExit
  if (const auto again = left.pid(); !again) return std::unexpected(again.error());
  return *number == *other;
}

}  // namespace v0
}  // namespace sysfd
