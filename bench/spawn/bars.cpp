// SPDX-License-Identifier: MIT
#include "spawn/bars.hpp"

#include <algorithm>

#include "peers/peer.hpp"
#include "spawn/measure.hpp"
#include "spawn/task.hpp"

namespace sysfd_bench {
namespace {

constexpr std::size_t gibibyte = std::size_t{1} << 30;
constexpr Conditions many_open{.descriptors = 15000};
// On all processors, which is what it is for.
const Task batch_of_64{.pinned = false, .measured = Measured::start_only, .batch = 64};

struct Measurement {
  const char* name;
  const char* peer;
  Task task;
  int least_starts = 20;  // in one repetition: more where it takes long to make the conditions
};

const std::vector<Measurement>& measurements() {
  static const std::vector<Measurement> all = {
      {"vfork", "vfork+execve", {}},
      {"posix_spawn", "posix_spawn", {}},
      {"sysfd", "sysfd", {}},
      {"prepared", "sysfd, prepared", {}},
      {"status", "sysfd, status", {}},
      {"prepared, status", "sysfd, prepared, status", {}},
      {"posix_spawn, 5 passed",
       "posix_spawn, mask and closefrom",
       {.passing = Passing::five_swapped}},
      {"sysfd, 5 passed", "sysfd", {.passing = Passing::five_swapped}},
      {"status, 5 passed", "sysfd, status", {.passing = Passing::five_swapped}},
      {"prepared, status, 5 passed", "sysfd, prepared, status", {.passing = Passing::five_swapped}},
      {"posix_spawn, 5 passed, return",
       "posix_spawn, mask and closefrom",
       {.passing = Passing::five_swapped, .measured = Measured::start_only}},
      {"sysfd, 5 passed, return",
       "sysfd",
       {.passing = Passing::five_swapped, .measured = Measured::start_only}},
      {"posix_spawn, 15000 open", "posix_spawn", {.conditions = many_open}},
      {"sysfd, 15000 open", "sysfd", {.conditions = many_open}},
      {"posix_spawn, 3 fresh of 15000",
       "posix_spawn, mask and closefrom",
       {.conditions = many_open, .passing = Passing::three_fresh}},
      {"sysfd, 3 fresh of 15000",
       "sysfd",
       {.conditions = many_open, .passing = Passing::three_fresh}},
      {"sysfd, 3 fresh", "sysfd", {.passing = Passing::three_fresh}},
      {"posix_spawn, return", "posix_spawn", {.measured = Measured::start_only}},
      {"sysfd, async", "sysfd, spawn_async", {.measured = Measured::start_only}},
      {"posix_spawn, 64", "posix_spawn", batch_of_64},
      {"sysfd, 64", "sysfd, spawn_all", batch_of_64},
      {"sysfd, 4 GiB", "sysfd", {.conditions = {.memory = 4 * gibibyte}}, 75},
  };
  return all;
}

}  // namespace

const std::vector<Ratio>& bars() {
  // The limits leave room for noise, of which there is much on a machine that is shared with
  // others: what fails is a spawn that has become as slow as others, or slower with what is open or
  // resident.
  static const std::vector<Ratio> all = {
      {"defaults: sysfd / posix_spawn", "sysfd", "posix_spawn", 0.78, 1.00},
      {"defaults: sysfd / bare vfork+execve", "sysfd", "vfork", 1.08, 1.50},
      {"prepared: sysfd / bare vfork+execve", "prepared", "vfork", 1.08, 1.50},
      {"defaults, in one call: sysfd status / posix_spawn", "status", "posix_spawn", 0.78, 1.00},
      {"defaults, in one call: sysfd status / bare vfork+execve", "status", "vfork", 1.08, 1.50},
      {"prepared, in one call: sysfd status / bare vfork+execve", "prepared, status", "vfork", 1.08,
       1.50},
      {"5 passed with a swap, all else closed: sysfd / posix_spawn", "sysfd, 5 passed",
       "posix_spawn, 5 passed", 0.70, 1.00},
      {"the same, in one call: sysfd status / posix_spawn", "status, 5 passed",
       "posix_spawn, 5 passed", 0.70, 1.00},
      {"the same, prepared, in one call: sysfd status / posix_spawn", "prepared, status, 5 passed",
       "posix_spawn, 5 passed", 0.70, 1.00},
      {"the same, until the caller goes on: sysfd / posix_spawn", "sysfd, 5 passed, return",
       "posix_spawn, 5 passed, return", 0.70, 1.00},
      {"15,000 open: sysfd / posix_spawn", "sysfd, 15000 open", "posix_spawn, 15000 open", 0.10,
       0.15},
      {"15,000 open: sysfd / sysfd with none", "sysfd, 15000 open", "sysfd", 1.15, 1.60},
      {"15,000 open, 3 fresh ones passed: sysfd / posix_spawn", "sysfd, 3 fresh of 15000",
       "posix_spawn, 3 fresh of 15000", 0.12, 0.18},
      {"15,000 open, 3 fresh ones passed: sysfd / sysfd with none", "sysfd, 3 fresh of 15000",
       "sysfd, 3 fresh", 1.25, 1.75},
      {"until the caller goes on: sysfd, asynchronous / posix_spawn", "sysfd, async",
       "posix_spawn, return", 0.25, 0.38},
      {"64 at once, all started: sysfd / posix_spawn", "sysfd, 64", "posix_spawn, 64", 0.60, 0.90},
      {"4 GiB resident: sysfd / sysfd with none", "sysfd, 4 GiB", "sysfd", 1.10, 1.75},
  };
  return all;
}

void add_bars(Samples& samples, int starts) {
  for (const Measurement& each : measurements()) {
    const int at_once = std::max(each.least_starts, each.task.batch);
    // Of a batch there is one time, for all in it.
    const int repetitions = each.task.batch > 1 ? starts / 10 : (starts + at_once - 1) / at_once;
    add_benchmark(samples, each.name, peer_named(each.peer), each.task, at_once, repetitions);
  }
}

}  // namespace sysfd_bench
