// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_ORPHAN_HPP
#define SYSFD_SPAWN_SRC_ORPHAN_HPP

#include "enter.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// Has the child cloned by a process in between, which ends at once and is reaped here: the child is
// an orphan when this returns. Answers as the system call, or ECANCELED: that process was killed.
// EOPNOTSUPP: the orphan would be given to this process, or would end with that one.
long clone_orphan(Job& job, const Birth& birth, Apart& apart, bool by_clone3) noexcept;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_ORPHAN_HPP
