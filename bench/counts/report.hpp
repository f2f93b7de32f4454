// SPDX-License-Identifier: MIT
//
// What was counted, for people and for programs.
#ifndef SYSFD_BENCH_COUNTS_REPORT_HPP
#define SYSFD_BENCH_COUNTS_REPORT_HPP

#include <optional>
#include <string>
#include <vector>

#include "counts/budgets.hpp"
#include "counts/operation.hpp"
#include "support/cost.hpp"

namespace sysfd_bench {

struct Counted {
  const Operation* operation = nullptr;
  std::optional<Cost> raw;   // nothing: there is no twin
  std::optional<Cost> ours;  // nothing: it cannot be done here

  // Beyond the raw twin.
  Figures figures() const;
};

// Prints a table. Whether all is within the budgets.
bool report(const std::vector<Counted>& all, const Budgets& budgets);

// An array of names, units and values, which are better if they are smaller, as
// github-action-benchmark and others read it.
void write_json(const std::string& path, const std::vector<Counted>& all);

}  // namespace sysfd_bench

#endif  // SYSFD_BENCH_COUNTS_REPORT_HPP
