// SPDX-License-Identifier: MIT
//
// Times of single starts, of a peer of any kind.
#ifndef SYSFD_BENCH_SPAWN_MEASURE_HPP
#define SYSFD_BENCH_SPAWN_MEASURE_HPP

#include <string>
#include <vector>

#include "peers/peer.hpp"
#include "spawn/task.hpp"
#include "support/statistics.hpp"

namespace sysfd_bench {

struct Times {
  std::vector<double>
      nanoseconds{};     // of each start; with threads one, of what a start took on average
  std::string failed{};  // why, then there are none
};

// Why this cannot be measured here; empty if it can.
std::string gap_of(const Peer& peer, const Task& task);

// Makes the conditions, starts some that do not count, and measures `starts`.
Times measure(const Peer& peer, const Task& task, int starts);

// Registers a benchmark of Google Benchmark with this name: `starts` in each of `repetitions`. The
// times are added to `samples`, which must live as long as benchmarks run. What cannot be measured
// is an error there, with the reason.
void add_benchmark(Samples& samples, const std::string& name, const Peer& peer, const Task& task,
                   int starts, int repetitions);

// How many starts take about so long; at least `least`.
int starts_within(const Peer& peer, const Task& task, double seconds, int least, int most);

}  // namespace sysfd_bench

#endif  // SYSFD_BENCH_SPAWN_MEASURE_HPP
