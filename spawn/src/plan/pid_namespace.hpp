// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_PLAN_PID_NAMESPACE_HPP
#define SYSFD_SPAWN_SRC_PLAN_PID_NAMESPACE_HPP

#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// True if the children of this thread are born into another pid namespace than its own, for example
// after unshare(CLONE_NEWPID).
Result<bool> children_are_in_other_pid_namespace() noexcept;

// True if this thread has made a pid namespace for its children that none has been born into. The
// first will be its init, and the end of all others.
bool next_child_is_init() noexcept;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_PLAN_PID_NAMESPACE_HPP
