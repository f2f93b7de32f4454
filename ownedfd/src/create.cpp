// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <sysfd/create.hpp>
#include <sysfd/detail/raw_syscall.hpp>

namespace sysfd {
inline namespace v0 {

static_assert(AT_FDCWD == -100);  // cwd() is in the header, which includes no <fcntl.h>

Result<OwnedFd> open(BorrowedFd directory, CStr path, int flags, mode_t mode) noexcept {
  if (!path.get()) return detail::failure(EINVAL);
  // Not ::openat, which is a cancellation point.
  return detail::to_owned(detail::system_call_retried(SYS_openat, directory.get(), path.get(),
                                                      flags | O_CLOEXEC, mode));
}

Result<Pipe> pipe(int flags) noexcept {
  int ends[2];
  if (::pipe2(ends, flags | O_CLOEXEC) == -1) return detail::last_error();
  return Pipe{OwnedFd::adopt(ends[0]), OwnedFd::adopt(ends[1])};
}

Result<SocketPair> socket_pair(int type) noexcept {
  int ends[2];
  if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) == -1) return detail::last_error();
  return SocketPair{OwnedFd::adopt(ends[0]), OwnedFd::adopt(ends[1])};
}

Result<OwnedFd> memfd(CStr name, unsigned flags) noexcept {
  if (!name.get()) return detail::failure(EINVAL);
  return OwnedFd::from_syscall(::memfd_create(name.get(), flags | MFD_CLOEXEC));
}

Result<OwnedFd> event_fd(unsigned initial, int flags) noexcept {
  return OwnedFd::from_syscall(::eventfd(initial, flags | EFD_CLOEXEC));
}

Result<> set_nonblocking(BorrowedFd fd, bool nonblocking) noexcept {
  const int flags = ::fcntl(fd.get(), F_GETFL);
  if (flags == -1) return detail::last_error();
  const int wanted = nonblocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
  if (wanted != flags && ::fcntl(fd.get(), F_SETFL, wanted) == -1) return detail::last_error();
  return {};
}

Result<bool> is_close_on_exec(BorrowedFd fd) noexcept {
  const int flags = ::fcntl(fd.get(), F_GETFD);
  if (flags == -1) return detail::last_error();
  return (flags & FD_CLOEXEC) != 0;
}

}  // namespace v0
}  // namespace sysfd
