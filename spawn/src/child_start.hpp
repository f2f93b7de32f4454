// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_CHILD_START_HPP
#define SYSFD_SPAWN_SRC_CHILD_START_HPP

#include <sysfd/child.hpp>

#include "attempt.hpp"

namespace sysfd {
inline namespace v0 {

// What a Child is made of.
struct Child::Start {
  const detail::Entered& entered;
  const Command::State& state;
  const Command::Workspace& work;
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_CHILD_START_HPP
