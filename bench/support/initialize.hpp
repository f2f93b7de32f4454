// SPDX-License-Identifier: MIT
#ifndef SYSFD_BENCH_SUPPORT_INITIALIZE_HPP
#define SYSFD_BENCH_SUPPORT_INITIALIZE_HPP

#include <string>

namespace sysfd_bench {

// Prepares Google Benchmark: random order, and the file that its JSON goes to unless it is empty.
void initialize(const std::string& program, const std::string& out);

}  // namespace sysfd_bench

#endif  // SYSFD_BENCH_SUPPORT_INITIALIZE_HPP
