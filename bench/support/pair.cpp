// SPDX-License-Identifier: MIT
#include "support/pair.hpp"

#include <cstdio>
#include <string_view>
#include <vector>

#include "support/conditions.hpp"
#include "support/initialize.hpp"

namespace sysfd_bench {
namespace {

std::vector<benchmark::internal::Benchmark*>& all_made() {
  static std::vector<benchmark::internal::Benchmark*> all;
  return all;
}

}  // namespace

void configure(benchmark::internal::Benchmark* made) {
  made->ReportAggregatesOnly()->UseRealTime();
  all_made().push_back(made);
}

int run_pairs(int argc, char** argv) {
  std::string out;
  bool quick = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--quick") {
      quick = true;
    } else if (word == "--out" && i + 1 < argc) {
      out = argv[++i];
    } else {
      std::fprintf(stderr, "%s [--quick] [--out FILE]\n", argv[0]);
      return 2;
    }
  }
  for (auto* made : all_made())
    made->Repetitions(quick ? 5 : 15)->MinTime(quick ? 0.002 : 0.02);

  initialize(argv[0], out);
  stay_on_one_processor();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

}  // namespace sysfd_bench
