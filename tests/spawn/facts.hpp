// SPDX-License-Identifier: MIT
//
// Describes a process: the same code runs in the tests and in the program that they start.
#ifndef SYSFD_TESTS_SPAWN_FACTS_HPP
#define SYSFD_TESTS_SPAWN_FACTS_HPP

#include <cstdint>
#include <map>
#include <string>

namespace sysfd_test {

// Contains values by name: "Uid", "CapEff", ... as in /proc/self/status; "limit 7" (soft and hard),
// "nice", "ns/net", "session", ... The values have single spaces.
using Facts = std::map<std::string, std::string>;

Facts facts_of_this_process();

// Has the layout of struct sched_attr of <linux/sched/types.h>, which conflicts with <sched.h>.
struct SchedulingAttributes {
  std::uint32_t size = sizeof(SchedulingAttributes);
  std::uint32_t policy = 0;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime = 0;
  std::uint64_t deadline = 0;
  std::uint64_t period = 0;
};

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SPAWN_FACTS_HPP
