// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_COMMUNICATE_HPP
#define SYSFD_SPAWN_SRC_COMMUNICATE_HPP

#include <sysfd/output.hpp>

#include "plan/spawn_plan.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// Command::output().
Result<Output, SpawnError> collect_output(CommandSpec& spec, SpawnScratch& scratch,
                                          const OutputOptions& options,
                                          const SpawnChanges& changes);

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_COMMUNICATE_HPP
