// SPDX-License-Identifier: MIT
//
// The kernel's constants and structs that this module uses. Sources:
// include/uapi/linux/sched.h, close_range.h, capability.h, filter.h, magic.h,
// include/uapi/asm-generic/signal.h, include/uapi/linux/nsfs.h.
#ifndef SYSFD_SPAWN_SRC_IN_CHILD_KERNEL_HPP
#define SYSFD_SPAWN_SRC_IN_CHILD_KERNEL_HPP

#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <sys/ioctl.h>

#include <cstddef>
#include <cstdint>

#include <sysfd/identity.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail::kernel {

// struct clone_args, as of Linux 5.7. Kernels refuse a longer struct than they know: use
// its first size unless a later field is needed.
struct CloneArguments {
  std::uint64_t flags;
  std::uint64_t pidfd;
  std::uint64_t child_tid;
  std::uint64_t parent_tid;
  std::uint64_t exit_signal;
  std::uint64_t stack;
  std::uint64_t stack_size;
  std::uint64_t tls;
  std::uint64_t set_tid;
  std::uint64_t set_tid_size;
  std::uint64_t cgroup;
};
inline constexpr std::size_t clone_arguments_first_size = 64;  // Linux 5.3
static_assert(clone_arguments_first_size == CLONE_ARGS_SIZE_VER0);
static_assert(sizeof(CloneArguments) == CLONE_ARGS_SIZE_VER2);
static_assert(offsetof(CloneArguments, cgroup) == offsetof(clone_args, cgroup));

inline constexpr std::uint64_t clone_clear_sighand = 0x1'0000'0000;  // Linux 5.5
inline constexpr std::uint64_t clone_into_cgroup = 0x2'0000'0000;    // Linux 5.7
static_assert(clone_clear_sighand == CLONE_CLEAR_SIGHAND && clone_into_cgroup == CLONE_INTO_CGROUP);
// Linux 7.1, not in the headers of the oldest supported system.
inline constexpr std::uint64_t clone_autoreap = 0x4'0000'0000;
inline constexpr std::uint64_t clone_nnp = 0x8'0000'0000;
inline constexpr std::uint64_t clone_pidfd_autokill = 0x10'0000'0000;
#ifdef CLONE_AUTOREAP
static_assert(clone_autoreap == CLONE_AUTOREAP && clone_nnp == CLONE_NNP &&
              clone_pidfd_autokill == CLONE_PIDFD_AUTOKILL);
#endif

// NS_GET_PID_FROM_PIDNS, Linux 6.11.
inline constexpr unsigned long ns_get_pid_from_pidns = _IOR(0xb7, 0x6, int);

inline constexpr unsigned close_range_unshare = 1 << 1;  // Linux 5.9
inline constexpr unsigned close_range_cloexec = 1 << 2;  // Linux 5.11
static_assert(close_range_unshare == CLOSE_RANGE_UNSHARE &&
              close_range_cloexec == CLOSE_RANGE_CLOEXEC);

struct OpenHow {  // struct open_how of Linux 5.6
  std::uint64_t flags;
  std::uint64_t mode;
  std::uint64_t resolve;
};
static_assert(sizeof(OpenHow) == sizeof(open_how));
inline constexpr std::uint64_t resolve_no_xdev = 0x01;  // Linux 5.6
static_assert(resolve_no_xdev == RESOLVE_NO_XDEV);
inline constexpr long procfs_magic = 0x9fa0;
static_assert(procfs_magic == PROC_SUPER_MAGIC);
inline constexpr long cgroup2_magic = 0x63677270;
static_assert(cgroup2_magic == CGROUP2_SUPER_MAGIC);

inline constexpr int signal_count = 64;

// struct sigaction as the kernel has it, not libc.
struct SignalAction {
  std::uintptr_t handler;  // 0: SIG_DFL, 1: SIG_IGN
  unsigned long flags;
  std::uintptr_t restorer;
  std::uint64_t mask;
};

struct CapabilityHeader {
  std::uint32_t version;
  int pid;
};
struct CapabilityData {  // two of them: capabilities 0 to 31, and the rest
  std::uint32_t effective;
  std::uint32_t permitted;
  std::uint32_t inheritable;
};
inline constexpr std::uint32_t capability_version = 0x20080522;
static_assert(capability_version == _LINUX_CAPABILITY_VERSION_3);
static_assert(sizeof(CapabilityData) == sizeof(__user_cap_data_struct));

struct BpfProgram {  // struct sock_fprog
  unsigned short size;
  const BpfInstruction* instructions;
};
static_assert(sizeof(BpfProgram) == sizeof(sock_fprog));
static_assert(sizeof(BpfInstruction) == sizeof(sock_filter) &&
              offsetof(BpfInstruction, jump_true) == offsetof(sock_filter, jt) &&
              offsetof(BpfInstruction, jump_false) == offsetof(sock_filter, jf) &&
              offsetof(BpfInstruction, value) == offsetof(sock_filter, k));

struct SchedulingAttributes {  // struct sched_attr of Linux 3.14
  std::uint32_t size;
  std::uint32_t policy;
  std::uint64_t flags;
  std::int32_t nice;
  std::uint32_t priority;
  std::uint64_t runtime;
  std::uint64_t deadline;
  std::uint64_t period;
};
static_assert(sizeof(SchedulingAttributes) == 48);

inline constexpr int io_priority_of_process = 1;  // IOPRIO_WHO_PROCESS
inline constexpr int io_priority_class_shift = 13;

inline constexpr long pidfs_magic = 0x50494446;  // PID_FS_MAGIC, Linux 6.9
#ifdef PID_FS_MAGIC
static_assert(pidfs_magic == PID_FS_MAGIC);
#endif

struct DirectoryEntry {  // struct linux_dirent64
  std::uint64_t inode;
  std::int64_t offset;
  std::uint16_t size;
  unsigned char type;
  char name[1];  // and more
};

}  // namespace detail::kernel
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_IN_CHILD_KERNEL_HPP
