// SPDX-License-Identifier: MIT
//
// The five structs of attributes: what is checked when they are set. Their parts of a plan are in
// the same files.
#ifndef SYSFD_SPAWN_SRC_PLAN_ATTRIBUTES_ATTRIBUTES_HPP
#define SYSFD_SPAWN_SRC_PLAN_ATTRIBUTES_ATTRIBUTES_HPP

#include <cstdint>
#include <optional>
#include <vector>

#include <sysfd/namespaces.hpp>
#include <sysfd/resources.hpp>
#include <sysfd/result.hpp>
#include <sysfd/session.hpp>
#include <sysfd/signals.hpp>
#include <sysfd/spawn_error.hpp>

#include "spec/parsed_identity.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

Result<ParsedIdentity, SpawnError> parse(Identity given);
Result<void, SpawnError> check(const Namespaces& namespaces);
Result<void, SpawnError> check(const Resources& resources);
Result<void, SpawnError> check(const Session& session);
Result<void, SpawnError> check(const Signals& signals);

// The kinds that a descriptor joins: those given, or what it is.
NamespaceSet kinds_of(const Namespaces::Join& join) noexcept;
bool joins(const Namespaces* namespaces, Namespace kind) noexcept;
// Translates an ID of the child to the caller's user namespace, if the child is in that or has this
// map. -1 if there is none.
std::uint32_t id_here(const std::optional<std::uint32_t>& id, const Namespaces* namespaces,
                      const std::vector<IdRange>& map) noexcept;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_PLAN_ATTRIBUTES_ATTRIBUTES_HPP
