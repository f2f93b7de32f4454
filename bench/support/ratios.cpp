// SPDX-License-Identifier: MIT
#include "support/ratios.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>

namespace sysfd_bench {
namespace {

struct Outcome {
  double value;
  std::size_t starts;  // of the one of the two that has fewer
  const char* verdict;
};

Outcome outcome_of(const Ratio& ratio, const Samples& samples) {
  const std::size_t starts =
      std::min(samples.count(ratio.numerator), samples.count(ratio.denominator));
  if (starts == 0) return {0, 0, "not measured"};
  const double value = samples.median_of(ratio.numerator) / samples.median_of(ratio.denominator);
  if (value > ratio.limit) return {value, starts, "over the limit"};
  return {value, starts, value > ratio.bar ? "over the bar" : "within"};
}

}  // namespace

bool report(const std::vector<Ratio>& ratios, const Samples& samples, const std::string& file) {
  std::ofstream json(file);
  json << "{\"ratios\": [";
  const char* separator = "\n";
  bool all_within = true;
  std::printf("%-66s %7s %6s %6s %7s\n", "ratio of medians", "is", "bar", "limit", "starts");
  for (const Ratio& ratio : ratios) {
    const Outcome outcome = outcome_of(ratio, samples);
    all_within = all_within && (outcome.starts == 0 || outcome.value <= ratio.limit);
    std::printf("%-66s %7.3f %6.2f %6.2f %7zu  %s\n", ratio.name.c_str(), outcome.value, ratio.bar,
                ratio.limit, outcome.starts, outcome.verdict);
    json << separator << "  {\"name\": \"" << ratio.name << "\", \"value\": " << outcome.value
         << ", \"bar\": " << ratio.bar << ", \"limit\": " << ratio.limit
         << ", \"starts\": " << outcome.starts << ", \"verdict\": \"" << outcome.verdict << "\"}";
    separator = ",\n";
  }
  json << "\n]}\n";
  return all_within;
}

}  // namespace sysfd_bench
