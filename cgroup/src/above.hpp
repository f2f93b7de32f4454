// SPDX-License-Identifier: MIT
//
// The cgroups above a cgroup.
#ifndef SYSFD_CGROUP_SRC_ABOVE_HPP
#define SYSFD_CGROUP_SRC_ABOVE_HPP

#include <optional>

#include <sysfd/owned_fd.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// The lowest cgroup that both are in, or are; empty: there is none in what is mounted.
std::optional<OwnedFd> open_common_ancestor(BorrowedFd one, BorrowedFd other);

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_CGROUP_SRC_ABOVE_HPP
