// SPDX-License-Identifier: MIT
//
// Defines what this module needs of the kernel's interface, where the headers of the oldest
// supported system lack it. Sources: include/uapi/linux/fcntl.h, stat.h, mount.h, fanotify.h.
#ifndef SYSFD_HANDLE_SRC_KERNEL_HPP
#define SYSFD_HANDLE_SRC_KERNEL_HPP

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cstddef>
#include <cstdint>

namespace sysfd {
inline namespace v0 {
namespace detail::kernel {

inline constexpr int at_handle_mnt_id_unique = 0x001;  // Linux 6.12
inline constexpr int at_handle_connectable = 0x002;    // Linux 6.13
inline constexpr int at_handle_fid = 0x200;            // Linux 6.5
#if defined(AT_HANDLE_MNT_ID_UNIQUE)
static_assert(at_handle_mnt_id_unique == AT_HANDLE_MNT_ID_UNIQUE);
#endif
#if defined(AT_HANDLE_CONNECTABLE)
static_assert(at_handle_connectable == AT_HANDLE_CONNECTABLE);
#endif
#if defined(AT_HANDLE_FID)
static_assert(at_handle_fid == AT_HANDLE_FID);
#endif

// statmount(2) and listmount(2), Linux 6.8.
inline constexpr long sys_statmount = 457;
inline constexpr long sys_listmount = 458;
#if defined(SYS_statmount)
static_assert(sys_statmount == SYS_statmount && sys_listmount == SYS_listmount);
#endif

struct MountIdRequest {
  std::uint32_t size;
  std::uint32_t spare;
  std::uint64_t mount;
  std::uint64_t parameter;
};
static_assert(sizeof(MountIdRequest) == 24);

struct MountStatus {
  std::uint32_t size, options;
  std::uint64_t mask;
  std::uint32_t device_major, device_minor;
  std::uint64_t magic;
  std::uint32_t super_block_flags, type;
  std::uint64_t id, parent;
  std::uint32_t reusable_id, reusable_parent;
  std::uint64_t attributes, propagation, peer_group, master, propagate_from;
  std::uint32_t root, mount_point;
  std::uint64_t spare[50];
  // Strings follow; mount_point is an offset into them.
};
static_assert(offsetof(MountStatus, reusable_id) == 56);
static_assert(offsetof(MountStatus, mount_point) == 108);
static_assert(sizeof(MountStatus) == 512);

inline constexpr std::uint64_t statmount_mnt_basic = 0x02;
inline constexpr std::uint64_t statmount_mnt_point = 0x10;
inline constexpr std::uint64_t listmount_root = ~std::uint64_t{0};
#if defined(STATMOUNT_MNT_POINT)
static_assert(statmount_mnt_basic == STATMOUNT_MNT_BASIC);
static_assert(statmount_mnt_point == STATMOUNT_MNT_POINT);
static_assert(listmount_root == LSMT_ROOT);
static_assert(sizeof(MountIdRequest) == MNT_ID_REQ_SIZE_VER0);
#endif

// Defines the fixed parts of fanotify's records. Data of variable size follows each of them.
struct FanotifyMetadata {
  std::uint32_t event_len;
  std::uint8_t version, reserved;
  std::uint16_t metadata_len;
  std::uint64_t mask;
  std::int32_t fd, pid;
};
static_assert(sizeof(FanotifyMetadata) == FAN_EVENT_METADATA_LEN);
inline constexpr std::uint8_t fanotify_version = 3;
static_assert(fanotify_version == FANOTIFY_METADATA_VERSION);

struct FanotifyInfo {
  std::uint8_t type, padding;
  std::uint16_t size;
};
static_assert(sizeof(FanotifyInfo) == sizeof(::fanotify_event_info_header));

inline constexpr int info_fid = 1;
inline constexpr int info_dfid_name = 2;
inline constexpr int info_dfid = 3;
inline constexpr int info_pidfd = 4;           // Linux 5.15
inline constexpr int info_old_dfid_name = 10;  // Linux 5.17
inline constexpr int info_new_dfid_name = 12;  // Linux 5.17
static_assert(info_fid == FAN_EVENT_INFO_TYPE_FID);
static_assert(info_dfid_name == FAN_EVENT_INFO_TYPE_DFID_NAME);
static_assert(info_dfid == FAN_EVENT_INFO_TYPE_DFID);
#ifdef FAN_EVENT_INFO_TYPE_PIDFD
static_assert(info_pidfd == FAN_EVENT_INFO_TYPE_PIDFD);
#endif
#ifdef FAN_EVENT_INFO_TYPE_OLD_DFID_NAME
static_assert(info_old_dfid_name == FAN_EVENT_INFO_TYPE_OLD_DFID_NAME);
#endif
#ifdef FAN_EVENT_INFO_TYPE_NEW_DFID_NAME
static_assert(info_new_dfid_name == FAN_EVENT_INFO_TYPE_NEW_DFID_NAME);
#endif

}  // namespace detail::kernel
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_HANDLE_SRC_KERNEL_HPP
