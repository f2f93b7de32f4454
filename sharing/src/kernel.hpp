// SPDX-License-Identifier: MIT
//
// Defines what this module needs of the kernel's interface, where the headers of the oldest
// supported system lack it or have it in a form that cannot be included. Sources:
// include/uapi/linux/fcntl.h, include/uapi/linux/kcmp.h, include/uapi/linux/fs.h,
// include/uapi/linux/memfd.h, include/uapi/asm-generic/socket.h, include/linux/socket.h.
#ifndef SYSFD_SHARING_SRC_KERNEL_HPP
#define SYSFD_SHARING_SRC_KERNEL_HPP

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace sysfd {
inline namespace v0 {
namespace detail::kernel {

inline constexpr int dupfd_query = 1024 + 3;  // F_DUPFD_QUERY, Linux 6.10
#ifdef F_DUPFD_QUERY
static_assert(dupfd_query == F_DUPFD_QUERY);
#endif

inline constexpr int kcmp_file = 0;  // KCMP_FILE, Linux 3.5

inline constexpr int rwf_nowait = 0x8;     // RWF_NOWAIT, Linux 4.14
inline constexpr int rwf_append = 0x10;    // RWF_APPEND, Linux 4.16
inline constexpr int rwf_noappend = 0x20;  // RWF_NOAPPEND, Linux 6.9
#if defined(RWF_NOWAIT) && defined(RWF_APPEND)
static_assert(rwf_nowait == RWF_NOWAIT && rwf_append == RWF_APPEND);
#endif
#ifdef RWF_NOAPPEND
static_assert(rwf_noappend == RWF_NOAPPEND);
#endif

inline constexpr int ofd_setlk = 37;  // F_OFD_SETLK, F_OFD_SETLKW, Linux 3.15
inline constexpr int ofd_setlkw = 38;
#ifdef F_OFD_SETLK
static_assert(ofd_setlk == F_OFD_SETLK && ofd_setlkw == F_OFD_SETLKW);
#endif

inline constexpr int so_passpidfd = 76;    // SO_PASSPIDFD, Linux 6.5
inline constexpr int so_passrights = 83;   // SO_PASSRIGHTS, Linux 6.16
inline constexpr int scm_credentials = 2;  // SCM_CREDENTIALS
inline constexpr int scm_pidfd = 4;        // SCM_PIDFD, Linux 6.5

inline constexpr unsigned long block_size = 0x80081272;  // BLKGETSIZE64: a block device's bytes

}  // namespace detail::kernel
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SHARING_SRC_KERNEL_HPP
