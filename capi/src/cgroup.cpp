// SPDX-License-Identifier: MIT
#include <sysfd/cgroup.hpp>

#include <algorithm>
#include <limits>
#include <utility>

#include "cgroup_objects.hpp"

using namespace sysfd_c;  // NOLINT(google-build-using-namespace)
using sysfd::Cgroup;
using sysfd::CgroupError;
using sysfd::CgroupStep;
using sysfd::Controller;
using sysfd::ControllerSet;

namespace {

static_assert(SYSFD_CGROUP_FIND == static_cast<int>(CgroupStep::find) &&
              SYSFD_CGROUP_OPEN == static_cast<int>(CgroupStep::open) &&
              SYSFD_CGROUP_CREATE == static_cast<int>(CgroupStep::create) &&
              SYSFD_CGROUP_ENABLE == static_cast<int>(CgroupStep::enable) &&
              SYSFD_CGROUP_LIMIT == static_cast<int>(CgroupStep::limit) &&
              SYSFD_CGROUP_MOVE == static_cast<int>(CgroupStep::move) &&
              SYSFD_CGROUP_KILL == static_cast<int>(CgroupStep::kill) &&
              SYSFD_CGROUP_FREEZE == static_cast<int>(CgroupStep::freeze) &&
              SYSFD_CGROUP_READ == static_cast<int>(CgroupStep::read) &&
              SYSFD_CGROUP_WAIT == static_cast<int>(CgroupStep::wait) &&
              SYSFD_CGROUP_REMOVE == static_cast<int>(CgroupStep::remove) &&
              SYSFD_CGROUP_START == static_cast<int>(CgroupStep::start));

constexpr Controller controllers[] = {Controller::cpu,    Controller::cpuset, Controller::io,
                                      Controller::memory, Controller::pids,   Controller::hugetlb};
static_assert(SYSFD_CONTROLLER_CPU == static_cast<unsigned>(Controller::cpu) &&
              SYSFD_CONTROLLER_CPUSET == static_cast<unsigned>(Controller::cpuset) &&
              SYSFD_CONTROLLER_IO == static_cast<unsigned>(Controller::io) &&
              SYSFD_CONTROLLER_MEMORY == static_cast<unsigned>(Controller::memory) &&
              SYSFD_CONTROLLER_PIDS == static_cast<unsigned>(Controller::pids) &&
              SYSFD_CONTROLLER_HUGETLB == static_cast<unsigned>(Controller::hugetlb));
constexpr std::uint32_t all_controllers = SYSFD_CONTROLLER_CPU | SYSFD_CONTROLLER_CPUSET |
                                          SYSFD_CONTROLLER_IO | SYSFD_CONTROLLER_MEMORY |
                                          SYSFD_CONTROLLER_PIDS | SYSFD_CONTROLLER_HUGETLB;

std::uint32_t bits_of(ControllerSet set) noexcept {
  std::uint32_t bits = 0;
  for (const Controller each : controllers)
    if (set.contains(each)) bits |= static_cast<std::uint32_t>(each);
  return bits;
}

ControllerSet set_of(std::uint32_t bits) noexcept {
  ControllerSet set;
  for (const Controller each : controllers)
    if ((bits & static_cast<std::uint32_t>(each)) != 0) set = set | each;
  return set;
}

// More than C++ can count is no limit.
std::int64_t count_of(std::uint64_t given) noexcept {
  constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::min(given, most));
}

sysfd::Bytes bytes_of(std::uint64_t given) noexcept {
  return sysfd::Bytes(count_of(given));
}

template <class Value>
std::uint64_t number_of(const Value& value) noexcept {
  if constexpr (requires { value.count(); })
    return static_cast<std::uint64_t>(value.count());
  else
    return value;
}

// Writes a value that may be missing, and adds its flag.
template <class Value>
void put(const std::optional<Value>& from, std::uint64_t& to, std::uint32_t& set,
         std::uint32_t flag) noexcept {
  if (!from) return;
  to = number_of(*from);
  set |= flag;
}

int read_io_limit(const sysfd_io_limit& given, sysfd::IoLimit& limit) noexcept {
  if (given.reserved != 0 ||
      has_unknown(given.flags, SYSFD_IO_LIMIT_READ_BYTES | SYSFD_IO_LIMIT_WRITE_BYTES |
                                   SYSFD_IO_LIMIT_READ_OPERATIONS |
                                   SYSFD_IO_LIMIT_WRITE_OPERATIONS))
    return -EINVAL;
  const auto has = [&](std::uint32_t flag) { return (given.flags & flag) != 0; };
  limit = {.major = given.major, .minor = given.minor};
  if (has(SYSFD_IO_LIMIT_READ_BYTES)) limit.read_bytes = bytes_of(given.read_bytes);
  if (has(SYSFD_IO_LIMIT_WRITE_BYTES)) limit.write_bytes = bytes_of(given.write_bytes);
  if (has(SYSFD_IO_LIMIT_READ_OPERATIONS)) limit.read_operations = count_of(given.read_operations);
  if (has(SYSFD_IO_LIMIT_WRITE_OPERATIONS))
    limit.write_operations = count_of(given.write_operations);
  return 0;
}

// Calls `body`, which returns a Result. A value goes to `write`, which returns the result.
template <class Body, class Write>
int with(sysfd_error* error, Body body, Write write) {
  return without_exceptions([&]() -> int {
    auto done = body();
    if (!done) return fail(done.error(), error);
    return write(std::move(done));
  });
}

// The same, where there is nothing to write.
template <class Body>
int with(const void* cgroup, sysfd_error* error, Body body) {
  if (!cgroup || check_error(error) != 0) return -EINVAL;
  return with(error, body, [](auto&&) { return 0; });
}

template <class Make>
int make_cgroup(sysfd_cgroup** cgroup, sysfd_error* error, Make make_it) {
  if (!cgroup || check_error(error) != 0) return -EINVAL;
  Room<sysfd_cgroup> room;
  if (!room) return -ENOMEM;
  return with(error, make_it, [&](sysfd::Result<Cgroup, CgroupError>&& made) {
    return room.make(cgroup, *std::move(made));
  });
}

int write_obstacle(const std::optional<CgroupError>& obstacle, char* text, std::size_t size) {
  if (!obstacle) return 0;
  write_text(obstacle->describe(), text, size);
  return -negative(obstacle->code);
}

template <class Open>
int open_file(const sysfd_cgroup* cgroup, sysfd_error* error, Open open_it) {
  if (!cgroup || check_error(error) != 0) return -EINVAL;
  return with(error, open_it, [](sysfd::Result<sysfd::OwnedFd, CgroupError>&& file) {
    return (*std::move(file)).release();
  });
}

}  // namespace

namespace sysfd_c {

int fail(const CgroupError& error, sysfd_error* out) noexcept {
  const int code = negative(error.code);
  if (!out) return code;
  // Without memory for it, there is no text.
  if (without_exceptions([&] {
        fail(error.code, static_cast<int>(error.step), error.describe(), out);
        return 0;
      }) != 0)
    fail(error.code, static_cast<int>(error.step), {}, out);
  return code;
}

int read_limits(const sysfd_cgroup_limits* given, sysfd::CgroupLimits& limits) {
  sysfd_cgroup_limits read = SYSFD_CGROUP_LIMITS_INIT;
  if (const int error = read_struct(given, read); error != 0) return error;
  if (has_unknown(read.flags, SYSFD_LIMIT_MEMORY_MAX | SYSFD_LIMIT_MEMORY_HIGH |
                                  SYSFD_LIMIT_SWAP_MAX | SYSFD_LIMIT_KILLS_ALL |
                                  SYSFD_LIMIT_PIDS_MAX | SYSFD_LIMIT_CPU_MAX |
                                  SYSFD_LIMIT_CPU_WEIGHT) ||
      read.kills_all > 1 || is_missing(read.io_max, read.io_max_count))
    return -EINVAL;
  const auto has = [&](std::uint32_t flag) { return (read.flags & flag) != 0; };
  if (has(SYSFD_LIMIT_MEMORY_MAX)) limits.memory_max = bytes_of(read.memory_max);
  if (has(SYSFD_LIMIT_MEMORY_HIGH)) limits.memory_high = bytes_of(read.memory_high);
  if (has(SYSFD_LIMIT_SWAP_MAX)) limits.swap_max = bytes_of(read.swap_max);
  if (has(SYSFD_LIMIT_KILLS_ALL)) limits.kills_all = read.kills_all != 0;
  if (has(SYSFD_LIMIT_PIDS_MAX)) limits.pids_max = count_of(read.pids_max);
  if (has(SYSFD_LIMIT_CPU_MAX)) {
    limits.cpu_max = {.quota = std::chrono::microseconds(count_of(read.cpu_quota_microseconds)),
                      .period = std::chrono::microseconds(count_of(read.cpu_period_microseconds))};
  }
  if (has(SYSFD_LIMIT_CPU_WEIGHT)) {
    constexpr std::uint32_t most = std::numeric_limits<int>::max();
    limits.cpu_weight = static_cast<int>(std::min(read.cpu_weight, most));
  }
  limits.io_max.reserve(read.io_max_count);
  for (std::size_t i = 0; i < read.io_max_count; ++i) {
    sysfd::IoLimit limit{};
    if (const int error = read_io_limit(read.io_max[i], limit); error != 0) return error;
    limits.io_max.push_back(limit);
  }
  return 0;
}

void write_usage(const sysfd::CgroupUsage& usage, sysfd_cgroup_usage* out) noexcept {
  sysfd_cgroup_usage filled = SYSFD_CGROUP_USAGE_INIT;
  const auto member = [&](const auto& from, std::uint64_t& to, std::uint32_t flag) {
    put(from, to, filled.set, flag);
  };
  member(usage.memory, filled.memory, SYSFD_USAGE_MEMORY);
  member(usage.memory_peak, filled.memory_peak, SYSFD_USAGE_MEMORY_PEAK);
  member(usage.swap, filled.swap, SYSFD_USAGE_SWAP);
  member(usage.cpu_user, filled.cpu_user_microseconds, SYSFD_USAGE_CPU_USER);
  member(usage.cpu_system, filled.cpu_system_microseconds, SYSFD_USAGE_CPU_SYSTEM);
  member(usage.pids, filled.pids, SYSFD_USAGE_PIDS);
  member(usage.pids_peak, filled.pids_peak, SYSFD_USAGE_PIDS_PEAK);
  write_struct(out, filled);
}

}  // namespace sysfd_c

int sysfd_cgroup_own(sysfd_cgroup** cgroup, sysfd_error* error) {
  return make_cgroup(cgroup, error, [] { return Cgroup::own(); });
}

int sysfd_cgroup_open(const char* path, sysfd_cgroup** cgroup, sysfd_error* error) {
  if (!path) return -EINVAL;
  return make_cgroup(cgroup, error, [&] { return Cgroup::open(path); });
}

int sysfd_cgroup_create(const sysfd_cgroup* parent, const char* name,
                        const sysfd_cgroup_limits* limits, sysfd_cgroup** cgroup,
                        sysfd_error* error) {
  if (!parent || !name) return -EINVAL;
  sysfd::CgroupLimits read;
  if (const int invalid = without_exceptions([&] { return read_limits(limits, read); });
      invalid != 0)
    return invalid;
  return make_cgroup(cgroup, error, [&] { return Cgroup::create(parent->cgroup, name, read); });
}

int sysfd_cgroup_get_abilities(const sysfd_cgroup* cgroup, sysfd_cgroup_abilities* abilities,
                               sysfd_error* error) {
  if (!cgroup || check_output(abilities) != 0 || check_error(error) != 0) return -EINVAL;
  return with(
      error, [&] { return cgroup->cgroup.abilities(); },
      [&](auto&& found) {
        sysfd_cgroup_abilities filled = SYSFD_CGROUP_ABILITIES_INIT;
        filled.flags =
            (found->has_kill ? std::uint32_t{SYSFD_ABILITY_KILL} : 0U) |
            (found->needs_leaf ? std::uint32_t{SYSFD_ABILITY_NEEDS_LEAF} : 0U) |
            (found->create_obstacle ? 0U : std::uint32_t{SYSFD_ABILITY_CREATE}) |
            (found->create_obstacle || found->start_obstacle ? 0U
                                                             : std::uint32_t{SYSFD_ABILITY_START});
        filled.available = bits_of(found->available);
        filled.enabled = bits_of(found->enabled);
        filled.in_version_1 = bits_of(found->in_version_1);
        filled.create_code =
            write_obstacle(found->create_obstacle, filled.create_text, sizeof filled.create_text);
        filled.start_code =
            write_obstacle(found->start_obstacle, filled.start_text, sizeof filled.start_text);
        write_struct(abilities, filled);
        return 0;
      });
}

int sysfd_cgroup_enable(const sysfd_cgroup* cgroup, uint32_t enabled, sysfd_error* error) {
  if (has_unknown(enabled, all_controllers)) return -EINVAL;
  return with(cgroup, error, [&] { return cgroup->cgroup.enable(set_of(enabled)); });
}

int sysfd_cgroup_make_leaf_and_enable(const sysfd_cgroup* cgroup, const char* name,
                                      uint32_t enabled, sysfd_cgroup** leaf, sysfd_error* error) {
  if (!cgroup || !name || has_unknown(enabled, all_controllers)) return -EINVAL;
  return make_cgroup(leaf, error,
                     [&] { return cgroup->cgroup.make_leaf_and_enable(name, set_of(enabled)); });
}

int sysfd_cgroup_set(const sysfd_cgroup* cgroup, const sysfd_cgroup_limits* limits,
                     sysfd_error* error) {
  sysfd::CgroupLimits read;
  if (!limits) return -EINVAL;
  if (const int invalid = without_exceptions([&] { return read_limits(limits, read); });
      invalid != 0)
    return invalid;
  return with(cgroup, error, [&] { return cgroup->cgroup.set(read); });
}

int sysfd_cgroup_kill(const sysfd_cgroup* cgroup, sysfd_error* error) {
  return with(cgroup, error, [&] { return cgroup->cgroup.kill(); });
}

int sysfd_cgroup_freeze(const sysfd_cgroup* cgroup, const sysfd_timeout* timeout,
                        sysfd_error* error) {
  sysfd::Timeout limit = std::chrono::seconds(5);
  if (const int invalid = read_timeout(timeout, limit); invalid != 0) return invalid;
  return with(cgroup, error, [&] { return cgroup->cgroup.freeze(limit); });
}

int sysfd_cgroup_thaw(const sysfd_cgroup* cgroup, sysfd_error* error) {
  return with(cgroup, error, [&] { return cgroup->cgroup.thaw(); });
}

int sysfd_cgroup_processes(const sysfd_cgroup* cgroup, size_t capacity, int* pidfds,
                           sysfd_error* error) {
  if (!cgroup || is_missing(pidfds, capacity) || check_error(error) != 0) return -EINVAL;
  return with(
      error, [&] { return cgroup->cgroup.processes(); },
      [&](auto&& found) {
        if (found->size() > capacity) return -ERANGE;
        for (sysfd::PidFd& each : *found)
          *pidfds++ = std::move(each).into_fd().release();
        return static_cast<int>(found->size());
      });
}

int sysfd_cgroup_get_usage(const sysfd_cgroup* cgroup, sysfd_cgroup_usage* usage,
                           sysfd_error* error) {
  if (!cgroup || check_output(usage) != 0 || check_error(error) != 0) return -EINVAL;
  return with(
      error, [&] { return cgroup->cgroup.usage(); },
      [&](auto&& found) {
        write_usage(*found, usage);
        return 0;
      });
}

int sysfd_cgroup_get_events(const sysfd_cgroup* cgroup, sysfd_cgroup_events* events,
                            sysfd_error* error) {
  if (!cgroup || check_output(events) != 0 || check_error(error) != 0) return -EINVAL;
  return with(
      error, [&] { return cgroup->cgroup.events(); },
      [&](auto&& found) {
        sysfd_cgroup_events filled = SYSFD_CGROUP_EVENTS_INIT;
        filled.populated = found->populated ? 1U : 0U;
        filled.frozen = found->frozen ? 1U : 0U;
        put(found->oom, filled.oom, filled.set, SYSFD_EVENTS_OOM);
        put(found->oom_kill, filled.oom_kill, filled.set, SYSFD_EVENTS_OOM_KILL);
        put(found->oom_group_kill, filled.oom_group_kill, filled.set, SYSFD_EVENTS_OOM_GROUP_KILL);
        put(found->pids_max, filled.pids_max, filled.set, SYSFD_EVENTS_PIDS_MAX);
        write_struct(events, filled);
        return 0;
      });
}

int sysfd_cgroup_open_events(const sysfd_cgroup* cgroup, sysfd_error* error) {
  return open_file(cgroup, error, [&] { return cgroup->cgroup.open_events(); });
}

int sysfd_cgroup_open_memory_events(const sysfd_cgroup* cgroup, sysfd_error* error) {
  return open_file(cgroup, error, [&] { return cgroup->cgroup.open_memory_events(); });
}

int sysfd_cgroup_rearm(int events, sysfd_error* error) {
  if (events < 0) return -EBADF;
  if (check_error(error) != 0) return -EINVAL;
  return with(error, [&] { return Cgroup::rearm(lent(events)); }, [](auto&&) { return 0; });
}

int sysfd_cgroup_wait_empty(const sysfd_cgroup* cgroup, const sysfd_timeout* timeout,
                            sysfd_error* error) {
  auto limit = sysfd::Timeout::forever();
  if (const int invalid = read_timeout(timeout, limit); invalid != 0) return invalid;
  return with(cgroup, error, [&] { return cgroup->cgroup.wait_empty(limit); });
}

int sysfd_cgroup_remove(sysfd_cgroup* cgroup, sysfd_error* error) {
  return with(cgroup, error, [&] { return cgroup->cgroup.remove(); });
}

int sysfd_cgroup_keep(sysfd_cgroup* cgroup) {
  if (!cgroup) return -EINVAL;
  cgroup->cgroup.keep();
  return 0;
}

int sysfd_cgroup_fd_borrow(const sysfd_cgroup* cgroup) {
  return cgroup ? cgroup->cgroup.fd().get() : -EINVAL;
}

void sysfd_cgroup_free(sysfd_cgroup* cgroup) {
  delete cgroup;
}
