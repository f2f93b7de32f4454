// SPDX-License-Identifier: MIT
#include "faults/plausible_faults.hpp"

#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdlib>
#include <map>

namespace sysfd_test {
namespace {

using Kind = PlausibleFault::Kind;
using Errors = std::vector<int>;

// Linux 6.8: the C library's headers may be older.
constexpr long statmount_call = 457, listmount_call = 458;

// The errors of the man pages, and those of a seccomp filter for newer calls.
const std::map<long, Errors>& table() {
  static const std::map<long, Errors> errors = {
      // Descriptors.
      {SYS_close, {EINTR, EIO}},
      {SYS_close_range, {ENOSYS, EPERM, EINVAL, ENOMEM, EMFILE}},
      {SYS_dup3, {EMFILE, EINTR, EBUSY}},
      {SYS_eventfd2, {EMFILE, ENFILE, ENOMEM}},
      {SYS_memfd_create, {EMFILE, ENFILE, ENOMEM, EINVAL}},
      {SYS_open_by_handle_at, {ESTALE, EMFILE, ENFILE, EPERM, ENOMEM, EINTR}},
      {SYS_openat, {EMFILE, EINTR, ENFILE, ENOENT, EACCES, ENOMEM}},
      {SYS_openat2, {EMFILE, EINTR, ENFILE, ENOENT, EACCES, ENOMEM, ENOSYS, EPERM, EAGAIN}},
      {SYS_pidfd_getfd, {EMFILE, ENFILE, EPERM, ESRCH, ENOSYS}},
      {SYS_pidfd_open, {EMFILE, ENFILE, ENOMEM, ESRCH, ENOSYS, EPERM}},
      {SYS_pipe2, {EMFILE, ENFILE}},
      {SYS_signalfd4, {EMFILE, ENFILE, ENOMEM}},
      {SYS_socket, {EMFILE, ENFILE, EACCES, ENOBUFS}},
      {SYS_socketpair, {EMFILE, ENFILE}},
      // Files.
      {SYS_faccessat, {ENOENT, EACCES, ENOMEM}},
      {SYS_fallocate, {EINTR, ENOSPC, EOPNOTSUPP}},
      {SYS_fchdir, {EACCES, EIO}},
      {SYS_fchown, {EPERM, EIO}},
      {SYS_fdatasync, {EIO, EINTR, ENOSPC}},
      {SYS_flock, {EINTR, ENOLCK}},
      {SYS_fstat, {ENOMEM, EIO}},
      {SYS_fstatfs, {ENOMEM, EIO, EINTR, ENOSYS}},
      {SYS_fsync, {EIO, EINTR, ENOSPC}},
      {SYS_ftruncate, {EINTR, EIO, EPERM}},
      {SYS_getdents64, {EIO, ENOENT}},
      {SYS_lseek, {ESPIPE}},
      {SYS_mkdirat, {EEXIST, ENOSPC, EACCES, ENOMEM}},
      {SYS_name_to_handle_at, {EOPNOTSUPP, EPERM, ENOMEM, ENOSYS}},
      {SYS_newfstatat, {ENOENT, EACCES, ENOMEM}},
      {SYS_pread64, {EIO, EINTR}},
      {SYS_preadv, {EIO, EINTR}},
      {SYS_preadv2, {EIO, EINTR, EOPNOTSUPP, ENOSYS, EPERM}},
      {SYS_pwrite64, {ENOSPC, EINTR, EIO}},
      {SYS_pwritev, {ENOSPC, EINTR, EIO}},
      {SYS_pwritev2, {ENOSPC, EINTR, EIO, EOPNOTSUPP, ENOSYS, EPERM}},
      {SYS_read, {EIO, EINTR}},
#if defined(SYS_readlink)
      {SYS_readlink, {EACCES, ENOENT, ENOMEM}},
#endif
      {SYS_readlinkat, {EACCES, ENOENT, ENOMEM}},
      {SYS_readv, {EIO, EINTR}},
      {SYS_sendfile, {EIO, EINTR, EINVAL}},
      {SYS_splice, {EIO, EINTR, EINVAL}},
      {SYS_copy_file_range, {EIO, EINTR, EXDEV, EOPNOTSUPP}},
      {SYS_statx, {ENOENT, EACCES, ENOMEM, ENOSYS, EPERM}},
      {SYS_unlinkat, {EBUSY, ENOENT, EIO}},
      {SYS_write, {EIO, EINTR, ENOSPC}},
      {SYS_writev, {EIO, EINTR, ENOSPC}},
      {listmount_call, {ENOSYS, EPERM, ENOENT, ENOMEM}},
      {statmount_call, {ENOSYS, EPERM, ENOENT, ENOMEM}},
      // Sockets.
      {SYS_accept4, {EMFILE, EINTR, ECONNABORTED}},
      {SYS_connect, {ECONNREFUSED, EINTR, EACCES}},
      {SYS_getpeername, {ENOTCONN, ENOBUFS}},
      {SYS_getsockname, {ENOBUFS}},
      {SYS_getsockopt, {ENOPROTOOPT, EMFILE, ENOMEM}},
      {SYS_recvfrom, {EINTR, ECONNRESET, ENOMEM}},
      {SYS_recvmsg, {EINTR, ECONNRESET, ENOMEM}},
      {SYS_sendmsg, {EINTR, ENOBUFS, EPIPE, ENOMEM, ETOOMANYREFS}},
      {SYS_sendto, {EINTR, ENOBUFS, EPIPE, ECONNREFUSED}},
      {SYS_setsockopt, {ENOPROTOOPT, ENOMEM}},
      // Memory.
      {SYS_madvise, {EINVAL, ENOMEM}},
      {SYS_mmap, {ENOMEM}},
      {SYS_mprotect, {ENOMEM}},
      {SYS_mremap, {ENOMEM}},
      {SYS_munmap, {ENOMEM}},
      // Processes.
      {SYS_capget, {EPERM}},
      {SYS_capset, {EPERM}},
      {SYS_chdir, {EACCES, ENOENT, EIO}},
      {SYS_chroot, {EPERM, EACCES}},
      {SYS_clone, {EAGAIN, ENOMEM, EPERM}},
      {SYS_clone3, {EAGAIN, ENOMEM, ENOSYS, EPERM, EINVAL, EMFILE}},
      {SYS_execve, {ENOENT, EACCES, ENOMEM, EIO, E2BIG, EMFILE}},
      {SYS_execveat, {ENOENT, EACCES, ENOMEM, EIO, E2BIG, EMFILE}},
      {SYS_getrandom, {ENOSYS, EINTR}},
      {SYS_ioprio_set, {EPERM}},
      {SYS_kcmp, {EPERM, ENOSYS}},
      {SYS_kill, {ESRCH, EPERM}},
      {SYS_mount, {EPERM, ENOMEM}},
      {SYS_pidfd_send_signal, {ESRCH, EPERM, ENOSYS}},
      {SYS_process_madvise, {ENOSYS, EPERM, ESRCH, ENOMEM, EINTR}},
      {SYS_process_mrelease, {ENOSYS, EPERM, ESRCH, EAGAIN, EINTR}},
      {SYS_process_vm_readv, {EPERM, ESRCH}},
      {SYS_sched_setaffinity, {EPERM, EINVAL}},
      {SYS_sched_setattr, {EPERM, EINVAL}},
      {SYS_sched_setscheduler, {EPERM, EINVAL}},
      {SYS_seccomp, {EACCES, ENOMEM, EINVAL}},
      {SYS_setgroups, {EPERM, ENOMEM}},
      {SYS_sethostname, {EPERM}},
      {SYS_setns, {EPERM, EINVAL, ENOMEM}},
      {SYS_setpgid, {EPERM, EACCES, ESRCH}},
      {SYS_setpriority, {EPERM, EACCES}},
      {SYS_setresgid, {EPERM}},
      {SYS_setresuid, {EPERM, EAGAIN}},
      {SYS_setsid, {EPERM}},
      {SYS_tgkill, {ESRCH, EPERM}},
      {SYS_unshare, {EPERM, ENOMEM, EINVAL}},
      {SYS_wait4, {EINTR}},
      {SYS_landlock_add_rule, {ENOMEM, EINVAL, EPERM}},
      {SYS_landlock_create_ruleset, {EMFILE, ENOMEM, ENOSYS, EOPNOTSUPP, EPERM}},
      {SYS_landlock_restrict_self, {ENOMEM, EPERM, E2BIG}},
      // These have no error but by a fault of their caller.
      // brk(2) returns the old break where it fails: the C library takes an errno for a new one.
      {SYS_brk, {}},
      {SYS_clock_gettime, {}},
      {SYS_clock_nanosleep, {EINTR}},
      {SYS_exit, {}},
      {SYS_exit_group, {}},
      {SYS_getegid, {}},
      {SYS_geteuid, {}},
      {SYS_getgid, {}},
      {SYS_getpgid, {}},
      {SYS_getpid, {}},
      {SYS_getppid, {}},
      {SYS_getpriority, {}},
      {SYS_getsid, {}},
      {SYS_gettid, {}},
      {SYS_getuid, {}},
      {SYS_nanosleep, {EINTR}},
      {SYS_rt_sigaction, {}},
      {SYS_rt_sigpending, {}},
      {SYS_rt_sigprocmask, {}},
      {SYS_rt_sigreturn, {}},
      {SYS_sched_getaffinity, {}},
      {SYS_sched_yield, {}},
      {SYS_set_robust_list, {}},
      {SYS_umask, {}},
      {SYS_uname, {}},
  };
  return errors;
}

Errors errors_of_fcntl(int command) {
  switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC: return {EMFILE, EPERM};
    case F_SETFL: return {EPERM};
    case F_OFD_SETLK: return {ENOLCK, EINTR};
    case F_OFD_SETLKW: return {ENOLCK, EINTR};
    case F_ADD_SEALS: return {EBUSY, EPERM};
    case F_GET_SEALS: return {EINVAL};
    case 1027: return {EINVAL, EPERM};  // F_DUPFD_QUERY
    case F_SETPIPE_SZ: return {EPERM, ENOMEM};
    default: return {};  // EBADF only
  }
}

Errors errors_of_prctl(int option) {
  switch (option) {
    case PR_GET_DUMPABLE:
    case PR_GET_NAME:
    case PR_GET_PDEATHSIG: return {};
    case PR_SET_DUMPABLE: return {};
    default: return {EINVAL, EPERM};
  }
}

}  // namespace

std::optional<std::vector<PlausibleFault>> plausible_faults(const SystemCall& call) {
  const int command = static_cast<int>(call.arguments[1]);
  std::vector<PlausibleFault> faults;
  const auto add = [&faults](const Errors& errors) {
    for (const int error : errors)
      faults.push_back({error});
  };
  switch (call.number) {
    case SYS_fcntl: add(errors_of_fcntl(command)); return faults;
    case SYS_prctl: add(errors_of_prctl(static_cast<int>(call.arguments[0]))); return faults;
    case SYS_ioctl: add({ENOTTY, EINVAL, EPERM, EIO}); return faults;
    case SYS_futex:
      add({EINTR, EAGAIN});
      if ((command & FUTEX_CMD_MASK) == FUTEX_WAIT) faults.push_back({0, Kind::nothing});
      return faults;
    case SYS_waitid:  // ECHILD is no fault: it says whose child it is
      if ((call.arguments[3] & WNOHANG) == 0)
        add({EINTR});
      else if ((call.arguments[3] & WNOWAIT) != 0)
        faults.push_back({0, Kind::nothing});  // ended, but a tracer keeps the status
      return faults;
    case SYS_prlimit64:
      if (call.arguments[2] != 0) add({EPERM});
      return faults;
    case SYS_rt_sigtimedwait: add({EINTR, EAGAIN}); return faults;
#if defined(SYS_poll)
    case SYS_poll:
#endif
    case SYS_ppoll:
      add({EINTR, ENOMEM});
      // Without a timeout, it does not return before something is ready.
      if (call.arguments[2] != 0) faults.push_back({0, Kind::nothing});
      faults.push_back({0, Kind::all_ready});
      return faults;
    default: break;
  }
  const bool is_message = call.number == SYS_sendmsg || call.number == SYS_recvmsg;
  const bool is_buffer = call.number == SYS_sendto || call.number == SYS_recvfrom;
  const bool waits = (!is_message || (call.arguments[2] & MSG_DONTWAIT) == 0) &&
                     (!is_buffer || (call.arguments[3] & MSG_DONTWAIT) == 0);
  const auto found = table().find(call.number);
  if (found == table().end()) return std::nullopt;
  add(found->second);
  if (!waits) std::erase_if(faults, [](const PlausibleFault& f) { return f.error == EINTR; });
  return faults;
}

std::string name_of_call(long number) {
  char* const name = ::seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, static_cast<int>(number));
  std::string text = name ? name : std::to_string(number);
  std::free(name);
  return text;
}

}  // namespace sysfd_test
