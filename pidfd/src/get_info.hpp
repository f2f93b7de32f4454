// SPDX-License-Identifier: MIT
#ifndef SYSFD_PIDFD_SRC_GET_INFO_HPP
#define SYSFD_PIDFD_SRC_GET_INFO_HPP

#include <cstdint>

#include <sysfd/owned_fd.hpp>

#include "kernel.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// PIDFD_GET_INFO, into `info`, which need not be initialized. Answers 0 or an error: EOPNOTSUPP
// this kernel does not have it, or the thread is not allowed it (is_refusal()); ESRCH the process
// is gone and nothing that was asked for is known of it any more; EREMOTE.
int get_info(BorrowedFd pidfd, std::uint64_t wanted, kernel::PidFdInfo& info) noexcept;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_PIDFD_SRC_GET_INFO_HPP
