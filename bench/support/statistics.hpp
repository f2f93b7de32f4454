// SPDX-License-Identifier: MIT
//
// Quantiles of single measurements: a median of means hides what a few slow ones do to each mean.
#ifndef SYSFD_BENCH_SUPPORT_STATISTICS_HPP
#define SYSFD_BENCH_SUPPORT_STATISTICS_HPP

#include <map>
#include <string>
#include <vector>

namespace sysfd_bench {

// The value below which this part of `values` lies; 0 if there are none.
double quantile(std::vector<double> values, double part);

// What was measured, one by one, by name of the benchmark.
class Samples {
 public:
  void add(const std::string& name, const std::vector<double>& values);
  bool has(const std::string& name) const { return values_.contains(name); }
  std::size_t count(const std::string& name) const;
  double quantile_of(const std::string& name, double part) const;
  double median_of(const std::string& name) const { return quantile_of(name, 0.5); }

 private:
  std::map<std::string, std::vector<double>> values_;
};

}  // namespace sysfd_bench

#endif  // SYSFD_BENCH_SUPPORT_STATISTICS_HPP
