// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_START_CONTAINMENT_HPP
#define SYSFD_SPAWN_SRC_START_CONTAINMENT_HPP

#include "plan/plan_part.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// Command::contain().
extern const ContainmentPart containment_part;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_START_CONTAINMENT_HPP
