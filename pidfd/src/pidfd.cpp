// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/refusal.hpp>
#include <sysfd/detail/syscall.hpp>
#include <sysfd/pidfd.hpp>

#include "kernel.hpp"

namespace sysfd {
inline namespace v0 {

using detail::system_call;

namespace {

[[gnu::cold]] Result<PidFd> to_pidfd(long answer) noexcept {
  auto fd = detail::to_owned(answer);
  if (!fd) return std::unexpected(fd.error());
  return PidFd::unsafe_adopt(*std::move(fd));
}

// Moves a descriptor that has the number of a standard stream, or returns the error for `answer`.
[[gnu::cold]] Result<PidFd> explain_open(unsigned bits, bool is_thread, long answer) noexcept {
  if (answer != -EINVAL && answer != -ENOENT) return to_pidfd(answer);
  if (bits != 0) {
    // A flag that the kernel does not know also fails for the calling process.
    const long ours = system_call(SYS_pidfd_open, is_thread ? ::gettid() : ::getpid(), bits);
    if (ours >= 0) detail::close_quietly(static_cast<int>(ours));
    if (ours == -EINVAL) return detail::failure(EOPNOTSUPP);
  }
  // With these arguments, EINVAL can only mean a process that is just being reaped, or a thread
  // that is not the first of its process; for the latter, newer kernels fail with ENOENT.
  return detail::failure(ESRCH);
}

long send(BorrowedFd pidfd, int signo, const siginfo_t* info, SignalScope scope) noexcept {
  return system_call(SYS_pidfd_send_signal, pidfd.get(), signo, info, static_cast<unsigned>(scope));
}

// True if this thread may not use this scope for any process.
bool is_refused_for_all(SignalScope scope) noexcept {
  const auto self = PidFd::self();
  return self && detail::is_refusal(send(self->fd(), 0, nullptr, scope)) &&
         send(self->fd(), 0, nullptr, SignalScope::process) == 0;
}

[[gnu::cold]] Result<> explain_send(BorrowedFd pidfd, SignalScope scope, long answer) noexcept {
  // EINVAL may refer to the scope, which kernels before 6.9 do not know, and EPERM may come from a
  // filter that does not know it. Signal 0 finds out, and has no effect.
  const bool is_scope_unsupported =
      scope != SignalScope::process &&
      ((answer == -EINVAL && send(pidfd, 0, nullptr, scope) == -EINVAL &&
        send(pidfd, 0, nullptr, SignalScope::process) != -EINVAL) ||
       (detail::is_refusal(answer) && is_refused_for_all(scope)));
  return detail::failure(is_scope_unsupported ? EOPNOTSUPP : static_cast<int>(-answer));
}

Result<> to_result(long answer, BorrowedFd pidfd, SignalScope scope) noexcept {
  if (answer == 0) return {};
  return explain_send(pidfd, scope, answer);
}

}  // namespace

Result<PidFd> PidFd::open(pid_t pid, PidFdFlags flags) noexcept {
  if (pid <= 0) return detail::failure(EINVAL);
  const unsigned bits = (flags.thread ? detail::kernel::pidfd_thread : 0) |
                        (flags.nonblocking ? unsigned{O_NONBLOCK} : 0);
  const long fd = system_call(SYS_pidfd_open, pid, bits);
  if (fd < detail::first_above_standard_streams) return explain_open(bits, flags.thread, fd);
  return PidFd(OwnedFd::adopt(static_cast<int>(fd)));
}

Result<PidFd> PidFd::self() noexcept {
  return open(::getpid());
}

Result<PidFd> PidFd::adopt(OwnedFd fd) noexcept {
  // waitid(2) accepts every pidfd, of a child (0) or not (ECHILD); everything else, /proc/PID
  // included, fails with EBADF.
  const long answer = system_call(SYS_waitid, detail::kernel::wait_pidfd, fd.get(), nullptr,
                                  WEXITED | WNOHANG | WNOWAIT | __WALL, nullptr);
  if (answer < 0 && answer != -ECHILD) return detail::failure(static_cast<int>(-answer));
  return PidFd(std::move(fd));
}

Result<PidFd> PidFd::of_peer(BorrowedFd socket) noexcept {
  int fd = -1;
  socklen_t size = sizeof fd;  // with another size, the kernel leaks a descriptor
  const long answer = system_call(SYS_getsockopt, socket.get(), SOL_SOCKET,
                                  detail::kernel::so_peerpidfd, &fd, &size);
  switch (answer) {
    case 0: break;
    case -ENOPROTOOPT: return detail::failure(EOPNOTSUPP);
    case -EINVAL: return detail::failure(ESRCH);  // kernels before 6.16: the peer was reaped
    default: return detail::failure(static_cast<int>(-answer));
  }
  if (fd < detail::first_above_standard_streams) return to_pidfd(fd);
  return PidFd(OwnedFd::adopt(fd));
}

Result<> PidFd::send_signal(int signo, SignalScope scope) const noexcept {
  return to_result(send(fd_, signo, nullptr, scope), fd_, scope);
}

Result<> PidFd::send_signal(int signo, sigval value, SignalScope scope) const noexcept {
  siginfo_t info{};
  info.si_signo = signo;
  info.si_code = SI_QUEUE;
  info.si_pid = ::getpid();
  info.si_uid = ::getuid();
  info.si_value = value;
  return to_result(send(fd_, signo, &info, scope), fd_, scope);
}

Result<OwnedFd> PidFd::get_fd(ForeignFd fd) const noexcept {
  return detail::to_owned(system_call(SYS_pidfd_getfd, fd_.get(), fd, 0));
}

}  // namespace v0
}  // namespace sysfd
