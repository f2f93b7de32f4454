// SPDX-License-Identifier: MIT
//
// The state of the parent that a benchmark runs in.
#ifndef SYSFD_BENCH_SUPPORT_CONDITIONS_HPP
#define SYSFD_BENCH_SUPPORT_CONDITIONS_HPP

#include <cstddef>

namespace sysfd_bench {

// From now on, this process and its children run on the processor that it runs on now.
void stay_on_one_processor();

// Raises RLIMIT_NOFILE as far as it goes. Answers how many descriptors can be held by
// hold_descriptors().
std::size_t raise_descriptor_limit();

// From now on, this many descriptors are open on top of the few that the program needs.
void hold_descriptors(std::size_t count);

// From now on, this much memory is in use and resident, in pages of the usual size.
void hold_memory(std::size_t bytes);

}  // namespace sysfd_bench

#endif  // SYSFD_BENCH_SUPPORT_CONDITIONS_HPP
