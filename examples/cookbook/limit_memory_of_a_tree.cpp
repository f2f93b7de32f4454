// SPDX-License-Identifier: MIT
#include <chrono>
#include <iostream>

#include <sysfd/command.hpp>

#include "recipe.hpp"

using namespace std::chrono_literals;

int main() {
  // tail(1) keeps the last line, which never ends here, in memory.
  auto run = sysfd::Command("tail")
                 .arg("/dev/zero")
                 .contain({.limits = {.memory_max = sysfd::mebibytes(64),
                                      .swap_max = sysfd::mebibytes(0),
                                      .pids_max = 20,
                                      .cpu_max = sysfd::CpuLimit{.quota = 100ms}}})
                 .output({.timeout = 60s});
  if (!run && (run.error().step == sysfd::SpawnStep::containment ||
               run.error().step == sysfd::SpawnStep::cgroup))
    return not_possible_here(run.error());
  if (!run) return fail(run.error());
  std::cout << run->describe() << '\n';  // killed by signal 9 (Killed), out of memory
  return run->ending.reason == sysfd::EndReason::out_of_memory ? 0 : 1;
}
