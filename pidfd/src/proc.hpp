// SPDX-License-Identifier: MIT
#ifndef SYSFD_PIDFD_SRC_PROC_HPP
#define SYSFD_PIDFD_SRC_PROC_HPP

#include <sys/types.h>

#include <sysfd/owned_fd.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// Reads the number from /proc, for kernels without PIDFD_GET_INFO.
// Errors: ESRCH: it was reaped; EREMOTE: it has no number in the caller's pid namespace;
//   EOPNOTSUPP: the descriptor is no pidfd; those of detail::open_proc_file().
Result<pid_t> pid_from_fdinfo(BorrowedFd pidfd) noexcept;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_PIDFD_SRC_PROC_HPP
