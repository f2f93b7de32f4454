// SPDX-License-Identifier: MIT
//
// The result of statx(2), for all modules. Not for users. musl has no struct statx before 1.2.5.
// Source: include/uapi/linux/stat.h.
#ifndef SYSFD_DETAIL_STATX_HPP
#define SYSFD_DETAIL_STATX_HPP
#include <sysfd/detail/cxx23.hpp>

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>

namespace sysfd {
inline namespace v0 {
namespace detail {

struct Statx {
  std::uint32_t mask = 0;  // which of the others the kernel has written
  std::uint32_t before_mode[6];
  std::uint16_t mode;
  std::uint16_t padding;
  std::uint64_t inode;
  std::uint32_t before_mount_id[26];
  std::uint64_t mount_id;  // Linux 5.8
  std::uint64_t after_mount_id[13];
};
static_assert(sizeof(Statx) == 256 && offsetof(Statx, mount_id) == 0x90);

inline constexpr unsigned statx_type = 0x1;
inline constexpr unsigned statx_inode = 0x100;
inline constexpr unsigned statx_mount_id = 0x1000;         // Linux 5.8
inline constexpr unsigned statx_unique_mount_id = 0x4000;  // Linux 6.8

#ifdef STATX_MNT_ID
static_assert(offsetof(Statx, mode) == offsetof(struct ::statx, stx_mode) &&
              offsetof(Statx, inode) == offsetof(struct ::statx, stx_ino) &&
              offsetof(Statx, mount_id) == offsetof(struct ::statx, stx_mnt_id) &&
              statx_type == STATX_TYPE && statx_inode == STATX_INO &&
              statx_mount_id == STATX_MNT_ID);
#endif
#ifdef STATX_MNT_ID_UNIQUE
static_assert(statx_unique_mount_id == STATX_MNT_ID_UNIQUE);
#endif

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_DETAIL_STATX_HPP
