// SPDX-License-Identifier: MIT
//
// The cases of the benchmark of spawn. Each is run by a process of its own, which measures every
// peer in it, in random order.
#ifndef SYSFD_BENCH_SPAWN_CASES_HPP
#define SYSFD_BENCH_SPAWN_CASES_HPP

#include <string>
#include <vector>

#include "spawn/task.hpp"

namespace sysfd_bench {

struct Case {
  std::string id;         // for file names and --case
  std::string dimension;  // what is varied; cases of one dimension are the columns of one table
  std::string label;
  double amount;  // on the axis of a plot
  bool quick;     // also measured with --quick
  Task task;
};

const std::vector<Case>& all_cases();

}  // namespace sysfd_bench

#endif  // SYSFD_BENCH_SPAWN_CASES_HPP
