// SPDX-License-Identifier: MIT
//
// as_linux VERSION ANSWER PROGRAM [ARGUMENT...]: runs a program under a seccomp filter that takes
// away what Linux has learnt since VERSION (for example 5.11): system calls, and of older calls the
// commands, flags and options that are numbers in registers. ANSWER is what such a call gets:
//   old                     what it got from that Linux: ENOSYS for a call, EINVAL for a flag, ...
//   ENOSYS, EPERM, EACCES   what a container's policy says that does not know the call
//   SIGSYS                  the signal, which ends who does not handle it
//
// What no such filter takes away, because the kernel says it without being asked, or is asked in
// memory: pidfs (inodes and handles of pidfds, POLLHUP), masks of statx, flags of clone3 and
// openat2, fields of PIDFD_GET_INFO that are newer than the call, files of a cgroup.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string_view>
#include <vector>

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t this_architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t this_architecture = AUDIT_ARCH_AARCH64;
#elif defined(__riscv)
constexpr std::uint32_t this_architecture = AUDIT_ARCH_RISCV64;
#else
#error "which architecture is this?"
#endif

constexpr std::uint32_t all_bits = ~std::uint32_t{0};

struct Condition {
  enum class Test { is, any_of, at_least, at_most };
  Test test;
  unsigned argument;  // from 0; its lower 32 bits count
  std::uint32_t mask;
  std::uint32_t value;
};

using Conditions = std::vector<Condition>;

Conditions flags(unsigned argument, std::uint32_t bits) {
  return {{Condition::Test::any_of, argument, all_bits, bits}};
}

Conditions value(unsigned argument, std::uint32_t wanted) {
  return {{Condition::Test::is, argument, all_bits, wanted}};
}

Conditions range(unsigned argument, std::uint32_t first, std::uint32_t last,
                 std::uint32_t mask = all_bits) {
  return {{Condition::Test::at_least, argument, mask, first},
          {Condition::Test::at_most, argument, mask, last}};
}

// The size of the argument is a part of an ioctl's number: only its type and its own number count.
Conditions ioctls(std::uint32_t first, std::uint32_t last) {
  return range(1, first, last, 0xFFFF);
}

Conditions both(Conditions all, const Conditions& others) {
  all.insert(all.end(), others.begin(), others.end());
  return all;
}

constexpr unsigned version(unsigned major, unsigned minor) {
  return major * 1000 + minor;
}

struct Novelty {
  unsigned since;
  long call;
  int old_answer;
  Conditions only = {};
};

// Calls that are newer than 5.0 have the same number on each architecture.
constexpr long first_unknown_call = 470;
constexpr long end_of_calls = 1024;

std::vector<Novelty> novelties() {
  constexpr std::uint32_t set_vma = 0x53564d41;
  return {
      // Calls.
      {version(5, 1), 424, ENOSYS},   // pidfd_send_signal
      {version(5, 3), 434, ENOSYS},   // pidfd_open
      {version(5, 3), 435, ENOSYS},   // clone3
      {version(5, 9), 436, ENOSYS},   // close_range
      {version(5, 6), 437, ENOSYS},   // openat2
      {version(5, 6), 438, ENOSYS},   // pidfd_getfd
      {version(5, 8), 439, ENOSYS},   // faccessat2
      {version(5, 10), 440, ENOSYS},  // process_madvise
      {version(5, 11), 441, ENOSYS},  // epoll_pwait2
      {version(5, 12), 442, ENOSYS},  // mount_setattr
      {version(5, 14), 443, ENOSYS},  // quotactl_fd
      {version(5, 13), 444, ENOSYS},  // landlock_create_ruleset
      {version(5, 13), 445, ENOSYS},  // landlock_add_rule
      {version(5, 13), 446, ENOSYS},  // landlock_restrict_self
      {version(5, 14), 447, ENOSYS},  // memfd_secret
      {version(5, 15), 448, ENOSYS},  // process_mrelease
      {version(5, 16), 449, ENOSYS},  // futex_waitv
      {version(5, 17), 450, ENOSYS},  // set_mempolicy_home_node
      {version(6, 5), 451, ENOSYS},   // cachestat
      {version(6, 6), 452, ENOSYS},   // fchmodat2
      {version(6, 6), 453, ENOSYS},   // map_shadow_stack
      {version(6, 7), 454, ENOSYS},   // futex_wake
      {version(6, 7), 455, ENOSYS},   // futex_wait
      {version(6, 7), 456, ENOSYS},   // futex_requeue
      {version(6, 8), 457, ENOSYS},   // statmount
      {version(6, 8), 458, ENOSYS},   // listmount
      {version(6, 8), 459, ENOSYS},   // lsm_get_self_attr
      {version(6, 8), 460, ENOSYS},   // lsm_set_self_attr
      {version(6, 8), 461, ENOSYS},   // lsm_list_modules
      {version(6, 10), 462, ENOSYS},  // mseal
      {version(6, 13), 463, ENOSYS},  // setxattrat
      {version(6, 13), 464, ENOSYS},  // getxattrat
      {version(6, 13), 465, ENOSYS},  // listxattrat
      {version(6, 13), 466, ENOSYS},  // removexattrat
      {version(6, 15), 467, ENOSYS},  // open_tree_attr
      {version(6, 17), 468, ENOSYS},  // file_getattr
      {version(6, 17), 469, ENOSYS},  // file_setattr
      // Processes.
      {version(5, 4), SYS_waitid, EINVAL, value(0, 3)},                    // P_PIDFD
      {version(5, 10), SYS_pidfd_open, EINVAL, flags(1, 04000)},           // PIDFD_NONBLOCK
      {version(6, 9), SYS_pidfd_open, EINVAL, flags(1, ~04000U)},          // PIDFD_THREAD
      {version(6, 9), SYS_pidfd_send_signal, EINVAL, flags(3, all_bits)},  // scopes
      {version(6, 14), SYS_pidfd_send_signal, EBADF,                       // PIDFD_SELF
       range(0, static_cast<std::uint32_t>(-20000), static_cast<std::uint32_t>(-10000))},
      {version(6, 11), SYS_ioctl, ENOTTY, ioctls(0xFF01, 0xFF0A)},  // PIDFD_GET_..._NAMESPACE
      {version(6, 13), SYS_ioctl, ENOTTY, ioctls(0xFF0B, 0xFF0B)},  // PIDFD_GET_INFO
      {version(6, 11), SYS_ioctl, ENOTTY, ioctls(0xB705, 0xB7FF)},  // NS_...
      {version(5, 11), SYS_close_range, EINVAL, flags(2, 4)},       // CLOSE_RANGE_CLOEXEC
      {version(5, 13), SYS_prctl, EINVAL, range(0, 60, 100)},       // what is new
      {version(5, 17), SYS_prctl, EINVAL, value(0, set_vma)},       // PR_SET_VMA
      {version(5, 19), SYS_seccomp, EINVAL, flags(1, 0x20)},        // ..._WAIT_KILLABLE_RECV
      {version(6, 14), SYS_execveat, EINVAL, flags(4, 0x10000)},    // AT_EXECVE_CHECK
      // Sockets: SO_PASSPIDFD, SO_PEERPIDFD, ...
      {version(6, 5), SYS_setsockopt, ENOPROTOOPT, both(value(1, 1), range(2, 76, 84))},
      {version(6, 5), SYS_getsockopt, ENOPROTOOPT, both(value(1, 1), range(2, 76, 84))},
      // Files.
      {version(6, 10), SYS_fcntl, EINVAL, range(1, 1027, 1028)},  // F_DUPFD_QUERY, ...
      {version(6, 19), SYS_fcntl, EINVAL, range(1, 1039, 1040)},  // F_GETDELEG, F_SETDELEG
      {version(6, 3), SYS_fcntl, EINVAL, both(value(1, 1033), flags(2, 0x20))},  // F_SEAL_EXEC
      {version(6, 3), SYS_memfd_create, EINVAL, flags(1, 0x18)},   // MFD_NOEXEC_SEAL, MFD_EXEC
      {version(6, 9), SYS_preadv2, EOPNOTSUPP, flags(5, ~0x1FU)},  // RWF_NOAPPEND, ...
      {version(6, 9), SYS_pwritev2, EOPNOTSUPP, flags(5, ~0x1FU)},
      {version(6, 5), SYS_name_to_handle_at, EINVAL, flags(4, 0x200)},  // AT_HANDLE_FID
      {version(6, 12), SYS_name_to_handle_at, EINVAL, flags(4, 0x1)},   // ..._MNT_ID_UNIQUE
      {version(6, 13), SYS_name_to_handle_at, EINVAL, flags(4, 0x2)},   // ..._CONNECTABLE
      {version(6, 17), SYS_open_by_handle_at, EBADF,                    // FD_PIDFS_ROOT, ...
       range(0, static_cast<std::uint32_t>(-10009), static_cast<std::uint32_t>(-10000))},
      {version(5, 15), SYS_fanotify_init, EINVAL, flags(0, 0x80)},        // FAN_REPORT_PIDFD
      {version(5, 17), SYS_fanotify_init, EINVAL, flags(0, 0x1000)},      // ..._TARGET_FID
      {version(6, 13), SYS_fanotify_init, EINVAL, flags(0, 0x6000)},      // ..._FD_ERROR
      {version(5, 16), SYS_fanotify_mark, EINVAL, flags(2, 0x8000)},      // FAN_FS_ERROR
      {version(5, 17), SYS_fanotify_mark, EINVAL, flags(2, 0x10000000)},  // FAN_RENAME
      {version(6, 14), SYS_fanotify_mark, EINVAL, flags(2, 0x03100000)},  // FAN_PRE_ACCESS, ...
      {version(5, 19), SYS_fanotify_mark, EINVAL, flags(1, 0x700)},       // FAN_MARK_EVICTABLE
      {version(6, 9), SYS_ioctl, ENOTTY, ioctls(0x1500, 0x1501)},         // FS_IOC_GETFSUUID
      {version(5, 15), SYS_move_mount, EINVAL, flags(4, 0x300)},          // MOVE_MOUNT_BENEATH, ...
      {version(6, 6), SYS_fsconfig, EOPNOTSUPP, value(1, 8)},  // FSCONFIG_CMD_CREATE_EXCL
  };
}

class Filter {
 public:
  Filter() {
    load(offsetof(seccomp_data, arch));
    add(BPF_JMP | BPF_JEQ | BPF_K, this_architecture, 1, 0);
    answer(SECCOMP_RET_ALLOW);
  }

  void load(std::size_t offset) {
    add(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset), 0, 0);
  }
  void answer(std::uint32_t action) { add(BPF_RET | BPF_K, action, 0, 0); }

  void answer_unknown_calls(std::uint32_t action) {
    load(offsetof(seccomp_data, nr));
    add(BPF_JMP | BPF_JGE | BPF_K, first_unknown_call, 0, 2);
    add(BPF_JMP | BPF_JGE | BPF_K, end_of_calls, 1, 0);
    answer(action);
  }

  void answer_to(const Novelty& novelty, std::uint32_t action) {
    constexpr std::size_t per_condition = 3;
    std::size_t left = novelty.only.size();
    load(offsetof(seccomp_data, nr));
    add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(novelty.call), 0,
        per_condition * left + 1);
    for (const Condition& condition : novelty.only) {
      load(offsetof(seccomp_data, args) + sizeof(std::uint64_t) * condition.argument);
      add(BPF_ALU | BPF_AND | BPF_K, condition.mask, 0, 0);
      const std::size_t out = per_condition * --left + 1;
      switch (condition.test) {
        case Condition::Test::is: add(BPF_JMP | BPF_JEQ | BPF_K, condition.value, 0, out); break;
        case Condition::Test::any_of:
          add(BPF_JMP | BPF_JSET | BPF_K, condition.value, 0, out);
          break;
        case Condition::Test::at_least:
          add(BPF_JMP | BPF_JGE | BPF_K, condition.value, 0, out);
          break;
        case Condition::Test::at_most:
          add(BPF_JMP | BPF_JGT | BPF_K, condition.value, out, 0);
          break;
      }
    }
    answer(action);
  }

  // As root without no-new-privileges, so that set-user-ID programs work.
  bool install() {
    sock_fprog program{static_cast<unsigned short>(code_.size()), code_.data()};
    const auto set = [&] {
      return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
    };
    return set() || (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && set());
  }

 private:
  void add(int code, std::uint32_t operand, std::size_t if_true, std::size_t if_false) {
    code_.push_back({static_cast<std::uint16_t>(code), static_cast<std::uint8_t>(if_true),
                     static_cast<std::uint8_t>(if_false), operand});
  }

  std::vector<sock_filter> code_;
};

// What each call gets, or nothing: what it got from the older Linux.
struct Answer {
  std::optional<std::uint32_t> same = std::nullopt;

  std::uint32_t instead_of(int old) const {
    return same.value_or(SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(old));
  }
};

std::optional<Answer> answer_named(std::string_view name) {
  if (name == "old") return Answer();
  if (name == "ENOSYS") return Answer{SECCOMP_RET_ERRNO | ENOSYS};
  if (name == "EPERM") return Answer{SECCOMP_RET_ERRNO | EPERM};
  if (name == "EACCES") return Answer{SECCOMP_RET_ERRNO | EACCES};
  if (name == "SIGSYS") return Answer{SECCOMP_RET_TRAP};
  return std::nullopt;
}

}  // namespace

int main(int argc, char** argv) {
  unsigned major = 0;
  unsigned minor = 0;
  const auto answer = argc > 3 ? answer_named(argv[2]) : std::nullopt;
  if (!answer || std::sscanf(argv[1], "%u.%u", &major, &minor) != 2) {
    std::fputs("as_linux VERSION old|ENOSYS|EPERM|EACCES|SIGSYS PROGRAM [ARGUMENT...]\n", stderr);
    return 2;
  }
  Filter filter;
  filter.answer_unknown_calls(answer->instead_of(ENOSYS));
  for (const Novelty& novelty : novelties())
    if (novelty.since > version(major, minor))
      filter.answer_to(novelty, answer->instead_of(novelty.old_answer));
  filter.answer(SECCOMP_RET_ALLOW);
  if (!filter.install()) {
    std::perror("as_linux: seccomp");
    return 125;
  }
  ::execvp(argv[3], argv + 3);
  std::perror(argv[3]);
  return 127;
}
