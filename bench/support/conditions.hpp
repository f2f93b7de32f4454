// SPDX-License-Identifier: MIT
//
// The state of the parent that a benchmark runs in.
#ifndef SYSFD_BENCH_SUPPORT_CONDITIONS_HPP
#define SYSFD_BENCH_SUPPORT_CONDITIONS_HPP

#include <cstddef>
#include <span>
#include <string>

namespace sysfd_bench {

struct Conditions {
  std::size_t memory = 0;  // bytes that are resident, in pages of the usual size
  std::size_t descriptors =
      0;                       // open ones, close-on-exec, on top of the few that the program needs
  std::size_t variables = 10;  // in the environment
  friend bool operator==(const Conditions&, const Conditions&) = default;
};

// RLIMIT_NOFILE from here on. Some peers look at each number below it.
inline constexpr std::size_t descriptor_limit = 20000;

// Pages of the usual size for this process and all that it starts, and descriptor_limit as the
// limit.
void set_limits();

// Why this machine cannot be brought there; empty if it can. `reserve`: memory that is to be left.
std::string cannot_meet(const Conditions& conditions, std::size_t reserve = 0);

// From now on, it is so. True: something has changed.
bool meet(const Conditions& conditions);

// The memory that is held now.
std::span<std::byte> held_memory();

// From now on, this thread and what it starts run on the processor where this was called for the
// first time; on any.
void stay_on_one_processor();
void use_all_processors();
// From now on, this thread runs on that one, counted from 0. False: there is none.
bool use_processor(std::size_t number);

}  // namespace sysfd_bench

#endif  // SYSFD_BENCH_SUPPORT_CONDITIONS_HPP
