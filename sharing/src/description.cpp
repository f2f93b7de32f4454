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
  // Not "self": a thread may have a descriptor table of its own (CLONE_FILES of unshare(2)).
  const auto numbers = detail::open_in_proc(*proc, "thread-self/fd", O_PATH | O_DIRECTORY);
  if (!numbers) return std::unexpected(numbers.error());
  return detail::open_proc_link(*numbers, detail::NumberedPath("", fd.get()).get(), flags);
}

}  // namespace

Result<bool> same_description(BorrowedFd left, BorrowedFd right) noexcept {
  const long answer =
      detail::system_call(SYS_fcntl, left.get(), detail::kernel::dupfd_query, right.get());
  if (answer >= 0) return answer == 1;
  // An older kernel says EINVAL, or EBADF of descriptors with O_PATH that are open.
  if (!is_open(left) || !is_open(right)) return detail::failure(EBADF);
  // Of the thread, which may have a descriptor table of its own (CLONE_FILES of unshare(2)).
  const pid_t self = ::gettid();
  const long order =
      detail::system_call(SYS_kcmp, self, self, detail::kernel::kcmp_file, left.get(), right.get());
  if (order < 0) return detail::failure(EOPNOTSUPP);
  return order == 0;
}

Result<OwnedFd> reopen(BorrowedFd fd, int flags) noexcept {
  constexpr int makes_another = O_CREAT | O_EXCL | O_NOFOLLOW | (O_TMPFILE & ~O_DIRECTORY);
  if ((flags & makes_another) != 0) return detail::failure(EINVAL);
  if (!is_open(fd)) return detail::failure(EBADF);  // the number would be that of /proc below
  // The place is known to be /proc's own, so what is opened, or emptied (O_TRUNC), is the file.
  // Its inode number would not tell: overlayfs may give it another when it is opened for writing.
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
