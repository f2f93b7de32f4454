// SPDX-License-Identifier: MIT
#include <sysfd/description.hpp>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <sysfd/detail/proc_file.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/syscall.hpp>

#include "kernel.hpp"

namespace sysfd {
inline namespace v0 {
namespace {

bool is_open(BorrowedFd fd) noexcept {
  return detail::system_call(SYS_fcntl, fd.get(), F_GETFD) >= 0;
}

Result<OwnedFd> open_own(BorrowedFd fd, int flags) noexcept {
  const auto proc = detail::open_proc();
  if (!proc)
    return proc.error() == std::errc::no_such_file_or_directory ? detail::failure(EOPNOTSUPP)
                                                                : std::unexpected(proc.error());
  // This is not "self": a thread may have its own descriptor table (CLONE_FILES of unshare(2)).
  const auto fd_directory = detail::open_in_proc(*proc, "thread-self/fd", O_PATH | O_DIRECTORY);
  if (!fd_directory) return std::unexpected(fd_directory.error());
  return detail::open_proc_link(*fd_directory, detail::NumberedPath("", fd.get()).get(), flags);
}

}  // namespace

Result<bool> same_description(BorrowedFd left, BorrowedFd right) noexcept {
  const long answer =
      detail::system_call(SYS_fcntl, left.get(), detail::kernel::dupfd_query, right.get());
  if (answer >= 0) return answer == 1;
  // An older kernel fails with EINVAL, or with EBADF for open descriptors with O_PATH.
  if (!is_open(left) || !is_open(right)) return detail::failure(EBADF);
  // This is the thread's ID: a thread may have its own descriptor table (CLONE_FILES of
  // unshare(2)).
  const pid_t self = ::gettid();
  const long order =
      detail::system_call(SYS_kcmp, self, self, detail::kernel::kcmp_file, left.get(), right.get());
  if (order < 0) return detail::failure(EOPNOTSUPP);
  return order == 0;
}

Result<OwnedFd> reopen(BorrowedFd fd, int flags) noexcept {
  constexpr int creation_flags = O_CREAT | O_EXCL | O_NOFOLLOW | (O_TMPFILE & ~O_DIRECTORY);
  if ((flags & creation_flags) != 0) return detail::failure(EINVAL);
  if (!is_open(fd)) return detail::failure(EBADF);  // below, the number could be that of /proc
  // open_own() has checked that the link is in /proc itself, so the file that is opened, or
  // truncated (O_TRUNC), is the same one. Comparing the inode numbers would not prove it: overlayfs
  // may give a file another number when it is opened for writing.
  auto opened = open_own(fd, flags);
  if (!opened && opened.error() == std::errc::cross_device_link) return detail::failure(EREMOTE);
  return opened;
}

Result<UniqueDescription> UniqueDescription::of(Result<OwnedFd> made) noexcept {
  if (!made) return std::unexpected(made.error());
  return UniqueDescription(*std::move(made));
}

Result<UniqueDescription> UniqueDescription::open(BorrowedFd directory, CStr path,
                                                  int flags) noexcept {
  return of(sysfd::open(directory, path, flags));
}

Result<UniqueDescription> UniqueDescription::open(BorrowedFd directory, CStr path, int flags,
                                                  mode_t mode) noexcept {
  return of(sysfd::open(directory, path, flags, mode));
}

Result<UniqueDescription> UniqueDescription::memfd(CStr name, unsigned flags) noexcept {
  return of(sysfd::memfd(name, flags));
}

Result<UniqueDescription> UniqueDescription::reopen(BorrowedFd fd, int flags) noexcept {
  return of(sysfd::reopen(fd, flags));
}

}  // namespace v0
}  // namespace sysfd
