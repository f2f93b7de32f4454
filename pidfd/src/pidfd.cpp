// SPDX-License-Identifier: MIT
#include <sys/syscall.h>
#include <unistd.h>

#include <sysfd/pidfd.hpp>

#include "kernel.hpp"

namespace sysfd {
inline namespace v0 {

Result<PidFd> PidFd::open(pid_t pid) noexcept {
  if (pid <= 0) return detail::failure(EINVAL);
  auto fd = OwnedFd::from_syscall(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (fd) return PidFd(*std::move(fd));
  // With these arguments EINVAL can only mean a process that is just being reaped, or, as ENOENT
  // does on newer kernels, a thread that is not the first of its process.
  if (fd.error() == std::errc::invalid_argument ||
      fd.error() == std::errc::no_such_file_or_directory)
    return detail::failure(ESRCH);
  return std::unexpected(fd.error());
}

Result<PidFd> PidFd::self() noexcept {
  return open(::getpid());
}

Result<PidFd> PidFd::adopt(OwnedFd fd) noexcept {
  // Every pidfd is accepted here, of a child (0) or not (ECHILD); everything else, /proc/<pid>
  // included, is EBADF.
  const long answer = ::syscall(SYS_waitid, detail::kernel::wait_pidfd, fd.get(), nullptr,
                                WEXITED | WNOHANG | WNOWAIT | __WALL, nullptr);
  if (answer == -1 && errno != ECHILD) return detail::last_error();
  return PidFd(std::move(fd));
}

Result<> PidFd::send_signal(int signo) const noexcept {
  if (::syscall(SYS_pidfd_send_signal, fd_.get(), signo, nullptr, 0) == -1)
    return detail::last_error();
  return {};
}

Result<OwnedFd> PidFd::get_fd(ForeignFd fd) const noexcept {
  return OwnedFd::from_syscall(
      static_cast<int>(::syscall(SYS_pidfd_getfd, fd_.get(), static_cast<int>(fd), 0)));
}

}  // namespace v0
}  // namespace sysfd
