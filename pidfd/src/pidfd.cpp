// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

#include <sysfd/detail/syscall.hpp>
#include <sysfd/pidfd.hpp>

#include "kernel.hpp"

namespace sysfd {
inline namespace v0 {

namespace {

Result<OwnedFd> open_pidfd(pid_t pid, unsigned flags) noexcept {
  return OwnedFd::from_syscall(static_cast<int>(::syscall(SYS_pidfd_open, pid, flags)));
}

long send(BorrowedFd pidfd, int signo, siginfo_t* info, SignalScope scope) noexcept {
  return ::syscall(SYS_pidfd_send_signal, pidfd.get(), signo, info, static_cast<unsigned>(scope));
}

Result<> send_or_explain(BorrowedFd pidfd, int signo, siginfo_t* info, SignalScope scope) noexcept {
  if (send(pidfd, signo, info, scope) == 0) return {};
  const int error = errno;
  // EINVAL may be about the scope, which kernels before 6.9 do not know; signal 0 tells, and does
  // nothing.
  const bool is_about_the_scope =
      error == EINVAL && scope != SignalScope::process && send(pidfd, 0, nullptr, scope) == -1 &&
      errno == EINVAL && (send(pidfd, 0, nullptr, SignalScope::process) == 0 || errno != EINVAL);
  return detail::failure(is_about_the_scope ? EOPNOTSUPP : error);
}

}  // namespace

Result<PidFd> PidFd::open(pid_t pid, PidFdFlags flags) noexcept {
  if (pid <= 0) return detail::failure(EINVAL);
  const unsigned bits = (flags.thread ? detail::kernel::pidfd_thread : 0) |
                        (flags.nonblocking ? unsigned{O_NONBLOCK} : 0);
  auto fd = open_pidfd(pid, bits);
  if (fd) return PidFd(*std::move(fd));
  if (fd.error() != std::errc::invalid_argument &&
      fd.error() != std::errc::no_such_file_or_directory)
    return std::unexpected(fd.error());
  if (bits != 0) {
    // Is it a flag that the kernel does not know? It would not know it for the caller either.
    const auto ours = open_pidfd(flags.thread ? ::gettid() : ::getpid(), bits);
    if (!ours && ours.error() == std::errc::invalid_argument) return detail::failure(EOPNOTSUPP);
  }
  // Otherwise, with these arguments, EINVAL can only mean a process that is just being reaped, or, as
  // ENOENT does on newer kernels, a thread that is not the first of its process.
  return detail::failure(ESRCH);
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

Result<PidFd> PidFd::of_peer(BorrowedFd socket) noexcept {
  int fd = -1;
  socklen_t size = sizeof fd;  // the kernel leaks a descriptor if it is anything else
  if (::getsockopt(socket.get(), SOL_SOCKET, detail::kernel::so_peerpidfd, &fd, &size) == 0)
    return PidFd(OwnedFd::adopt(fd));
  switch (errno) {
    case ENOPROTOOPT: return detail::failure(EOPNOTSUPP);
    case EINVAL: return detail::failure(ESRCH);  // kernels before 6.16, of a peer that was reaped
    default: return detail::last_error();
  }
}

Result<> PidFd::send_signal(int signo, SignalScope scope) const noexcept {
  return send_or_explain(fd_, signo, nullptr, scope);
}

Result<> PidFd::send_signal(int signo, sigval value, SignalScope scope) const noexcept {
  siginfo_t info{};
  info.si_signo = signo;
  info.si_code = SI_QUEUE;
  info.si_pid = ::getpid();
  info.si_uid = ::getuid();
  info.si_value = value;
  return send_or_explain(fd_, signo, &info, scope);
}

Result<OwnedFd> PidFd::get_fd(ForeignFd fd) const noexcept {
  return OwnedFd::from_syscall(
      static_cast<int>(::syscall(SYS_pidfd_getfd, fd_.get(), static_cast<int>(fd), 0)));
}

}  // namespace v0
}  // namespace sysfd
