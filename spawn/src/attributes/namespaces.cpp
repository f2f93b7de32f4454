// SPDX-License-Identifier: MIT
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include <cstdint>

#include <sysfd/detail/decimal.hpp>
#include <sysfd/detail/raw_syscall.hpp>

#include "attributes.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

constexpr std::size_t longest_host_name = 64;  // __NEW_UTS_LEN
constexpr std::size_t longest_map = 4095;      // one write of less than a page

std::string map_text(const std::vector<IdRange>& ranges) {
  std::string text;
  for (const IdRange& range : ranges)
    text +=
        decimal(range.inside) + ' ' + decimal(range.outside) + ' ' + decimal(range.count) + '\n';
  return text;
}

Mistake check_map(SpawnStep step, const Namespaces& namespaces,
                  const std::vector<IdRange>& ranges) {
  if (ranges.empty()) return std::nullopt;
  if (!namespaces.create.contains(Namespace::user))
    return wrong_value(step, "without a new user namespace");
  for (std::size_t i = 0; i < ranges.size(); ++i)
    if (ranges[i].count == 0) return wrong_value(step, "of no ids", static_cast<int>(i));
  if (map_text(ranges).size() > longest_map) return wrong_value(step, "longer than a page");
  return std::nullopt;
}

void plan_namespaces(const Namespaces& namespaces, const FdPlan& fds, Steps& steps) {
  if (namespaces.create.contains(Namespace::mount) && namespaces.private_mounts)
    steps.add(SpawnStep::mounts, -1, SYS_mount, 0, "/", 0, MS_REC | MS_PRIVATE, 0);
  for (std::size_t i = 0; i < namespaces.join.size(); ++i) {
    const auto& join = namespaces.join[i];
    const unsigned kinds = kinds_of(join).flags();
    const unsigned here = kinds & ~static_cast<unsigned>(Namespace::pid);
    if (here != 0 || kinds == 0)
      steps.add(SpawnStep::join_namespace, static_cast<int>(i), SYS_setns,
                fds.place_of(join.of.get()), here);
  }
  if (const auto& name = namespaces.host_name)
    steps.add(SpawnStep::host_name, -1, SYS_sethostname, name->data(), name->size());
}

}  // namespace

Mistake check(const Namespaces& namespaces) {
  if (auto mistake = check_map(SpawnStep::user_map, namespaces, namespaces.user_map))
    return mistake;
  if (auto mistake = check_map(SpawnStep::group_map, namespaces, namespaces.group_map))
    return mistake;
  NamespaceSet own = namespaces.create;
  int joined_pid_namespaces = 0;
  for (std::size_t i = 0; i < namespaces.join.size(); ++i) {
    const NamespaceSet kinds = kinds_of(namespaces.join[i]);
    own = own | kinds;
    if (kinds.contains(Namespace::pid) && ++joined_pid_namespaces > 1)
      return wrong_value(SpawnStep::join_namespace, "a second pid namespace", static_cast<int>(i));
  }
  if (const auto& name = namespaces.host_name) {
    if (!own.contains(Namespace::uts))
      return wrong_value(SpawnStep::host_name, *name + ": it would be everybody's");
    if (name->size() > longest_host_name) return wrong_value(SpawnStep::host_name, *name);
  }
  return std::nullopt;
}

std::uint32_t id_here(const std::optional<std::uint32_t>& id, const Namespaces& namespaces,
                      const std::vector<IdRange>& map) noexcept {
  constexpr auto none = static_cast<std::uint32_t>(-1);
  for (const auto& join : namespaces.join)
    if (kinds_of(join).contains(Namespace::user)) return none;
  if (!id || !namespaces.create.contains(Namespace::user)) return id.value_or(none);
  for (const IdRange& range : map)
    if (*id >= range.inside && *id - range.inside < range.count)
      return range.outside + (*id - range.inside);
  return none;
}

NamespaceSet kinds_of(const Namespaces::Join& join) noexcept {
  if (!join.kinds.empty()) return join.kinds;
  const long kind = system_call(SYS_ioctl, join.of.get(), NS_GET_NSTYPE);
  return kind > 0 ? NamespaceSet(static_cast<Namespace>(kind)) : NamespaceSet();
}

const NamespacePlanner namespace_planner{
    plan_namespaces, map_text, [](IdMapWriter& writer) noexcept { return writer.start(); }};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
