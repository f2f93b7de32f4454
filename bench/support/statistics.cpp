// SPDX-License-Identifier: MIT
#include "support/statistics.hpp"

#include <algorithm>
#include <cmath>

namespace sysfd_bench {

double quantile(std::vector<double> values, double part) {
  if (values.empty()) return 0;
  const double place = part * static_cast<double>(values.size() - 1);
  const auto nth = values.begin() + static_cast<std::ptrdiff_t>(std::lround(place));
  std::ranges::nth_element(values, nth);
  return *nth;
}

void Samples::add(const std::string& name, const std::vector<double>& values) {
  auto& all = values_[name];
  all.insert(all.end(), values.begin(), values.end());
}

std::size_t Samples::count(const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? 0 : found->second.size();
}

double Samples::quantile_of(const std::string& name, double part) const {
  const auto found = values_.find(name);
  return found == values_.end() ? 0 : quantile(found->second, part);
}

}  // namespace sysfd_bench
