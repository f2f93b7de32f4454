// SPDX-License-Identifier: MIT
#include "support/json_reporter.hpp"

#include <cstdio>

namespace sysfd_bench {
namespace {

// Why a run has failed, or null. Google Benchmark 1.8 gave these members other names.
template <class Run>
const char* failure_of(const Run& run) {
  if constexpr (requires { run.error_occurred; })
    return run.error_occurred ? run.error_message.c_str() : nullptr;
  else
    return run.skipped != 0 ? run.skip_message.c_str() : nullptr;
}

}  // namespace

void JsonReporter::ReportRuns(const std::vector<Run>& runs) {
  std::vector<Run> with_quantiles = runs;
  for (Run& run : with_quantiles) {
    const std::string& name = run.run_name.function_name;
    if (run.aggregate_name != "median" || !samples_->has(name)) continue;
    run.counters["start_median"] = samples_->median_of(name);
    run.counters["start_p10"] = samples_->quantile_of(name, 0.1);
    run.counters["start_p90"] = samples_->quantile_of(name, 0.9);
    run.counters["starts"] = static_cast<double>(samples_->count(name));
  }
  JSONReporter::ReportRuns(with_quantiles);
}

void QuietReporter::ReportRuns(const std::vector<Run>& runs) {
  for (const Run& run : runs)
    if (const char* failure = failure_of(run))
      std::fprintf(stderr, "  %s: %s\n", run.run_name.function_name.c_str(), failure);
}

}  // namespace sysfd_bench
