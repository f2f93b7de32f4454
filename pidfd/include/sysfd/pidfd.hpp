// SPDX-License-Identifier: MIT
//
// A process, held as a descriptor. Process numbers are given away again once their process is
// reaped; a pidfd goes on meaning the process that it was made for, so that a signal never reaches
// another one, and waiting never waits for another one.
//
//     sysfd::Result<sysfd::PidFd> process = sysfd::PidFd::open(pid);
//     if (!process) return process.error();                        // no process has that number
//     auto sent = process->send_signal(SIGTERM);
//     auto status = process->wait_for(5s);
//     if (!status && status.error() == std::errc::timed_out)       // it still runs
//       sent = process->send_signal(SIGKILL);
//
// The descriptor can be polled, by any event loop: it is readable once the process has ended. Then
// call try_wait(). Children started by sysfd::Command come with a PidFd that cannot be a
// stranger's. Opening one by number is for numbers that one knows to be still in use, such as that
// of a child that nobody has waited for yet.
#ifndef SYSFD_PIDFD_HPP
#define SYSFD_PIDFD_HPP
#include <sysfd/detail/cxx23.hpp>

#include <signal.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <span>

#include <sysfd/attributes.hpp>
#include <sysfd/detail/chrono.hpp>
#include <sysfd/exit_status.hpp>
#include <sysfd/namespace_set.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/process_id.hpp>
#include <sysfd/process_info.hpp>
#include <sysfd/result.hpp>
#include <sysfd/timeout.hpp>
#include <sysfd/wait_event.hpp>

namespace sysfd {
inline namespace v0 {

// The number of a descriptor in another process. It means nothing here, and cannot be used by
// mistake as if it did.
enum class ForeignFd : int {};

struct PidFdFlags {
  // PIDFD_NONBLOCK (O_NONBLOCK), for event loops that insist on it: waiting works all the same.
  // Since Linux 5.10.
  bool nonblocking = false;
  // PIDFD_THREAD: of the one thread that has this number (gettid(2)), be it the first of its
  // process or not. Since Linux 6.9.
  bool thread = false;
};

// Whom a signal is for. The values are fixed: they are those of PIDFD_SIGNAL_..., and may be stored
// and sent.
enum class SignalScope : unsigned {
  process = 0,      // what the pidfd stands for: the process, or the thread that it was opened for
  thread = 1 << 0,  // this thread, as tgkill(2); of a process, its first
  thread_group = 1 << 1,   // the whole process, also where the pidfd is a thread's
  process_group = 1 << 2,  // every process of the process group that it leads, or has led
};

class PidFd {
 public:
  // pidfd_open(2): the process that has this number now. Errors: ESRCH no process has it (the
  // number of a thread that is not the first of its process is none, but for PidFdFlags::thread);
  // EINVAL `pid` is zero or negative, found without a system call; EOPNOTSUPP this kernel does not
  // know a flag; EMFILE, ENFILE, ENOMEM. Since Linux 5.3. One system call.
  [[nodiscard]] SYSFD_API static Result<PidFd> open(pid_t pid, PidFdFlags flags = {}) noexcept;

  // The calling process. Two system calls.
  [[nodiscard]] SYSFD_API static Result<PidFd> self() noexcept;

  // open_by_handle_at(2): the process that has this identity. Errors: ESRCH none has, any more or
  // in this pid namespace (a thread that is not the first of its process is none); EOPNOTSUPP this
  // kernel cannot tell. Since Linux 6.14, where any pidfd is needed beside (at most seven system
  // calls); two since 6.17. Needs no privilege.
  [[nodiscard]] SYSFD_API static Result<PidFd> from_id(ProcessId id) noexcept;

  // getsockopt(SO_PEERPIDFD): the process at the other end of a connected AF_UNIX socket, that is
  // the one that called connect(2), listen(2) or socketpair(2); not one that it has handed its end
  // to since. Errors: ENODATA the socket has no such peer; ESRCH it was reaped (before Linux 6.16);
  // ENOTSOCK; EOPNOTSUPP this kernel cannot tell. Since Linux 6.5. One system call.
  [[nodiscard]] SYSFD_API static Result<PidFd> of_peer(BorrowedFd socket) noexcept;

  // Takes over a descriptor, after asking the kernel whether it is a pidfd (waitid(2) with WNOHANG
  // and WNOWAIT, which changes nothing). Errors: EBADF it is something else; it is closed then. One
  // system call.
  [[nodiscard]] SYSFD_API static Result<PidFd> adopt(OwnedFd fd) noexcept;

  // The same without asking: the caller vouches that it is one, having it from clone3(2) for
  // instance.
  static PidFd unsafe_adopt(OwnedFd fd) noexcept { return PidFd(std::move(fd)); }

  // pidfd_send_signal(2): sends a signal to this process, or with 0 only checks that one could. A
  // process that has ended but was not waited for (a zombie) takes every signal and ignores it.
  // Errors: ESRCH the process is gone (with SignalScope::process_group, no process of a group that
  // it led is left); EPERM; EINVAL no such signal, or a process outside of the caller's pid
  // namespace; EOPNOTSUPP this kernel knows no scope but the first (Linux 6.9 has all), or a filter
  // (seccomp) refuses this scope. Since Linux 5.1. One system call, async-signal-safe.
  [[nodiscard]] SYSFD_API Result<> send_signal(
      int signo, SignalScope scope = SignalScope::process) const noexcept;

  // The same as sigqueue(3): a handler with SA_SIGINFO, signalfd(2) and sigwaitinfo(2) get `value`
  // in si_value, beside the caller's process and user. Of the standard signals, below SIGRTMIN, one
  // waits at a time: another is dropped. Errors: also EAGAIN too many signals wait there
  // (RLIMIT_SIGPENDING); a standard signal is sent then without its value.
  [[nodiscard]] SYSFD_API Result<> send_signal(
      int signo, sigval value, SignalScope scope = SignalScope::process) const noexcept;

  // pidfd_getfd(2): a duplicate, here, of a descriptor that is open in that process; it is
  // close-on-exec. Both share one open file description, which may surprise the other side: its
  // offset, flags and locks are now in two hands. Errors: EBADF not open there; EPERM the caller
  // may not ptrace(2) that process; ESRCH it has ended; EMFILE. Since Linux 5.6.
  [[nodiscard]] SYSFD_API Result<OwnedFd> get_fd(ForeignFd fd) const noexcept;

  // waitid(P_PIDFD): waits until the process has ended, and reaps it if it is a child of the
  // caller. Two system calls where the pidfd is in blocking mode: the first takes nothing, as it
  // may find a stop. With O_NONBLOCK the wait is done by poll(2). EINTR is retried.
  //
  // Where the process is not (or no longer) the caller's to wait for, since it is somebody else's
  // child, was reaped by another part of the program, or reaped itself because SIGCHLD is ignored,
  // the kernel is asked how it ended (PIDFD_GET_INFO, Linux 6.15) once whoever has that right has
  // reaped it. So a second wait() has the same answer. Waiting for oneself never ends. A child that
  // another process traces has ended only once its tracer has let go, which is looked for every 10
  // milliseconds. Where the caller is the tracer, stops are passed over: wait_event() tells them.
  //
  // Errors: ECHILD it is not the caller's to wait for, and this kernel cannot tell how it ended;
  // EREMOTE (before Linux 6.18, ECHILD) nor is it in the caller's pid namespace or one below.
  [[nodiscard]] SYSFD_API Result<ExitStatus> wait() const noexcept;

  // The same without waiting. Errors: also EAGAIN the process has not ended yet. One system call
  // then, else two.
  [[nodiscard]] SYSFD_API Result<ExitStatus> try_wait() const noexcept;

  // The same with an end to waiting. Errors: also ETIMEDOUT the process has not ended by then;
  // ECANCELED the wait was called off (see Timeout). Two to four system calls.
  [[nodiscard]] SYSFD_API Result<ExitStatus> wait_for(Timeout timeout) const noexcept;
  [[nodiscard]] SYSFD_API Result<ExitStatus> wait_until(
      std::chrono::steady_clock::time_point deadline) const noexcept;

  // waitid(P_PIDFD) with all that it offers: also that a child was stopped or continued, by which
  // signal, and what it has used. Only for children of the caller. Nothing announces a stop: with a
  // timeout, or where the pidfd is in non-blocking mode, it is looked for every 10 milliseconds.
  // Errors: ECHILD it is not the caller's to wait for, or has ended where `options` do not name
  // that; EINVAL they name nothing to wait for; EAGAIN (try_wait_event) nothing has happened yet;
  // ETIMEDOUT, ECANCELED (wait_event_for) as for wait_for().
  [[nodiscard]] SYSFD_API Result<WaitEvent> wait_event(
      const WaitOptions& options = {}) const noexcept;
  [[nodiscard]] SYSFD_API Result<WaitEvent> wait_event_for(
      Timeout timeout, const WaitOptions& options = {}) const noexcept;
  [[nodiscard]] SYSFD_API Result<WaitEvent> try_wait_event(
      const WaitOptions& options = {}) const noexcept;

  // The process number, as the caller's pid namespace has it; of a thread, its number. It is safe
  // to use only as long as the process has not been reaped. By PIDFD_GET_INFO (Linux 6.13, one
  // system call), else, also where a seccomp filter refuses that, from /proc/thread-self/fdinfo.
  // Errors: ESRCH it is gone; EREMOTE it has no number here (before Linux 6.18, ESRCH); and where
  // /proc is needed, ENOENT no procfs is mounted there, EXDEV something is mounted over what is
  // read.
  [[nodiscard]] SYSFD_API Result<pid_t> pid() const noexcept;

  // The identity, from the file handle of the pidfd (Linux 6.14) or its inode number (6.9). Also
  // after the process has ended; that of a thread is its own, that of a first thread its process's.
  // Errors: EOPNOTSUPP this kernel has no such identities: all pidfds share one inode. One system
  // call, or three on kernels 6.9 to 6.13.
  [[nodiscard]] SYSFD_API Result<ProcessId> id() const noexcept;

  // PIDFD_GET_INFO: what the kernel says of it, also after its end, as far as this kernel can. One
  // system call. Before Linux 6.13, and where that is refused, only `pid`, as pid() finds it.
  // Errors: those of pid(); ESRCH also means that it was reaped and that this kernel keeps nothing.
  [[nodiscard]] SYSFD_API Result<ProcessInfo> info() const noexcept;

  // PIDFD_GET_<kind>_NAMESPACE: a descriptor of a namespace that the process is in, for setns(2)
  // and Namespaces::join. Since Linux 6.11, one system call; before, and where that is refused,
  // from /proc. Errors: EACCES, EPERM the caller may not ptrace(2) it; ESRCH it has ended;
  // EOPNOTSUPP a kernel without this kind; those of proc_directory() where that is needed.
  [[nodiscard]] SYSFD_API Result<OwnedFd> namespace_fd(Namespace kind) const noexcept;

  // The same for the namespace that its next children will be in: Namespace::pid or ::time. Errors:
  // also EINVAL another kind; ENOENT (before Linux 6.11) a pid namespace that has no process yet.
  [[nodiscard]] SYSFD_API Result<OwnedFd> namespace_for_children(Namespace kind) const noexcept;

  // setns(2): moves the calling thread into these namespaces of the process, into all or, where one
  // is refused, none; Namespace::pid is for its next children. Errors: EPERM it lacks CAP_SYS_ADMIN
  // there; ESRCH the process has ended; EINVAL an empty set, a user namespace that one is in
  // already, or a user or mount namespace with threads beside; EUSERS a time namespace with threads
  // beside. Since Linux 5.8. One system call.
  [[nodiscard]] SYSFD_API Result<> enter_namespaces(NamespaceSet kinds) const noexcept;

  // The directory of the process in /proc: what is opened in it (openat(2)) is of this process, or
  // nothing (ESRCH) once it has ended. It is opened by number, after which the process must still
  // be there. Nothing is mounted over it; what is in it may be mounted over, which RESOLVE_NO_XDEV
  // of openat2(2) notices. Errors: ESRCH; EREMOTE it has no number here, or /proc is of another pid
  // namespace; ENOENT no procfs is mounted at /proc, or it does not show the process (hidepid, or
  // one of a pid namespace that the caller is not in); EXDEV something is mounted over it. At most
  // nine system calls; before Linux 6.13, or where openat2(2) is refused, more.
  [[nodiscard]] SYSFD_API Result<OwnedFd> proc_directory() const noexcept;

  // process_madvise(2): gives advice (MADV_COLD, MADV_PAGEOUT, MADV_WILLNEED, MADV_COLLAPSE) on
  // ranges of its memory, addresses being its own. Gives how many bytes, which may be fewer.
  // Errors: EINVAL, EPERM, EACCES, ESRCH, ENOMEM a range is not mapped. Since Linux 5.10. One
  // system call.
  [[nodiscard]] SYSFD_API Result<std::size_t> advise_memory(std::span<const iovec> ranges,
                                                            int advice) const noexcept;

  // process_mrelease(2): gives back the memory of a process that is being killed at once. Nothing
  // to do, because it is gone already, is success. Errors: EINVAL it is not being killed; EPERM,
  // EAGAIN. Since Linux 5.15. One system call.
  [[nodiscard]] SYSFD_API Result<> release_memory() const noexcept;

  BorrowedFd fd() const noexcept SYSFD_LIFETIMEBOUND { return fd_; }
  OwnedFd into_fd() && noexcept { return std::move(fd_); }

 private:
  explicit PidFd(OwnedFd fd) noexcept : fd_(std::move(fd)) {}

  OwnedFd fd_;
};

// Whether both stand for one process (or thread). By identity (two system calls), and where the
// kernel has none, by number while both are there. Errors: those of PidFd::pid() then, ESRCH above
// all.
[[nodiscard]] SYSFD_API Result<bool> same_process(const PidFd& left, const PidFd& right) noexcept;

// ppoll(2): waits until try_wait() has an answer for one of these processes, its status or an
// error, and gives its index (the first, if there are several). A zombie that is not the caller's
// to reap has no answer yet. It reaps nothing: call try_wait() on that one. Errors: ETIMEDOUT none
// has an answer after `timeout`; ECANCELED the wait was called off; EBADF one of them is closed;
// EINVAL there are none, or more than RLIMIT_NOFILE; ENOMEM. EINTR is retried. Two system calls,
// one for ETIMEDOUT; allocates for more than 64.
[[nodiscard]] SYSFD_API Result<std::size_t> wait_any(std::span<const PidFd* const> processes,
                                                     Timeout timeout = Timeout::forever()) noexcept;

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_PIDFD_HPP
