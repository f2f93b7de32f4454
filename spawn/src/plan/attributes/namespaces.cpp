// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstdint>
#include <memory>

#include <sysfd/detail/decimal.hpp>
#include <sysfd/detail/proc_file.hpp>
#include <sysfd/detail/raw_syscall.hpp>

#include "plan/attributes/attributes.hpp"
#include "plan/pid_namespace.hpp"
#include "plan/plan_part.hpp"

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

Result<void, SpawnError> check_map(SpawnStep step, const Namespaces& namespaces,
                                   const std::vector<IdRange>& ranges) {
  if (ranges.empty()) return {};
  if (!namespaces.create.contains(Namespace::user))
    return rejected(step, "without a new user namespace");
  for (std::size_t i = 0; i < ranges.size(); ++i)
    if (ranges[i].count == 0) return rejected(step, "covers no IDs", static_cast<int>(i));
  if (map_text(ranges).size() > longest_map) return rejected(step, "longer than a page");
  return {};
}

// While the child is cloned, the thread's children are born in the joined pid namespace.
Result<void, SpawnError> gather_own_pid_namespace(Planning& planning) {
  const auto& all = planning.spec.namespaces->join;
  const auto joined = std::ranges::find_if(
      all, [](const Namespaces::Join& join) { return kinds_of(join).contains(Namespace::pid); });
  if (joined == all.end()) return {};
  auto own = open_proc_link("thread-self/ns", "pid_for_children", O_RDONLY);
  if (!own)
    return std::unexpected(SpawnError{SpawnStep::join_namespace, own.error(),
                                      static_cast<int>(joined - all.begin()),
                                      "/proc/thread-self/ns/pid_for_children"});
  planning.resources().own_pid_namespace = std::move(*own);
  planning.resources().joined_pid_namespace = static_cast<std::size_t>(joined - all.begin());
  return {};
}

Result<void, SpawnError> gather_id_maps(Planning& planning) {
  if (!planning.spec.has_id_maps()) return {};
  // The writer of the maps would be that one, and take the child along when it is done.
  if (next_child_is_init())
    return rejected(SpawnStep::user_map, "with a pid namespace that has no init yet");
  auto plan = std::make_unique<IdMapPlan>();
  if (const auto& page = planning.resources().common_page) plan->maps = &page->maps;
  IdMaps& maps = *plan->maps;
  plan->user_map = map_text(planning.spec.namespaces->user_map);
  plan->group_map = map_text(planning.spec.namespaces->group_map);
  if (!plan->user_map.empty()) maps.users = plan->user_map.data();
  maps.users_size = plan->user_map.size();
  if (!plan->group_map.empty()) maps.groups = plan->group_map.data();
  maps.groups_size = plan->group_map.size();
  planning.resources().id_maps = std::move(plan);
  return {};
}

PartResult gather_namespaces(Planning& planning) {
  const Namespaces& namespaces = *planning.spec.namespaces;
  planning.clone().namespaces = namespaces.create;
  if (auto done = gather_own_pid_namespace(planning); !done)
    return std::unexpected(std::move(done.error()));
  for (std::size_t i = 0; i < namespaces.join.size(); ++i) {
    const int fd = namespaces.join[i].of.get();
    const int index = static_cast<int>(i);
    if (fd < 0)
      return std::unexpected(
          planning.error_at(SpawnStep::join_namespace, error_code(EBADF), index));
    planning.fds().keep_until_exec(fd, SpawnStep::join_namespace, index);
  }
  if (auto done = gather_id_maps(planning); !done) return std::unexpected(std::move(done.error()));
  // A descriptor to join by may refer to another namespace the next time.
  return namespaces.join.empty() && !planning.spec.has_id_maps() ? Reuse::yes : Reuse::no;
}

void add_new_namespace_steps(Planning& planning) {
  const Namespaces& namespaces = *planning.spec.namespaces;
  Steps& steps = planning.steps();
  if (const unsigned flags = namespaces.create.flags(); flags != 0 && planning.is_in_place())
    steps.add(SpawnStep::namespaces, -1, SYS_unshare, flags);
  if (const auto& resources = planning.plan.resources; resources && resources->id_maps)
    steps.add(SpawnStep::user_map, -1, Step::await_id_maps, resources->id_maps->maps);
}

void add_namespace_steps(Planning& planning) {
  const Namespaces& namespaces = *planning.spec.namespaces;
  Steps& steps = planning.steps();
  if (namespaces.create.contains(Namespace::mount) && namespaces.private_mounts)
    steps.add(SpawnStep::mounts, -1, SYS_mount, 0, "/", 0, MS_REC | MS_PRIVATE, 0);
  for (std::size_t i = 0; i < namespaces.join.size(); ++i) {
    const auto& join = namespaces.join[i];
    const unsigned kinds = kinds_of(join).flags();
    const unsigned here = kinds & ~static_cast<unsigned>(Namespace::pid);
    if (here != 0 || kinds == 0)
      steps.add(SpawnStep::join_namespace, static_cast<int>(i), SYS_setns,
                planning.fds().place_of(join.of.get()), here);
  }
  if (const auto& name = namespaces.host_name)
    steps.add(SpawnStep::host_name, -1, SYS_sethostname, name->data(), name->size());
}

}  // namespace

Result<void, SpawnError> check(const Namespaces& namespaces) {
  if (auto done = check_map(SpawnStep::user_map, namespaces, namespaces.user_map); !done)
    return done;
  if (auto done = check_map(SpawnStep::group_map, namespaces, namespaces.group_map); !done)
    return done;
  NamespaceSet own = namespaces.create;
  int joined_pid_namespaces = 0;
  for (std::size_t i = 0; i < namespaces.join.size(); ++i) {
    const NamespaceSet kinds = kinds_of(namespaces.join[i]);
    own = own | kinds;
    if (kinds.contains(Namespace::pid) && ++joined_pid_namespaces > 1)
      return rejected(SpawnStep::join_namespace, "a second pid namespace", static_cast<int>(i));
  }
  if (const auto& name = namespaces.host_name) {
    if (!own.contains(Namespace::uts))
      return rejected(SpawnStep::host_name, *name + ": it would be everybody's");
    if (name->size() > longest_host_name) return rejected(SpawnStep::host_name, *name);
  }
  return {};
}

std::uint32_t id_here(const std::optional<std::uint32_t>& id, const Namespaces* namespaces,
                      const std::vector<IdRange>& map) noexcept {
  constexpr auto none = static_cast<std::uint32_t>(-1);
  if (joins(namespaces, Namespace::user)) return none;
  if (!id || !namespaces || !namespaces->create.contains(Namespace::user)) return id.value_or(none);
  for (const IdRange& range : map)
    if (*id >= range.inside && *id - range.inside < range.count)
      return range.outside + (*id - range.inside);
  return none;
}

bool joins(const Namespaces* namespaces, Namespace kind) noexcept {
  return namespaces && std::ranges::any_of(namespaces->join, [kind](const Namespaces::Join& join) {
           return kinds_of(join).contains(kind);
         });
}

NamespaceSet kinds_of(const Namespaces::Join& join) noexcept {
  if (!join.kinds.empty()) return join.kinds;
  const long kind = system_call(SYS_ioctl, join.of.get(), NS_GET_NSTYPE);
  return kind > 0 ? NamespaceSet(static_cast<Namespace>(kind)) : NamespaceSet();
}

const NamespacesPart namespaces_part{gather_namespaces, add_new_namespace_steps,
                                     add_namespace_steps};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
