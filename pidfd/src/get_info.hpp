// SPDX-License-Identifier: MIT
#ifndef SYSFD_PIDFD_SRC_GET_INFO_HPP
#define SYSFD_PIDFD_SRC_GET_INFO_HPP

#include <cstdint>

#include <sysfd/owned_fd.hpp>

#include "kernel.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// PIDFD_GET_INFO: fills in `info`, which need not be initialized. Returns 0 or -errno. -EOPNOTSUPP:
// this kernel does not have it, or the thread may not use it (is_refusal()); -ESRCH: the process is
// gone and the kernel has kept nothing of what was asked for; -EREMOTE.
long get_info(BorrowedFd pidfd, std::uint64_t wanted, kernel::PidFdInfo& info) noexcept;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_PIDFD_SRC_GET_INFO_HPP
