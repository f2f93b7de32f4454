// SPDX-License-Identifier: MIT
//
// What this module needs of the kernel's interface beside the numbers of system calls. Sources:
// include/uapi/linux/sched.h, close_range.h, include/uapi/asm-generic/signal.h.
#ifndef SYSFD_SPAWN_SRC_KERNEL_HPP
#define SYSFD_SPAWN_SRC_KERNEL_HPP

#include <linux/close_range.h>
#include <linux/sched.h>

#include <cstddef>
#include <cstdint>

namespace sysfd {
inline namespace v0 {
namespace detail::kernel {

// struct clone_args, as of Linux 5.3: no later field is used, and kernels refuse a longer struct
// than they know.
struct CloneArguments {
  std::uint64_t flags;
  std::uint64_t pidfd;
  std::uint64_t child_tid;
  std::uint64_t parent_tid;
  std::uint64_t exit_signal;
  std::uint64_t stack;
  std::uint64_t stack_size;
  std::uint64_t tls;
};
static_assert(sizeof(CloneArguments) == CLONE_ARGS_SIZE_VER0);
static_assert(offsetof(CloneArguments, tls) == offsetof(clone_args, tls));

inline constexpr std::uint64_t clone_clear_sighand = 0x100000000;  // Linux 5.5
static_assert(clone_clear_sighand == CLONE_CLEAR_SIGHAND);

inline constexpr unsigned close_range_unshare = 1 << 1;  // Linux 5.9
inline constexpr unsigned close_range_cloexec = 1 << 2;  // Linux 5.11
static_assert(close_range_unshare == CLOSE_RANGE_UNSHARE &&
              close_range_cloexec == CLOSE_RANGE_CLOEXEC);

inline constexpr int signal_count = 64;

// struct sigaction as the kernel has it, not libc.
struct SignalAction {
  std::uintptr_t handler;  // 0: SIG_DFL, 1: SIG_IGN
  unsigned long flags;
  std::uintptr_t restorer;
  std::uint64_t mask;
};

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

#endif  // SYSFD_SPAWN_SRC_KERNEL_HPP
