// SPDX-License-Identifier: MIT
//
// The groups of attributes of a child: for each, what is wrong with what was said, and the steps
// that make it so. The larger ones are planned through a table, which the setter of the group
// leaves in the Command: a program that says nothing of a group is linked without it.
#ifndef SYSFD_SPAWN_SRC_ATTRIBUTES_ATTRIBUTES_HPP
#define SYSFD_SPAWN_SRC_ATTRIBUTES_ATTRIBUTES_HPP

#include <sys/resource.h>

#include <cstdint>
#include <optional>
#include <string>

#include <sysfd/identity.hpp>
#include <sysfd/namespaces.hpp>
#include <sysfd/resources.hpp>
#include <sysfd/session.hpp>
#include <sysfd/signals.hpp>
#include <sysfd/spawn_error.hpp>

#include "../enter.hpp"
#include "../fd_plan.hpp"
#include "../steps.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

using Mistake = std::optional<SpawnError>;

// Of a value that was said: EINVAL.
[[gnu::cold]] SpawnError wrong_value(SpawnStep step, std::string subject, int index = -1);

// An identity whose texts are understood. One bit for each capability.
struct PreparedIdentity {
  struct Sets {
    std::uint64_t effective = 0, permitted = 0, inheritable = 0;
  };
  struct Vectors {
    std::uint64_t inheritable = 0, ambient = 0, blocked = 0;
  };

  Identity said{};
  std::optional<Sets> capabilities{};
  std::optional<Vectors> iab{};

  bool changes_credentials() const noexcept {
    return said.user || said.group || capabilities || iab || said.securebits;
  }
};
Mistake prepare(Identity said, PreparedIdentity& prepared);
struct IdentityPlanner {
  void (*plan)(const PreparedIdentity& identity, Steps& steps);
  void (*plan_confinement)(const PreparedIdentity& identity, Steps& steps);
};
extern const IdentityPlanner identity_planner;

Mistake check(const Resources& resources);
struct ResourcePlanner {
  // The limit of open descriptors: before they are placed where it is to be higher than it is, else
  // when the child opens nothing any more.
  void (*plan_more_descriptors)(const Resources& resources, const rlimit& now, Steps& steps);
  void (*plan)(const Resources& resources, Steps& steps);
  void (*plan_fewer_descriptors)(const Resources& resources, const rlimit& now, Steps& steps);
};
extern const ResourcePlanner resource_planner;

Mistake check(const Session& session);
void plan_session(const Session& session, const FdPlan& fds, Steps& steps);

Mistake check(const Signals& signals);
void plan_signals(const Signals& signals, Steps& steps);
// With inherit_mask, that of the calling thread now.
std::uint64_t signal_mask(const Signals& signals) noexcept;

Mistake check(const Namespaces& namespaces);
// What an id of the child is in this process's user namespace, if the child is in that or has these
// maps; or -1, as for none.
std::uint32_t id_here(const std::optional<std::uint32_t>& id, const Namespaces& namespaces,
                      const std::vector<IdRange>& map) noexcept;
// The kinds that a descriptor joins: those said, or what it is.
NamespaceSet kinds_of(const Namespaces::Join& join) noexcept;
struct NamespacePlanner {
  void (*plan)(const Namespaces& namespaces, const FdPlan& fds, Steps& steps);
  // A text as /proc/<pid>/uid_map wants it.
  std::string (*map_text)(const std::vector<IdRange>& ranges);
  Result<> (*start_writer)(IdMapWriter& writer) noexcept;
};
extern const NamespacePlanner namespace_planner;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_ATTRIBUTES_ATTRIBUTES_HPP
