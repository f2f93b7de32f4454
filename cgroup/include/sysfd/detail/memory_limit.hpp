// SPDX-License-Identifier: MIT
//
// Tells whether the OOM killer may act in a cgroup, but not on its account in the caller. Not for
// users.
#ifndef SYSFD_DETAIL_MEMORY_LIMIT_HPP
#define SYSFD_DETAIL_MEMORY_LIMIT_HPP
#include <sysfd/detail/cxx23.hpp>

#include <sysfd/attributes.hpp>
#include <sysfd/owned_fd.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// memory.max: true if this cgroup, or one above it, has a memory limit that the calling thread is
// not under; also if that cannot be told.
//
// Cost: two system calls, and one for each cgroup up to a limit or the root; with the controller
// two more for each.
SYSFD_API bool has_memory_limit_without_caller(BorrowedFd cgroup);

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_DETAIL_MEMORY_LIMIT_HPP
