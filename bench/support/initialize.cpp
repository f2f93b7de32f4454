// SPDX-License-Identifier: MIT
#include "support/initialize.hpp"

#include <benchmark/benchmark.h>

#include <array>

namespace sysfd_bench {

void initialize(const std::string& program, const std::string& out) {
  // It keeps what it is given.
  static std::array<std::string, 3> words;
  words = {program, "--benchmark_enable_random_interleaving=true", "--benchmark_out=" + out};
  std::array<char*, 4> arguments{words[0].data(), words[1].data(), words[2].data(), nullptr};
  int count = out.empty() ? 2 : 3;
  benchmark::Initialize(&count, arguments.data());
}

}  // namespace sysfd_bench
