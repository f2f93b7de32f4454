// SPDX-License-Identifier: MIT
//
// What each operation may cost: budgets.txt, which people read and review.
#ifndef SYSFD_BENCH_COUNTS_BUDGETS_HPP
#define SYSFD_BENCH_COUNTS_BUDGETS_HPP

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "support/cost.hpp"

namespace sysfd_bench {

// What an operation of ours costs; of `instructions`, those beyond the raw twin's.
using Figures = Cost;

class Budgets {
 public:
  // Ends the program where the file is not as it must be.
  explicit Budgets(std::string path);

  // The line of an operation.
  std::optional<Figures> find(const std::string& name) const;
  // The names in the file, in its order.
  std::vector<std::string> names() const;

  // Writes the file anew: the same comments and lines, in their order, each with what is given for
  // it; a line for which nothing is given goes. What has no line yet gets one at the end.
  void write(const std::map<std::string, Figures>& figures) const;

 private:
  struct Line {
    std::string text;
    std::optional<std::string> name;  // nothing for a comment
    Figures figures;
  };

  Line parse(const std::string& text, std::size_t number) const;

  std::string path_;
  std::vector<Line> lines_;
};

}  // namespace sysfd_bench

#endif  // SYSFD_BENCH_COUNTS_BUDGETS_HPP
