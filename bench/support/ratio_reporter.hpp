// SPDX-License-Identifier: MIT
#ifndef SYSFD_BENCH_SUPPORT_RATIO_REPORTER_HPP
#define SYSFD_BENCH_SUPPORT_RATIO_REPORTER_HPP

#include <benchmark/benchmark.h>

#include <map>
#include <string>
#include <vector>

namespace sysfd_bench {

// One time divided by another of the same run, and what it may be at most.
struct Ratio {
  const char* name;
  const char* numerator;  // names of benchmarks
  const char* denominator;
  double limit;
};

// Prints what Google Benchmark prints, and keeps the medians.
class RatioReporter : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override;

  // Prints a table of ratios, leaving out those of benchmarks that were not run. True: none is over
  // its limit.
  bool report(const std::vector<Ratio>& ratios);

 private:
  std::map<std::string, double> medians_;
};

}  // namespace sysfd_bench

#endif  // SYSFD_BENCH_SUPPORT_RATIO_REPORTER_HPP
