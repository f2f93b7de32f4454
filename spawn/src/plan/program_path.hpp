// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_PLAN_PROGRAM_PATH_HPP
#define SYSFD_SPAWN_SRC_PLAN_PROGRAM_PATH_HPP

#include <string>
#include <string_view>

#include "spec/command_spec.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// The PATH that is searched for a child with this environment, unless the search is nowhere.
std::string_view path_to_search(const CommandSpec& spec, char* const* environment) noexcept;

// Writes the paths to try for a program whose name has no slash, as ChildArgs::candidates.
void find_candidates(const CommandSpec& spec, char* const* environment, std::string& candidates);

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_PLAN_PROGRAM_PATH_HPP
