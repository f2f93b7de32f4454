// SPDX-License-Identifier: MIT
#include <sysfd/description.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <iterator>

#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/syscall.hpp>

#include "kernel.hpp"

namespace sysfd {
inline namespace v0 {
namespace {

bool is_open(BorrowedFd fd) noexcept {
  return detail::system_call(SYS_fcntl, fd.get(), F_GETFD) >= 0;
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
  struct stat wanted{};
  if (::fstat(fd.get(), &wanted) == -1) return detail::last_error();

  // Not /proc/self: a thread may have a descriptor table of its own (CLONE_FILES of unshare(2)).
  char path[40] = "/proc/thread-self/fd/";
  *std::to_chars(path + std::strlen(path), std::end(path) - 1, fd.get()).ptr = '\0';
  auto opened = open(cwd(), path, flags);
  if (!opened) {
    const bool has_none = opened.error() == std::errc::no_such_file_or_directory &&
                          ::access("/proc/thread-self/fd", F_OK) == -1;
    return has_none ? detail::failure(EOPNOTSUPP) : std::unexpected(opened.error());
  }
  // Nothing but /proc itself is believed to lead there.
  struct stat got{};
  if (::fstat(opened->get(), &got) == -1) return detail::last_error();
  if (got.st_dev != wanted.st_dev || got.st_ino != wanted.st_ino) return detail::failure(EREMOTE);
  return opened;
}

Result<UniqueDescription> UniqueDescription::of(Result<OwnedFd> made) noexcept {
  if (!made) return std::unexpected(made.error());
  return UniqueDescription(*std::move(made));
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
