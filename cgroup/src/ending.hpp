// SPDX-License-Identifier: MIT
//
// The end of a cgroup, for its destructor too: these do not throw. They return 0 or -errno.
#ifndef SYSFD_CGROUP_SRC_ENDING_HPP
#define SYSFD_CGROUP_SRC_ENDING_HPP

#include <optional>

#include <sysfd/detail/deadline.hpp>
#include <sysfd/owned_fd.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// `kill_file`: cgroup.kill, if it is open.
long kill_cgroup(BorrowedFd cgroup, const std::optional<OwnedFd>& kill_file) noexcept;
// -ETIMEDOUT, -ECANCELED.
long wait_until_empty(BorrowedFd cgroup, const Deadline& deadline) noexcept;
// Waits for a line of cgroup.events, for example "frozen " and '1'.
long wait_for_event(BorrowedFd cgroup, const char* label, char value,
                    const Deadline& deadline) noexcept;
// Removes those below first; `path` is from the cgroup to itself. Gives up at the deadline (-EBUSY)
// if new ones come all the time.
long remove_cgroup(BorrowedFd cgroup, const char* path, const Deadline& deadline) noexcept;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_CGROUP_SRC_ENDING_HPP
