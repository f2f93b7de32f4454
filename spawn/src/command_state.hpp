// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_COMMAND_STATE_HPP
#define SYSFD_SPAWN_SRC_COMMAND_STATE_HPP

#include <string_view>

#include "plan/spawn_plan.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// What a Command has.
struct CommandState {
  explicit CommandState(std::string_view program) : spec(program) {}

  CommandSpec spec;
  SpawnScratch scratch;
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_COMMAND_STATE_HPP
