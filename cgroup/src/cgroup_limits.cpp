// SPDX-License-Identifier: MIT
//
// Source: Documentation/admin-guide/cgroup-v2.rst of the kernel.
#include <sysfd/cgroup_limits.hpp>

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include <sysfd/cgroup.hpp>
#include <sysfd/detail/join.hpp>

#include "cgroup_files.hpp"

namespace sysfd {
inline namespace v0 {

using detail::cgroup_error;

namespace {

std::string text_of(std::int64_t number) {
  return number == CgroupLimits::unlimited ? "max" : std::to_string(number);
}

std::string text_of(Bytes bytes) {
  return text_of(bytes.count());
}

std::string text_of(const CpuLimit& limit) {
  const auto quota = limit.quota == limit.quota.max() ? "max" : std::to_string(limit.quota.count());
  return detail::join({quota, " ", std::to_string(limit.period.count())});
}

std::string text_of(const IoLimit& limit) {
  std::string text = detail::join({std::to_string(limit.major), ":", std::to_string(limit.minor)});
  const auto add = [&](std::string_view key, const auto& value) {
    if (value) detail::append(text, {" ", key, "=", text_of(*value)});
  };
  add("rbps", limit.read_bytes);
  add("wbps", limit.write_bytes);
  add("riops", limit.read_operations);
  add("wiops", limit.write_operations);
  return text;
}

// What the kernel would take for something else: it rounds, or has another range.
Result<void, CgroupError> check(const CgroupLimits& limits) {
  using std::chrono::milliseconds;
  const auto fails = [](int error, const char* file) {
    return cgroup_error(CgroupStep::limit, error, file);
  };
  const std::int64_t page = ::sysconf(_SC_PAGESIZE);
  const auto is_wrong = [&](const std::optional<Bytes>& memory) {
    return memory && memory->count() != 0 && memory->count() < page;
  };
  if (is_wrong(limits.memory_max)) return fails(EINVAL, "memory.max");
  if (is_wrong(limits.memory_high)) return fails(EINVAL, "memory.high");
  if (is_wrong(limits.swap_max)) return fails(EINVAL, "memory.swap.max");
  if (limits.pids_max.value_or(0) < 0) return fails(EINVAL, "pids.max");
  if (limits.cpu_max) {
    const CpuLimit& cpu = *limits.cpu_max;
    if (cpu.quota < milliseconds(1) || cpu.period < milliseconds(1) ||
        cpu.period > milliseconds(1000))
      return fails(EINVAL, "cpu.max");
  }
  if (limits.cpu_weight && (*limits.cpu_weight < 1 || *limits.cpu_weight > 10'000))
    return fails(ERANGE, "cpu.weight");
  for (const IoLimit& io : limits.io_max) {
    const std::optional<std::int64_t> values[] = {io.read_bytes.transform(&Bytes::count),
                                                  io.write_bytes.transform(&Bytes::count),
                                                  io.read_operations, io.write_operations};
    const auto is_set = [](const auto& value) { return value.has_value(); };
    const auto is_negative = [](const auto& value) { return value.value_or(0) < 0; };
    if (std::ranges::none_of(values, is_set) || std::ranges::any_of(values, is_negative))
      return fails(EINVAL, "io.max");
  }
  return {};
}

}  // namespace

ControllerSet CgroupLimits::controllers() const noexcept {
  ControllerSet needed;
  if (memory_max || memory_high || swap_max || kills_all) needed = needed | Controller::memory;
  if (pids_max) needed = needed | Controller::pids;
  if (cpu_max || cpu_weight) needed = needed | Controller::cpu;
  if (!io_max.empty()) needed = needed | Controller::io;
  return needed;
}

Result<void, CgroupError> Cgroup::set(const CgroupLimits& limits) const {
  if (auto valid = check(limits); !valid) return valid;
  Result<void, CgroupError> done;
  const auto set = [&](const char* file, const std::string& text) {
    if (done) done = detail::write_file(directory_, file, text, CgroupStep::limit);
  };
  if (limits.memory_max) set("memory.max", text_of(*limits.memory_max));
  if (limits.memory_high) set("memory.high", text_of(*limits.memory_high));
  if (limits.swap_max) set("memory.swap.max", text_of(*limits.swap_max));
  if (limits.kills_all) set("memory.oom.group", *limits.kills_all ? "1" : "0");
  if (limits.pids_max) set("pids.max", text_of(*limits.pids_max));
  if (limits.cpu_max) set("cpu.max", text_of(*limits.cpu_max));
  if (limits.cpu_weight) set("cpu.weight", std::to_string(*limits.cpu_weight));
  for (const IoLimit& io : limits.io_max)
    set("io.max", text_of(io));
  return done;
}

Result<CgroupUsage, CgroupError> Cgroup::usage() const {
  const auto stat = detail::read_file(directory_, "cpu.stat");
  if (!stat) return std::unexpected(stat.error());
  const auto time = [&](std::string_view key) -> std::optional<std::chrono::microseconds> {
    const auto number = detail::number_at(*stat, key);
    if (!number) return std::nullopt;
    return std::chrono::microseconds(*number);
  };
  const auto bytes = [&](const char* file) -> std::optional<Bytes> {
    const auto number = detail::number_in_file(directory_, file);
    if (!number) return std::nullopt;
    return Bytes(static_cast<std::int64_t>(*number));
  };
  return CgroupUsage{.memory = bytes("memory.current"),
                     .memory_peak = bytes("memory.peak"),
                     .swap = bytes("memory.swap.current"),
                     .cpu_user = time("user_usec"),
                     .cpu_system = time("system_usec"),
                     .pids = detail::number_in_file(directory_, "pids.current"),
                     .pids_peak = detail::number_in_file(directory_, "pids.peak")};
}

Result<CgroupEvents, CgroupError> Cgroup::events() const {
  const auto content = detail::read_file(directory_, "cgroup.events");
  if (!content) return std::unexpected(content.error());
  CgroupEvents events = detail::events_of(*content);
  if (const auto memory = detail::read_file(directory_, "memory.events")) {
    events.oom = detail::number_at(*memory, "oom");
    events.oom_kill = detail::number_at(*memory, "oom_kill");
    events.oom_group_kill = detail::number_at(*memory, "oom_group_kill");
  }
  if (const auto pids = detail::read_file(directory_, "pids.events"))
    events.pids_max = detail::number_at(*pids, "max");
  return events;
}

}  // namespace v0
}  // namespace sysfd
