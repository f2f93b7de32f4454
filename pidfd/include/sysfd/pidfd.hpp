// SPDX-License-Identifier: MIT
//
// PidFd: owns a descriptor that refers to one process (a pidfd). The kernel reuses a process number
// once its process has been reaped; a pidfd keeps referring to the process that it was made for. A
// signal cannot reach another process, and a wait cannot wait for another one.
//
//     sysfd::Result<sysfd::PidFd> process = sysfd::PidFd::open(pid);  // a child not yet waited for
//     if (!process) return fail(process.error());                     // no process has that number
//     sysfd::Result<> sent = process->send_signal(SIGTERM);
//     auto status = process->wait_for(5s);
//     if (!status && status.error() == std::errc::timed_out)          // it still runs
//       sent = process->send_signal(SIGKILL);
//     if (!sent) return fail(sent.error());
//
// Any event loop can poll the descriptor: it is readable once the process has ended. Then call
// try_wait(). A child that sysfd::Command starts comes with a PidFd that always refers to it.
// PidFd::open() is only safe for a number that is known to be in use, such as that of a child that
// nobody has waited for yet.
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

// The number of a descriptor in another process. As a type of its own, it cannot be passed as a
// descriptor of this process.
enum class ForeignFd : int {};

struct PidFdFlags {
  // PIDFD_NONBLOCK (O_NONBLOCK), for event loops that require it. All functions work as before.
  // Since: Linux 5.10.
  bool nonblocking = false;
  // PIDFD_THREAD: `pid` is a thread ID (gettid(2)), and the pidfd refers to that thread. It may be
  // the first thread of its process.
  // Since: Linux 6.9.
  bool thread = false;
};

// Which threads and processes a signal is sent to. The values are fixed: they equal those of
// PIDFD_SIGNAL_..., and may be stored and sent.
enum class SignalScope : unsigned {
  process = 0,      // what the pidfd refers to: the process, or the thread that it was opened for
  thread = 1 << 0,  // this thread, as tgkill(2); for a process, its first thread
  thread_group = 1 << 1,   // the whole process, even if the pidfd refers to a thread
  process_group = 1 << 2,  // every process of the process group that it leads or has led
};

class PidFd {
 public:
  // pidfd_open(2): opens a pidfd for the process that has this number now.
  //
  // Errors:
  //   ESRCH: no process has this number. The ID of a thread that is not the first of its process
  //     is not a process number; it needs PidFdFlags::thread.
  //   EINVAL: `pid` is zero or negative (found without a system call).
  //   EOPNOTSUPP: the kernel does not know a flag.
  //   EMFILE, ENFILE, ENOMEM.
  // Since: Linux 5.3.
  // Cost: one system call.
  [[nodiscard]] SYSFD_API static Result<PidFd> open(pid_t pid, PidFdFlags flags = {}) noexcept;

  // pidfd_open(2): opens a pidfd for the calling process.
  //
  // Cost: two system calls.
  [[nodiscard]] SYSFD_API static Result<PidFd> self() noexcept;

  // open_by_handle_at(2): opens a pidfd for the process that has this identity. Needs no privilege.
  //
  // Errors:
  //   ESRCH: no process in this pid namespace has it (any more), or it is the identity of a thread
  //     that is not the first of its process.
  //   EOPNOTSUPP: the kernel cannot look identities up.
  //   EMFILE, ENFILE, ENOMEM.
  // Since: Linux 6.14.
  // Cost: two system calls since Linux 6.17. Before, at most seven: the call needs a pidfd of any
  //   process, and opens one of the caller's.
  [[nodiscard]] SYSFD_API static Result<PidFd> from_id(ProcessId id) noexcept;

  // getsockopt(SO_PEERPIDFD): opens a pidfd for the peer of a connected AF_UNIX socket. The peer is
  // the process that called connect(2), listen(2) or socketpair(2). It stays the peer even if it
  // has passed its end of the connection to another process.
  //
  // Errors:
  //   ENODATA: the socket has no such peer.
  //   ESRCH: the peer was reaped (before Linux 6.16).
  //   ENOTSOCK: `socket` is not a socket.
  //   EOPNOTSUPP: the kernel does not have the option. The peer's number is never used instead.
  // Since: Linux 6.5.
  // Cost: one system call.
  [[nodiscard]] SYSFD_API static Result<PidFd> of_peer(BorrowedFd socket) noexcept;

  // waitid(2) with WNOHANG and WNOWAIT, which changes nothing: checks that `fd` is a pidfd.
  //
  // Errors: EBADF: it is not a pidfd. It is closed then.
  // Ownership: takes `fd`.
  // Cost: one system call.
  [[nodiscard]] SYSFD_API static Result<PidFd> adopt(OwnedFd fd) noexcept;

  // As adopt(), without the check: the caller knows that `fd` is a pidfd, for instance from
  // clone3(2).
  static PidFd unsafe_adopt(OwnedFd fd) noexcept { return PidFd(std::move(fd)); }

  // pidfd_send_signal(2): sends a signal to the process that this descriptor refers to. Signal 0
  // sends nothing and only checks for errors. If the process has ended but was not reaped (a
  // zombie), sending succeeds and does nothing. Async-signal-safe.
  //
  // Errors:
  //   ESRCH: the process was reaped. With SignalScope::process_group: the group is empty.
  //   EPERM: the caller may not send signals to it.
  //   EINVAL: no such signal, or the process is outside of the caller's pid namespace.
  //   EOPNOTSUPP: the kernel knows only SignalScope::process (before Linux 6.9), or a seccomp
  //     filter refuses this scope.
  // Since: Linux 5.1.
  // Cost: one system call.
  [[nodiscard]] SYSFD_API Result<> send_signal(
      int signo, SignalScope scope = SignalScope::process) const noexcept;

  // pidfd_send_signal(2): as above, with a value, as sigqueue(3). A handler with SA_SIGINFO,
  // signalfd(2) and sigwaitinfo(2) get `value` in si_value, and the caller's process number and
  // user ID. Only one instance of a standard signal (below SIGRTMIN) can be pending: while it is,
  // further ones are dropped.
  //
  // Errors: those above, and EAGAIN: too many signals are pending (RLIMIT_SIGPENDING). A standard
  //   signal is then sent without its value instead.
  [[nodiscard]] SYSFD_API Result<> send_signal(
      int signo, sigval value, SignalScope scope = SignalScope::process) const noexcept;

  // pidfd_getfd(2): duplicates a descriptor of that process into the caller's process. The
  // duplicate is close-on-exec. Both refer to one open file description: its offset, flags and
  // locks are shared, which the other process may not expect.
  //
  // Errors:
  //   EBADF: the descriptor is not open in that process.
  //   EPERM: the caller may not ptrace(2) that process.
  //   ESRCH: the process has ended.
  //   EMFILE.
  // Since: Linux 5.6.
  [[nodiscard]] SYSFD_API Result<OwnedFd> get_fd(ForeignFd fd) const noexcept;

  // waitid(P_PIDFD): waits until the process has ended, and reaps it if it is the caller's child.
  //
  // Since Linux 6.15 (PIDFD_GET_INFO) this also returns the status of a process that the caller
  // cannot reap, once it was reaped. That may be another process's child. It may also be a child
  // that another part of the program has reaped, or one that nobody needs to reap because SIGCHLD
  // is ignored. A second wait() therefore returns the same status.
  //
  // A wait for the caller's own process never ends. If another process traces the child, its end
  // is only seen after the tracer has detached: this is checked every 10 ms. If the caller is the
  // tracer, stops are skipped: wait_event() returns them.
  //
  // Errors:
  //   ECHILD: the caller cannot reap it, and the kernel cannot tell how it ended.
  //   EREMOTE: nor is it in the caller's pid namespace or one below (before Linux 6.18, ECHILD).
  // Blocks: until the process has ended. EINTR is retried.
  // Cost: two system calls for a pidfd in blocking mode: the first leaves a stop in place for
  //   wait_event(). With O_NONBLOCK, poll(2) waits.
  [[nodiscard]] SYSFD_API Result<ExitStatus> wait() const noexcept;

  // waitid(P_PIDFD) with WNOHANG: as wait(), without waiting.
  //
  // Errors: those of wait(), and EAGAIN: the process has not ended yet.
  // Cost: one system call if it has not ended, else two.
  [[nodiscard]] SYSFD_API Result<ExitStatus> try_wait() const noexcept;

  // waitid(P_PIDFD) and ppoll(2): as wait(), with a time limit.
  //
  // Errors: those of wait(), ETIMEDOUT: the process has not ended by then, and ECANCELED: the wait
  //   was canceled (Timeout::canceled_by).
  // Cost: two to four system calls.
  [[nodiscard]] SYSFD_API Result<ExitStatus> wait_for(Timeout timeout) const noexcept;
  [[nodiscard]] SYSFD_API Result<ExitStatus> wait_until(
      std::chrono::steady_clock::time_point deadline) const noexcept;

  // waitid(P_PIDFD): waits until a child of the caller has ended, was stopped or was continued.
  // Also returns by which signal, and the child's resource usage. The kernel does not announce
  // stops to poll(2): with a timeout, or with O_NONBLOCK, the child is checked every 10 ms.
  //
  // Errors:
  //   ECHILD: it is not the caller's child, or it has ended and `options` do not include that.
  //   EINVAL: `options` name nothing to wait for.
  //   EAGAIN (try_wait_event): nothing has happened yet.
  //   ETIMEDOUT, ECANCELED (wait_event_for): as wait_for().
  [[nodiscard]] SYSFD_API Result<WaitEvent> wait_event(
      const WaitOptions& options = {}) const noexcept;
  [[nodiscard]] SYSFD_API Result<WaitEvent> wait_event_for(
      Timeout timeout, const WaitOptions& options = {}) const noexcept;
  [[nodiscard]] SYSFD_API Result<WaitEvent> try_wait_event(
      const WaitOptions& options = {}) const noexcept;

  // PIDFD_GET_INFO: returns the process number in the caller's pid namespace; for a thread, its
  // thread ID. Only use it while the process is known not to have been reaped. Before Linux 6.13,
  // and if a seccomp filter refuses the ioctl, it is read from /proc/thread-self/fdinfo.
  //
  // Errors:
  //   ESRCH: the process was reaped.
  //   EREMOTE: it has no number in the caller's pid namespace (Linux 6.13 to 6.17: ESRCH).
  //   ENOENT, EXDEV: /proc is needed, and not mounted, or something is mounted over the file.
  // Cost: one system call since Linux 6.13.
  [[nodiscard]] SYSFD_API Result<pid_t> pid() const noexcept;

  // name_to_handle_at(2): returns the identity of the process, also after it has ended. A thread
  // has an identity of its own; that of the first thread is its process's.
  //
  // Errors: EOPNOTSUPP: the kernel has no such identities (before Linux 6.9).
  // Since: Linux 6.14. Linux 6.9 to 6.13: from the inode number of the pidfd.
  // Cost: one system call, or three on Linux 6.9 to 6.13.
  [[nodiscard]] SYSFD_API Result<ProcessId> id() const noexcept;

  // PIDFD_GET_INFO: returns what the kernel knows about the process, also after its end. Before
  // Linux 6.13, and if a seccomp filter refuses the ioctl, only `pid` is set, as pid() finds it.
  //
  // Errors: those of pid(). ESRCH also means: it was reaped, and the kernel keeps nothing of it.
  // Cost: one system call.
  [[nodiscard]] SYSFD_API Result<ProcessInfo> info() const noexcept;

  // PIDFD_GET_<kind>_NAMESPACE: opens a namespace of the process, for setns(2) and
  // Namespaces::join. Before Linux 6.11, and if the ioctl is refused, it is opened in /proc.
  //
  // Errors:
  //   EACCES, EPERM: the caller may not ptrace(2) the process.
  //   ESRCH: the process has ended.
  //   EOPNOTSUPP: the kernel does not have this kind.
  //   Those of proc_directory() where /proc is needed.
  // Cost: one system call since Linux 6.11.
  [[nodiscard]] SYSFD_API Result<OwnedFd> namespace_fd(Namespace kind) const noexcept;

  // PIDFD_GET_<kind>_FOR_CHILDREN_NAMESPACE: opens the namespace that the next children of the
  // process will be in. `kind` is Namespace::pid or Namespace::time.
  //
  // Errors: those of namespace_fd(), EINVAL: another kind, and ENOENT: a pid namespace without a
  //   process yet (before Linux 6.11).
  [[nodiscard]] SYSFD_API Result<OwnedFd> namespace_for_children(Namespace kind) const noexcept;

  // setns(2): moves the calling thread into these namespaces of the process: into all, or after an
  // error into none. Namespace::pid only affects the thread's next children.
  //
  // Errors:
  //   EPERM: the caller lacks CAP_SYS_ADMIN there.
  //   ESRCH: the process has ended.
  //   EINVAL: the set is empty; or the caller is already in this user namespace; or a user or mount
  //     namespace, in a multithreaded process.
  //   EUSERS: a time namespace, in a multithreaded process.
  // Since: Linux 5.8.
  // Cost: one system call.
  [[nodiscard]] SYSFD_API Result<> enter_namespaces(NamespaceSet kinds) const noexcept;

  // openat2(2): opens the directory of the process in /proc. Opening a file in it (openat(2)) finds
  // a file of this process, or fails with ESRCH once the process has ended.
  //
  // The directory is opened by number; the process is then checked to be the same one still.
  // Nothing is mounted over the directory. Something may be mounted over a file in it: to
  // exclude that, open the file by openat2(2) with RESOLVE_NO_XDEV.
  //
  // Errors:
  //   ESRCH: the process was reaped.
  //   EREMOTE: it has no number here, or /proc belongs to another pid namespace.
  //   ENOENT: no procfs is mounted at /proc, or it does not show the process (hidepid, or a procfs
  //     of a pid namespace that the caller is not in).
  //   EXDEV: something is mounted over it.
  // Cost: at most nine system calls; more before Linux 6.13, or if openat2(2) is refused.
  [[nodiscard]] SYSFD_API Result<OwnedFd> proc_directory() const noexcept;

  // process_madvise(2): gives advice (MADV_COLD, MADV_PAGEOUT, MADV_WILLNEED, MADV_COLLAPSE) about
  // ranges of the process's memory, in its own addresses. Returns the number of bytes advised,
  // which may be smaller than the sum of the ranges.
  //
  // Errors: EINVAL, EPERM, EACCES, ESRCH, and ENOMEM: a range is not mapped.
  // Since: Linux 5.10.
  // Cost: one system call.
  [[nodiscard]] SYSFD_API Result<std::size_t> advise_memory(std::span<const iovec> ranges,
                                                            int advice) const noexcept;

  // process_mrelease(2): frees the memory of a process that is being killed, at once instead of
  // when it exits. If the memory is already gone, that is success.
  //
  // Errors: EINVAL: the process is not being killed; EPERM, EAGAIN.
  // Since: Linux 5.15.
  // Cost: one system call.
  [[nodiscard]] SYSFD_API Result<> release_memory() const noexcept;

  BorrowedFd fd() const noexcept SYSFD_LIFETIMEBOUND { return fd_; }
  OwnedFd into_fd() && noexcept { return std::move(fd_); }
  void into_fd() const& = delete;  // write std::move(process).into_fd()

 private:
  explicit PidFd(OwnedFd fd) noexcept : fd_(std::move(fd)) {}

  OwnedFd fd_;
};

// name_to_handle_at(2), twice: returns true if both refer to one process (or thread). On kernels
// without identities (before Linux 6.9) the numbers are compared, while both processes exist.
//
// Errors: those of PidFd::pid() where numbers are compared, above all ESRCH.
// Cost: two system calls since Linux 6.14.
[[nodiscard]] SYSFD_API Result<bool> same_process(const PidFd& left, const PidFd& right) noexcept;

// ppoll(2): waits until try_wait() would return a status or an error other than EAGAIN for one of
// these processes. Returns its index, the lowest if there are several. Reaps nothing: call
// try_wait() on that process. A zombie that the caller cannot reap does not count.
//
// Errors:
//   ETIMEDOUT: `timeout` has passed.
//   ECANCELED: the wait was canceled (Timeout::canceled_by).
//   EBADF: one of the descriptors is closed.
//   EINVAL: there are no processes, or more than RLIMIT_NOFILE.
//   ENOMEM.
// Blocks: for at most `timeout`. EINTR is retried.
// Allocates: for more than 64 processes.
// Cost: two system calls, one for ETIMEDOUT.
[[nodiscard]] SYSFD_API Result<std::size_t> wait_any(std::span<const PidFd* const> processes,
                                                     Timeout timeout = Timeout::forever()) noexcept;

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_PIDFD_HPP
