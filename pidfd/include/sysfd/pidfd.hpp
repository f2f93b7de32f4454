// SPDX-License-Identifier: MIT
//
// A process, held as a descriptor. Process numbers are given away again once their process is
// reaped; a pidfd goes on meaning the process that it was made for, so that a signal never reaches
// another one, and waiting never waits for another one.
//
//     sysfd::Result<sysfd::PidFd> process = sysfd::PidFd::open(pid);
//     process->send_signal(SIGTERM);
//     auto status = process->wait_for(std::chrono::seconds(5));   // an error, nothing yet, or its end
//     if (status && !*status) process->send_signal(SIGKILL);
//
// The descriptor can be polled, by any event loop: it is readable once the process has ended. Then
// call try_wait(). Children started by sysfd::Command come with a PidFd that cannot be a
// stranger's. Opening one by number is for numbers that one knows to be still in use, such as that
// of a child that nobody has waited for yet.
#ifndef SYSFD_PIDFD_HPP
#define SYSFD_PIDFD_HPP

#include <sys/types.h>

#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>

#include <sysfd/attributes.hpp>
#include <sysfd/exit_status.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {

// The number of a descriptor in another process. It means nothing here, and cannot be used by
// mistake as if it did.
enum class ForeignFd : int {};

// The identity of a process: 64 bits, never given to another process while the system is up.
class ProcessId {
 public:
  explicit constexpr ProcessId(std::uint64_t value) noexcept : value_(value) {}
  constexpr std::uint64_t value() const noexcept { return value_; }
  friend constexpr auto operator<=>(ProcessId, ProcessId) noexcept = default;

 private:
  std::uint64_t value_;
};

class PidFd {
 public:
  // pidfd_open(2): the process that has this number now. Errors: ESRCH no process has it (the
  // number of a thread that is not the first of its process is none); EINVAL `pid` is zero or
  // negative, found without a system call; EMFILE, ENFILE, ENOMEM. Since Linux 5.3. One system
  // call.
  [[nodiscard]] SYSFD_API static Result<PidFd> open(pid_t pid) noexcept;

  // The calling process. Two system calls.
  [[nodiscard]] SYSFD_API static Result<PidFd> self() noexcept;

  // Takes over a descriptor, after asking the kernel whether it is a pidfd (waitid(2) with WNOHANG
  // and WNOWAIT, which changes nothing). Errors: EBADF it is something else; it is closed then. One
  // system call.
  [[nodiscard]] SYSFD_API static Result<PidFd> adopt(OwnedFd fd) noexcept;

  // The same without asking: the caller vouches that it is one, having it from clone3(2) for
  // instance.
  static PidFd unsafe_adopt(OwnedFd fd) noexcept { return PidFd(std::move(fd)); }

  // pidfd_send_signal(2): sends a signal to this process, or with 0 only checks that one could. A
  // process that has ended but was not waited for (a zombie) takes every signal and ignores it.
  // Errors: ESRCH the process is gone; EPERM; EINVAL no such signal, or a process outside of the
  // caller's pid namespace. Since Linux 5.1. One system call, async-signal-safe.
  [[nodiscard]] SYSFD_API Result<> send_signal(int signo) const noexcept;

  // pidfd_getfd(2): a duplicate, here, of a descriptor that is open in that process; it is
  // close-on-exec. Both share one open file description, which may surprise the other side: its
  // offset, flags and locks are now in two hands. Errors: EBADF not open there; EPERM the caller
  // may not ptrace(2) that process; ESRCH it has ended; EMFILE. Since Linux 5.6.
  [[nodiscard]] SYSFD_API Result<OwnedFd> get_fd(ForeignFd fd) const noexcept;

  // waitid(P_PIDFD): waits until the process has ended, and reaps it if it is a child of the
  // caller. One system call where the pidfd is in blocking mode; with O_NONBLOCK the wait is done
  // by poll(2). EINTR is retried.
  //
  // Where the process is not (or no longer) the caller's to wait for, since it is somebody else's
  // child, was reaped by another part of the program, or reaped itself because SIGCHLD is ignored,
  // the kernel is asked how it ended (PIDFD_GET_INFO, Linux 6.15) once whoever has that right has
  // reaped it. So a second wait() has the same answer. Waiting for oneself never ends. A child that
  // another process traces has ended only once its tracer has let go, which is looked for every 10
  // milliseconds.
  //
  // Errors: ECHILD it is not the caller's to wait for, and this kernel cannot tell how it ended;
  // EREMOTE (before Linux 6.18, ECHILD) nor is it in the caller's pid namespace or one below.
  [[nodiscard]] SYSFD_API Result<ExitStatus> wait() const noexcept;

  // The same without waiting: no value if the process has not ended yet. At most two system calls.
  [[nodiscard]] SYSFD_API Result<std::optional<ExitStatus>> try_wait() const noexcept;

  // The same with an end to waiting: no value if the process has not ended by then. One to three
  // system calls. Durations of zero and less mean try_wait(); they count in nanoseconds, so that 292
  // years are the longest.
  [[nodiscard]] SYSFD_API Result<std::optional<ExitStatus>> wait_for(
      std::chrono::nanoseconds duration) const noexcept;
  [[nodiscard]] SYSFD_API Result<std::optional<ExitStatus>> wait_until(
      std::chrono::steady_clock::time_point deadline) const noexcept;

  // The process number, as the caller's pid namespace has it. It is safe to use only as long as the
  // process has not been reaped. By PIDFD_GET_INFO (Linux 6.13, one system call), else from
  // /proc/self/fdinfo. Errors: ESRCH it is gone; EREMOTE it has no number here (before Linux 6.18,
  // ESRCH); what open(2) of /proc says where that is needed and not mounted.
  [[nodiscard]] SYSFD_API Result<pid_t> pid() const noexcept;

  // The identity, from the file handle of the pidfd (Linux 6.14) or its inode number (6.9). Also
  // after the process has ended. Errors: EOPNOTSUPP this kernel has no such identities. One system
  // call, or three on kernels 6.9 to 6.13.
  [[nodiscard]] SYSFD_API Result<ProcessId> id() const noexcept;

  BorrowedFd fd() const noexcept SYSFD_LIFETIMEBOUND { return fd_; }
  OwnedFd into_fd() && noexcept { return std::move(fd_); }

 private:
  explicit PidFd(OwnedFd fd) noexcept : fd_(std::move(fd)) {}

  OwnedFd fd_;
};

}  // namespace v0
}  // namespace sysfd

template <>
struct std::hash<sysfd::ProcessId> {
  std::size_t operator()(sysfd::ProcessId id) const noexcept {
    return std::hash<std::uint64_t>()(id.value());
  }
};

#endif  // SYSFD_PIDFD_HPP
