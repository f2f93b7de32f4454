// SPDX-License-Identifier: MIT
#include "spawn/cases.hpp"

namespace sysfd_bench {
namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;

Task with_memory(std::size_t mebibytes) {
  return {.conditions = {.memory = mebibytes * mebibyte}};
}

Task with_descriptors(std::size_t count) {
  return {.conditions = {.descriptors = count}};
}

Task with_threads(int count) {
  return {.threads = count, .pinned = false};
}

}  // namespace

const std::vector<Case>& all_cases() {
  static const std::vector<Case> cases = {
      {"base", "base", "nothing special", 0, true, {}},
      {"memory-256M", "memory", "256 MiB", 256, true, with_memory(256)},
      {"memory-1G", "memory", "1 GiB", 1024, false, with_memory(1024)},
      {"memory-4G", "memory", "4 GiB", 4096, false, with_memory(4096)},
      {"descriptors-100", "descriptors", "100", 100, false, with_descriptors(100)},
      {"descriptors-1000", "descriptors", "1000", 1000, false, with_descriptors(1000)},
      {"descriptors-15000", "descriptors", "15,000", 15000, true, with_descriptors(15000)},
      {"passed-3", "passed", "3", 3, false, {.passing = Passing::three}},
      {"passed-5", "passed", "5, two swapped", 5, true, {.passing = Passing::five_swapped}},
      {"passed-16", "passed", "16", 16, false, {.passing = Passing::sixteen}},
      {"passed-fresh",
       "passed",
       "3 fresh of 15,000",
       3,
       false,
       {.conditions = {.descriptors = 15000}, .passing = Passing::three_fresh}},
      {"arguments-10", "arguments", "10 arguments", 10, false, {.arguments = 10}},
      {"arguments-1000", "arguments", "1000 arguments", 1000, false, {.arguments = 1000}},
      {"variables-1000",
       "arguments",
       "1000 variables",
       1000,
       false,
       {.conditions = {.variables = 1000}}},
      {"program-true", "program", "/bin/true", 0, false, {.real_program = true}},
      {"threads-1", "threads", "1", 1, false, with_threads(1)},
      {"threads-2", "threads", "2", 2, true, with_threads(2)},
      {"threads-8", "threads", "8", 8, false, with_threads(8)},
      {"batch-64", "batch", "64 at once", 64, true, {.pinned = false, .batch = 64}},
      {"return", "return", "until the caller goes on", 0, true, {.measured = Measured::start_only}},
  };
  return cases;
}

}  // namespace sysfd_bench
