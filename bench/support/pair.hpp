// SPDX-License-Identifier: MIT
//
// Pairs of benchmarks: an operation of sysfd, and the raw system calls that one would write
// instead.
//
//     int main(int argc, char** argv) {
//       sysfd_bench::add_pair("duplicate", [&] { return ::fcntl(...); },
//                             [&] { return fd.duplicate(); });
//       return sysfd_bench::run_pairs(argc, argv);
//     }
//
// Both answer whether it has worked: a number that is not negative, true, or a Result with a value.
// What does not work the first time is shown as not there, with the error.
#ifndef SYSFD_BENCH_SUPPORT_PAIR_HPP
#define SYSFD_BENCH_SUPPORT_PAIR_HPP

#include <benchmark/benchmark.h>

#include <cerrno>
#include <concepts>
#include <cstring>
#include <string>
#include <utility>

namespace sysfd_bench {

// The error of an answer as text; empty if there is none.
inline std::string error_of(bool answer) {
  return answer ? "" : "it failed";
}
template <std::signed_integral T>
std::string error_of(T answer) {
  return answer >= 0 ? "" : std::strerror(errno);
}
template <class T>
  requires requires(const T& answer) { answer.error(); }
std::string error_of(const T& answer) {
  if (answer.has_value()) return {};
  if constexpr (requires { answer.error().message(); })
    return answer.error().message();
  else
    return answer.error().describe();
}

void configure(benchmark::internal::Benchmark* made);

template <class Operation>
void add_one(const std::string& name, Operation operation) {
  configure(benchmark::RegisterBenchmark(
      name.c_str(), [operation = std::move(operation)](benchmark::State& state) mutable {
        if (const std::string error = error_of(operation()); !error.empty()) {
          state.SkipWithError(error.c_str());
          return;
        }
        for ([[maybe_unused]] auto _ : state) {
          auto&& answer = operation();
          benchmark::DoNotOptimize(answer);
        }
      }));
}

template <class Raw, class Ours>
void add_pair(const std::string& name, Raw raw, Ours ours) {
  add_one(name + "/raw", std::move(raw));
  add_one(name + "/sysfd", std::move(ours));
}

// Runs all that were added, in random order. Arguments: [--quick] [--out FILE], for the JSON of
// Google Benchmark.
int run_pairs(int argc, char** argv);

}  // namespace sysfd_bench

#endif  // SYSFD_BENCH_SUPPORT_PAIR_HPP
