// SPDX-License-Identifier: MIT
//
// The five structs of attributes.
#include <chrono>
#include <string>

#include "../namespace_bits.hpp"
#include "setters.hpp"

using namespace sysfd_c;  // NOLINT(google-build-using-namespace)
using std::chrono::nanoseconds;
using sysfd::Command;
using sysfd::SpawnStep;

namespace {

static_assert(SYSFD_IO_REAL_TIME == static_cast<int>(sysfd::IoPriority::Class::real_time) &&
              SYSFD_IO_BEST_EFFORT == static_cast<int>(sysfd::IoPriority::Class::best_effort) &&
              SYSFD_IO_IDLE == static_cast<int>(sysfd::IoPriority::Class::idle));

// Reads a struct, checks it by `error_in`, and has `set_it` set it. The step is that of an error.
template <class Struct, class ErrorIn, class Set>
int set_struct(sysfd_command* command, SpawnStep step, const Struct* given, Struct read,
               ErrorIn error_in, Set set_it) {
  int error = given ? -read_struct(given, read) : EINVAL;
  if (error == 0) error = error_in(read);
  return set(command, step, error, [&](Command& into) { set_it(into, read); });
}

int error_in_identity(const sysfd_identity& given) noexcept {
  constexpr std::uint32_t known = SYSFD_IDENTITY_KEEP_GROUPS | SYSFD_IDENTITY_NO_CAPABILITIES |
                                  SYSFD_IDENTITY_NO_NEW_PRIVILEGES | SYSFD_IDENTITY_USER |
                                  SYSFD_IDENTITY_GROUP | SYSFD_IDENTITY_GROUPS |
                                  SYSFD_IDENTITY_SECUREBITS;
  const bool is_invalid = has_unknown(given.flags, known) || given.reserved != 0 ||
                          is_missing(given.groups, given.group_count) ||
                          is_missing(given.seccomp, given.seccomp_count);
  return is_invalid ? EINVAL : 0;
}

void set_identity(Command& command, const sysfd_identity& given) {
  const auto has = [&](std::uint32_t flag) { return (given.flags & flag) != 0; };
  sysfd::Identity identity;
  if (has(SYSFD_IDENTITY_USER)) identity.user = given.user;
  if (has(SYSFD_IDENTITY_GROUP)) identity.group = given.group;
  if (has(SYSFD_IDENTITY_GROUPS)) identity.groups = list<gid_t>(given.groups, given.group_count);
  if (has(SYSFD_IDENTITY_SECUREBITS)) identity.securebits = given.securebits;
  identity.keep_groups = has(SYSFD_IDENTITY_KEEP_GROUPS);
  identity.no_capabilities = has(SYSFD_IDENTITY_NO_CAPABILITIES);
  identity.no_new_privileges = has(SYSFD_IDENTITY_NO_NEW_PRIVILEGES);
  if (given.capabilities) identity.capabilities = given.capabilities;
  if (given.iab) identity.iab = given.iab;
  for (std::size_t i = 0; i < given.seccomp_count; ++i) {
    const auto& each = given.seccomp[i];
    identity.seccomp.push_back({each.code, each.jump_true, each.jump_false, each.value});
  }
  command.identity(std::move(identity));
}

int error_in_resources(const sysfd_resources& given) noexcept {
  constexpr std::uint32_t known =
      SYSFD_RESOURCES_ALL_PROCESSORS | SYSFD_RESOURCES_SCHEDULER_RESET_ON_FORK |
      SYSFD_RESOURCES_UMASK | SYSFD_RESOURCES_NICE | SYSFD_RESOURCES_SCHEDULER |
      SYSFD_RESOURCES_IO_PRIORITY | SYSFD_RESOURCES_OOM_SCORE_ADJUST | SYSFD_RESOURCES_TIMER_SLACK;
  const bool is_invalid = has_unknown(given.flags, known) || given.reserved != 0 ||
                          is_missing(given.limits, given.limit_count) ||
                          is_missing(given.processors, given.processor_count);
  if (is_invalid) return EINVAL;
  for (std::size_t i = 0; i < given.limit_count; ++i)
    if (given.limits[i].reserved != 0) return EINVAL;
  return 0;
}

void set_resources(Command& command, const sysfd_resources& given) {
  const auto has = [&](std::uint32_t flag) { return (given.flags & flag) != 0; };
  sysfd::Resources resources;
  for (std::size_t i = 0; i < given.limit_count; ++i) {
    const auto& each = given.limits[i];
    resources.limits.push_back({each.resource, each.soft, each.hard});
  }
  resources.processors = list(given.processors, given.processor_count);
  resources.all_processors = has(SYSFD_RESOURCES_ALL_PROCESSORS);
  if (has(SYSFD_RESOURCES_UMASK)) resources.umask = given.umask;
  if (has(SYSFD_RESOURCES_NICE)) resources.nice = given.nice;
  if (has(SYSFD_RESOURCES_SCHEDULER)) {
    resources.scheduler = {.policy = given.scheduler_policy,
                           .priority = given.scheduler_priority,
                           .reset_on_fork = has(SYSFD_RESOURCES_SCHEDULER_RESET_ON_FORK),
                           .runtime = nanoseconds(given.scheduler_runtime_nanoseconds),
                           .deadline = nanoseconds(given.scheduler_deadline_nanoseconds),
                           .period = nanoseconds(given.scheduler_period_nanoseconds)};
  }
  if (has(SYSFD_RESOURCES_IO_PRIORITY)) {
    // NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange): checked by the start
    const auto io_class = static_cast<sysfd::IoPriority::Class>(given.io_class);
    resources.io_priority = {.io_class = io_class, .level = given.io_level};
  }
  if (has(SYSFD_RESOURCES_OOM_SCORE_ADJUST)) resources.oom_score_adjust = given.oom_score_adjust;
  if (has(SYSFD_RESOURCES_TIMER_SLACK))
    resources.timer_slack = nanoseconds(given.timer_slack_nanoseconds);
  command.resources(std::move(resources));
}

int error_in_session(const sysfd_session& given) noexcept {
  if (has_unknown(given.flags, SYSFD_SESSION_NEW | SYSFD_SESSION_PROCESS_GROUP) ||
      given.reserved != 0)
    return EINVAL;
  return given.controlling_terminal < -1 || given.foreground_of < -1 ? EBADF : 0;
}

void set_session(Command& command, const sysfd_session& given) {
  sysfd::Session session;
  session.new_session = (given.flags & SYSFD_SESSION_NEW) != 0;
  if ((given.flags & SYSFD_SESSION_PROCESS_GROUP) != 0) session.process_group = given.process_group;
  if (given.controlling_terminal >= 0)
    session.controlling_terminal = lent(given.controlling_terminal);
  if (given.foreground_of >= 0) session.foreground_of = lent(given.foreground_of);
  command.session(session);
}

int error_in_signals(const sysfd_signals& given) noexcept {
  const bool is_invalid =
      has_unknown(given.flags, SYSFD_SIGNALS_INHERIT_MASK | SYSFD_SIGNALS_ALL_TO_DEFAULT) ||
      is_missing(given.blocked, given.blocked_count) ||
      is_missing(given.to_default, given.to_default_count) ||
      is_missing(given.ignored, given.ignored_count) ||
      is_missing(given.unchanged, given.unchanged_count);
  return is_invalid ? EINVAL : 0;
}

void set_signals(Command& command, const sysfd_signals& given) {
  command.signals({.blocked = list(given.blocked, given.blocked_count),
                   .to_default = list(given.to_default, given.to_default_count),
                   .ignored = list(given.ignored, given.ignored_count),
                   .inherit_mask = (given.flags & SYSFD_SIGNALS_INHERIT_MASK) != 0,
                   .all_to_default = (given.flags & SYSFD_SIGNALS_ALL_TO_DEFAULT) != 0,
                   .unchanged = list(given.unchanged, given.unchanged_count)});
}

int error_in_namespaces(const sysfd_namespaces& given) noexcept {
  if (has_unknown(given.flags, SYSFD_NAMESPACES_SHARED_MOUNTS) || given.reserved != 0 ||
      !namespace_set(given.create) || is_missing(given.user_map, given.user_map_count) ||
      is_missing(given.group_map, given.group_map_count) ||
      is_missing(given.join, given.join_count))
    return EINVAL;
  for (std::size_t i = 0; i < given.join_count; ++i) {
    if (given.join[i].fd < 0) return EBADF;
    if (!namespace_set(given.join[i].kinds)) return EINVAL;
  }
  return 0;
}

std::vector<sysfd::IdRange> id_map(const sysfd_id_range* ranges, std::size_t count) {
  std::vector<sysfd::IdRange> map;
  map.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    map.push_back({ranges[i].inside, ranges[i].outside, ranges[i].count});
  return map;
}

void set_namespaces(Command& command, const sysfd_namespaces& given) {
  sysfd::Namespaces namespaces;
  namespaces.create = *namespace_set(given.create);
  namespaces.user_map = id_map(given.user_map, given.user_map_count);
  namespaces.group_map = id_map(given.group_map, given.group_map_count);
  namespaces.private_mounts = (given.flags & SYSFD_NAMESPACES_SHARED_MOUNTS) == 0;
  for (std::size_t i = 0; i < given.join_count; ++i)
    namespaces.join.push_back({lent(given.join[i].fd), *namespace_set(given.join[i].kinds)});
  if (given.host_name) namespaces.host_name = given.host_name;
  command.namespaces(std::move(namespaces));
}

}  // namespace

int sysfd_command_identity(sysfd_command* command, const sysfd_identity* identity) {
  return set_struct(command, SpawnStep::user, identity, sysfd_identity SYSFD_IDENTITY_INIT,
                    error_in_identity, set_identity);
}

int sysfd_command_resources(sysfd_command* command, const sysfd_resources* resources) {
  return set_struct(command, SpawnStep::limit, resources, sysfd_resources SYSFD_RESOURCES_INIT,
                    error_in_resources, set_resources);
}

int sysfd_command_session(sysfd_command* command, const sysfd_session* session) {
  return set_struct(command, SpawnStep::session, session, sysfd_session SYSFD_SESSION_INIT,
                    error_in_session, set_session);
}

int sysfd_command_signals(sysfd_command* command, const sysfd_signals* signals) {
  return set_struct(command, SpawnStep::signals, signals, sysfd_signals SYSFD_SIGNALS_INIT,
                    error_in_signals, set_signals);
}

int sysfd_command_namespaces(sysfd_command* command, const sysfd_namespaces* namespaces) {
  return set_struct(command, SpawnStep::namespaces, namespaces,
                    sysfd_namespaces SYSFD_NAMESPACES_INIT, error_in_namespaces, set_namespaces);
}

int sysfd_set_window_size(int terminal, uint16_t rows, uint16_t columns) {
  if (terminal < 0) return -EBADF;
  return code_of(sysfd::set_window_size(lent(terminal), {.rows = rows, .columns = columns}));
}
