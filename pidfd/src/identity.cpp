// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include <cstdint>

#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/refusal.hpp>
#include <sysfd/detail/statx.hpp>
#include <sysfd/detail/syscall.hpp>
#include <sysfd/file_handle.hpp>
#include <sysfd/pidfd.hpp>

#include "get_info.hpp"
#include "kernel.hpp"

namespace sysfd {
inline namespace v0 {
namespace {

// These return a value of 0 or more, or -errno.
long open_process(BorrowedFd mount, ProcessId id) noexcept {
  const detail::kernel::PidfsHandle handle{.type = detail::kernel::pidfs_handle_type,
                                           .inode = id.value()};
  return detail::system_call_retried(SYS_open_by_handle_at, mount.get(), &handle,
                                     O_RDWR | O_CLOEXEC);
}

[[gnu::cold]] long open_with_own_pidfd(ProcessId id) noexcept {
  const auto any = PidFd::self();
  if (!any) return -any.error().value();
  if (const auto named = name_to_handle(any->fd()); !named) return -named.error().value();
  return open_process(any->fd(), id);
}

// Reads the identity from the file handle, if the handle is one of pidfs.
long read_id(BorrowedFd pidfd, std::uint64_t& id) noexcept {
  detail::kernel::PidfsHandle handle;
  int mount = 0;
  const long answer = detail::system_call_retried(SYS_name_to_handle_at, pidfd.get(), "", &handle,
                                                  &mount, AT_EMPTY_PATH);
  id = handle.inode;
  return answer == 0 && handle.size != sizeof handle.inode ? -EOPNOTSUPP : answer;
}

// Returns the inode number, because there is no file handle: name_to_handle_at(2) returned
// `answer`.
[[gnu::cold, gnu::noinline]] Result<ProcessId> id_of_inode(BorrowedFd pidfd, long answer) noexcept {
  const bool has_none =
      answer == -EOPNOTSUPP || answer == -EOVERFLOW;  // or a handle of another kind
  if (!has_none && !detail::is_refusal(answer)) return detail::failure(static_cast<int>(-answer));

  struct statfs file_system{};
  detail::Statx status;
  answer = detail::system_call_retried(SYS_fstatfs, pidfd.get(), &file_system);
  if (answer == 0)
    answer = detail::system_call_retried(SYS_statx, pidfd.get(), "", AT_EMPTY_PATH,
                                         detail::statx_inode, &status);
  if (answer < 0) return detail::failure(static_cast<int>(-answer));
  if (file_system.f_type != detail::kernel::pidfs_magic) return detail::failure(EOPNOTSUPP);
  return ProcessId(status.inode);
}

}  // namespace

Result<ProcessId> PidFd::id() const noexcept {
  std::uint64_t id = 0;
  const long answer = read_id(fd_, id);
  if (answer < 0) return id_of_inode(fd_, answer);
  return ProcessId(id);
}

namespace {

// Finds the answer when PIDFD_GET_INFO is not available: pidfd_open(2) accepts only the ID of a
// process's first thread.
[[gnu::cold]] long check_first_thread(const PidFd& found) noexcept {
  const auto number = found.pid();
  if (!number) return -number.error().value();
  const auto process = PidFd::open(*number);
  if (!process) return -process.error().value();
  const auto same = same_process(found, *process);
  if (!same.has_value()) return -same.error().value();
  return *same ? 0 : -ESRCH;
}

// Fails with -ESRCH for the identity of a thread: it opens too, but not as a pidfd of a thread:
// signals to it would go to the whole process. Returns 0 or -errno.
long check_process(const PidFd& found) noexcept {
  detail::kernel::PidFdInfo info;
  const long answer = detail::get_info(found.fd(), detail::kernel::info_pid, info);
  if (answer == -EOPNOTSUPP) return check_first_thread(found);
  if (answer < 0) return answer;
  return info.pid == info.tgid ? 0 : -ESRCH;
}

}  // namespace

Result<PidFd> PidFd::from_id(ProcessId id) noexcept {
  long answer = open_process(pidfs_root(), id);
  // Kernels without FD_PIDFS_ROOT, and filters that do not know it.
  if (answer == -EBADF || detail::is_refusal(answer)) answer = open_with_own_pidfd(id);
  auto fd = detail::to_owned(answer == -ESTALE ? -ESRCH : answer);
  if (!fd) return std::unexpected(fd.error());
  PidFd found(*std::move(fd));
  if (const long checked = check_process(found); checked < 0)
    return detail::failure(static_cast<int>(-checked));
  return found;
}

namespace {

// Compares them when at least one has no file handle.
[[gnu::cold, gnu::noinline]] Result<bool> are_same(const PidFd& left, const PidFd& right) noexcept {
  const auto left_id = left.id();
  const auto right_id = right.id();
  if (left_id && right_id) return *left_id == *right_id;
  for (const auto* id : {&left_id, &right_id})
    if (!*id && id->error() != std::errc::operation_not_supported)
      return std::unexpected(id->error());

  // If the process exists before and after, its number belonged to no other process in between.
  const auto number = left.pid();
  if (!number) return std::unexpected(number.error());
  const auto other = right.pid();
  if (!other) return std::unexpected(other.error());
  // cppcheck-suppress identicalConditionAfterEarlyExit
  if (const auto again = left.pid(); !again) return std::unexpected(again.error());
  return *number == *other;
}

}  // namespace

Result<bool> same_process(const PidFd& left, const PidFd& right) noexcept {
  std::uint64_t left_id = 0;
  std::uint64_t right_id = 0;
  if (read_id(left.fd(), left_id) == 0 && read_id(right.fd(), right_id) == 0)
    return left_id == right_id;
  return are_same(left, right);
}

}  // namespace v0
}  // namespace sysfd
