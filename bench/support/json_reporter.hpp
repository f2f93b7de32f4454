// SPDX-License-Identifier: MIT
//
// What Google Benchmark writes as JSON, with the quantiles of single measurements added to the line
// of the median, as counters: start_median, start_p10, start_p90 and starts, in nanoseconds.
#ifndef SYSFD_BENCH_SUPPORT_JSON_REPORTER_HPP
#define SYSFD_BENCH_SUPPORT_JSON_REPORTER_HPP

#include <benchmark/benchmark.h>

#include <vector>

#include "support/statistics.hpp"

namespace sysfd_bench {

class JsonReporter : public benchmark::JSONReporter {
 public:
  // `samples` by the names that benchmarks were registered with.
  explicit JsonReporter(const Samples& samples) : samples_(&samples) {}
  void ReportRuns(const std::vector<Run>& runs) override;

 private:
  const Samples* samples_;
};

// For the screen: nothing but errors.
class QuietReporter : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context& /*context*/) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override;
};

}  // namespace sysfd_bench

#endif  // SYSFD_BENCH_SUPPORT_JSON_REPORTER_HPP
