// SPDX-License-Identifier: MIT
//
// Defines what this module needs of the kernel's interface, where the headers of the oldest
// supported system lack it. <linux/pidfd.h> conflicts with <fcntl.h>. Sources:
// include/uapi/linux/pidfd.h, include/uapi/linux/magic.h, include/uapi/linux/fcntl.h,
// include/uapi/asm-generic/socket.h.
#ifndef SYSFD_PIDFD_SRC_KERNEL_HPP
#define SYSFD_PIDFD_SRC_KERNEL_HPP

#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cstddef>
#include <cstdint>

namespace sysfd {
inline namespace v0 {
namespace detail::kernel {

inline constexpr long sys_process_mrelease = 448;  // Linux 5.15
#ifdef SYS_process_mrelease
static_assert(sys_process_mrelease == SYS_process_mrelease);
#endif

inline constexpr int wait_pidfd = 3;  // P_PIDFD, Linux 5.4
static_assert(wait_pidfd == P_PIDFD);

inline constexpr long pidfs_magic = 0x50494446;  // PID_FS_MAGIC, Linux 6.9

// Has the layout of struct file_handle for a pidfd, Linux 6.14. The kernel documents its eight
// bytes as the 64-bit inode number, and service managers rely on that. st_ino may be narrower, and
// is the same for all processes if pidfds have no file system of their own.
struct PidfsHandle {
  std::uint32_t size = sizeof inode;
  std::int32_t type = 0;
  std::uint64_t inode = 0;
};
static_assert(sizeof(PidfsHandle) == 16);
inline constexpr int pidfs_handle_type = 0xfe;  // FILEID_KERNFS

inline constexpr unsigned pidfd_thread = 0x80;  // PIDFD_THREAD (O_EXCL), Linux 6.9
inline constexpr int so_peerpidfd = 77;         // SO_PEERPIDFD, Linux 6.5

// Has the layout of the argument of PIDFD_GET_INFO, Linux 6.13. A kernel writes the fields that it
// knows, up to exit_code at least, and may leave the rest unchanged; the mask tells which are
// valid.
struct PidFdInfo {
  std::uint64_t mask;
  std::uint64_t cgroup_id;
  std::uint32_t pid, tgid, ppid;
  std::uint32_t ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
  std::int32_t exit_code;
  std::uint32_t coredump_mask;    // Linux 6.16
  std::uint32_t coredump_signal;  // 6.19
  std::uint32_t coredump_code;    // 7.1
  std::uint32_t padding;
  std::uint64_t supported_mask;  // 7.1; was at offset 72 before
};
static_assert(sizeof(PidFdInfo) == 88 && offsetof(PidFdInfo, coredump_mask) == 64);

inline constexpr std::uint64_t info_pid = 1 << 0;
inline constexpr std::uint64_t info_credentials = 1 << 1;
inline constexpr std::uint64_t info_cgroup = 1 << 2;
inline constexpr std::uint64_t info_exit = 1 << 3;             // Linux 6.15
inline constexpr std::uint64_t info_coredump = 1 << 4;         // 6.16
inline constexpr std::uint64_t info_coredump_signal = 1 << 6;  // 6.19
inline constexpr std::uint64_t info_coredump_code = 1 << 7;    // 7.1
inline constexpr unsigned long get_info = _IOWR(0xFF, 11, PidFdInfo);

// These are PIDFD_COREDUMPED, ..._SKIP, ..._USER, ..._ROOT.
inline constexpr std::uint32_t coredumped = 1 << 0;
inline constexpr std::uint32_t coredump_skip = 1 << 1;
inline constexpr std::uint32_t coredump_user = 1 << 2;
inline constexpr std::uint32_t coredump_root = 1 << 3;

// Returns the ioctl for a kind of namespace: PIDFD_GET_CGROUP_NAMESPACE, ..., Linux 6.11. The
// number identifies the kind.
constexpr unsigned long get_namespace(unsigned number) noexcept {
  return _IO(0xFF, number);
}

}  // namespace detail::kernel
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_PIDFD_SRC_KERNEL_HPP
