// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_START_ORPHAN_HPP
#define SYSFD_SPAWN_SRC_START_ORPHAN_HPP

#include "plan/plan_part.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// Command::leave_no_zombie().
extern const NoZombiePart no_zombie_part;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_START_ORPHAN_HPP
