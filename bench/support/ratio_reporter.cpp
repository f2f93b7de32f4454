// SPDX-License-Identifier: MIT
#include "support/ratio_reporter.hpp"

#include <cstdio>

namespace sysfd_bench {

void RatioReporter::ReportRuns(const std::vector<Run>& runs) {
  ConsoleReporter::ReportRuns(runs);
  for (const Run& run : runs)
    if (run.aggregate_name == "median")
      medians_[run.run_name.function_name] = run.GetAdjustedRealTime();
}

bool RatioReporter::report(const std::vector<Ratio>& ratios) {
  bool all_within = true;
  std::printf("\n%-64s %8s %8s\n", "ratio of medians", "is", "limit");
  for (const Ratio& ratio : ratios) {
    if (!medians_.contains(ratio.numerator) || !medians_.contains(ratio.denominator)) continue;
    const double value = medians_[ratio.numerator] / medians_[ratio.denominator];
    const bool within = value <= ratio.limit;
    all_within = all_within && within;
    std::printf("%-64s %8.3f %8.2f%s\n", ratio.name, value, ratio.limit, within ? "" : "  OVER");
  }
  return all_within;
}

}  // namespace sysfd_bench
