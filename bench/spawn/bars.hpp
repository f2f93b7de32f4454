// SPDX-License-Identifier: MIT
//
// The ratios that sysfd is to reach.
#ifndef SYSFD_BENCH_SPAWN_BARS_HPP
#define SYSFD_BENCH_SPAWN_BARS_HPP

#include <vector>

#include "support/ratios.hpp"
#include "support/statistics.hpp"

namespace sysfd_bench {

// Registers what the ratios are made of, with at least so many starts each.
void add_bars(Samples& samples, int starts);

const std::vector<Ratio>& bars();

}  // namespace sysfd_bench

#endif  // SYSFD_BENCH_SPAWN_BARS_HPP
