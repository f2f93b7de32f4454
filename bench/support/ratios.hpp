// SPDX-License-Identifier: MIT
//
// One time divided by another of the same run: what we want it to be at most (the bar), and what is
// too much to be noise (the limit).
#ifndef SYSFD_BENCH_SUPPORT_RATIOS_HPP
#define SYSFD_BENCH_SUPPORT_RATIOS_HPP

#include <string>
#include <vector>

#include "support/statistics.hpp"

namespace sysfd_bench {

struct Ratio {
  std::string name;
  std::string numerator;  // names of benchmarks
  std::string denominator;
  double bar;
  double limit;
};

// Prints a table, and writes it as JSON to a file if one is named. Of what was not measured it says
// so. True: none is over its limit.
bool report(const std::vector<Ratio>& ratios, const Samples& samples, const std::string& file);

}  // namespace sysfd_bench

#endif  // SYSFD_BENCH_SUPPORT_RATIOS_HPP
