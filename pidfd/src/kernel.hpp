// SPDX-License-Identifier: MIT
//
// What this module needs of the kernel's interface and the headers of the oldest supported system
// do not have. <linux/pidfd.h> cannot be included beside <fcntl.h>. Sources:
// include/uapi/linux/pidfd.h, include/uapi/linux/magic.h.
#ifndef SYSFD_PIDFD_SRC_KERNEL_HPP
#define SYSFD_PIDFD_SRC_KERNEL_HPP

#include <sys/ioctl.h>
#include <sys/wait.h>

#include <cstdint>

namespace sysfd {
inline namespace v0 {
namespace detail::kernel {

inline constexpr int wait_pidfd = 3;  // P_PIDFD, Linux 5.4
static_assert(wait_pidfd == P_PIDFD);

inline constexpr long pidfs_magic = 0x50494446;  // PID_FS_MAGIC, Linux 6.9

// PIDFD_GET_INFO, Linux 6.13. The first version of the struct; later kernels only append to it.
struct PidFdInfo {
  std::uint64_t mask;
  std::uint64_t cgroup_id;
  std::uint32_t pid, tgid, ppid;
  std::uint32_t ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
  std::int32_t exit_code;
};
static_assert(sizeof(PidFdInfo) == 64);

inline constexpr std::uint64_t info_pid = 1 << 0;
inline constexpr std::uint64_t info_exit = 1 << 3;  // Linux 6.15
inline constexpr unsigned long get_info = _IOWR(0xFF, 11, PidFdInfo);

}  // namespace detail::kernel
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_PIDFD_SRC_KERNEL_HPP
