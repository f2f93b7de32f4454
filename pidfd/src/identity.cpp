// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include <cstdint>

#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/refusal.hpp>
#include <sysfd/detail/syscall.hpp>
#include <sysfd/file_handle.hpp>
#include <sysfd/pidfd.hpp>

#include "get_info.hpp"
#include "kernel.hpp"

namespace sysfd {
inline namespace v0 {
namespace {

// These answer 0 or more, or -errno.
long open_process(BorrowedFd mount, ProcessId id) noexcept {
  const detail::kernel::PidfsHandle handle{.type = detail::kernel::pidfs_handle_type,
                                           .inode = id.value()};
  return detail::system_call_retried(SYS_open_by_handle_at, mount.get(), &handle,
                                     O_RDWR | O_CLOEXEC);
}

[[gnu::cold]] long open_beside_self(ProcessId id) noexcept {
  const auto any = PidFd::self();
  if (!any) return -any.error().value();
  if (const auto named = name_to_handle(any->fd()); !named) return -named.error().value();
  return open_process(any->fd(), id);
}

// Of the file handle, as long as that is an identity.
long read_id(BorrowedFd pidfd, std::uint64_t& id) noexcept {
  detail::kernel::PidfsHandle handle;
  int mount = 0;
  const long answer = detail::system_call_retried(SYS_name_to_handle_at, pidfd.get(), "", &handle,
                                                  &mount, AT_EMPTY_PATH);
  id = handle.inode;
  return answer == 0 && handle.size != sizeof handle.inode ? -EOPNOTSUPP : answer;
}

// Where there is no file handle, for this reason.
[[gnu::cold, gnu::noinline]] Result<ProcessId> id_of_inode(BorrowedFd pidfd, int error) noexcept {
  const bool has_none = error == EOPNOTSUPP || error == EOVERFLOW;  // or one of another kind
  if (!has_none && !detail::is_refusal(-error)) return detail::failure(error);

  struct statfs file_system{};
  struct statx status;
  long answer = detail::system_call_retried(SYS_fstatfs, pidfd.get(), &file_system);
  if (answer == 0)
    answer =
        detail::system_call_retried(SYS_statx, pidfd.get(), "", AT_EMPTY_PATH, STATX_INO, &status);
  if (answer < 0) return detail::failure(static_cast<int>(-answer));
  if (file_system.f_type != detail::kernel::pidfs_magic) return detail::failure(EOPNOTSUPP);
  return ProcessId(status.stx_ino);
}

}  // namespace

Result<ProcessId> PidFd::id() const noexcept {
  std::uint64_t id = 0;
  const long answer = read_id(fd_, id);
  if (answer < 0) return id_of_inode(fd_, static_cast<int>(-answer));
  return ProcessId(id);
}

namespace {

// Where this process cannot ask by PIDFD_GET_INFO: only a first thread's number opens a process.
[[gnu::cold]] int look_whether_process(const PidFd& found) noexcept {
  const auto number = found.pid();
  if (!number) return number.error().value();
  const auto process = PidFd::open(*number);
  if (!process) return process.error().value();
  const auto same = same_process(found, *process);
  if (!same.has_value()) return same.error().value();
  return *same ? 0 : ESRCH;
}

// The identity of a thread opens as well, though not as a pidfd of a thread: what is sent to that
// one is for the whole process. Answers 0 or an error.
int check_process(const PidFd& found) noexcept {
  detail::kernel::PidFdInfo info;
  const int error = detail::get_info(found.fd(), detail::kernel::info_pid, info);
  if (error == EOPNOTSUPP) return look_whether_process(found);
  if (error != 0) return error;
  return info.pid == info.tgid ? 0 : ESRCH;
}

}  // namespace

Result<PidFd> PidFd::from_id(ProcessId id) noexcept {
  long answer = open_process(pidfs_root(), id);
  if (answer == -EBADF) answer = open_beside_self(id);  // a kernel without that root
  auto fd = detail::to_owned(answer == -ESTALE ? -ESRCH : answer);
  if (!fd) return std::unexpected(fd.error());
  PidFd found(*std::move(fd));
  if (const int error = check_process(found); error != 0) return detail::failure(error);
  return found;
}

namespace {

// Where one of them at least has no file handle.
[[gnu::cold, gnu::noinline]] Result<bool> are_same(const PidFd& left, const PidFd& right) noexcept {
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
