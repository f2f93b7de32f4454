// SPDX-License-Identifier: MIT
//
// What a process is: the same code answers in the tests and in the program that they start.
#ifndef SYSFD_TESTS_SPAWN_FACTS_HPP
#define SYSFD_TESTS_SPAWN_FACTS_HPP

#include <map>
#include <string>

namespace sysfd_test {

// By name: "Uid", "CapEff", ... as in /proc/self/status; "limit 7" (soft and hard), "nice",
// "ns/net", "session", ... Values are texts with single spaces.
using Facts = std::map<std::string, std::string>;

Facts facts_of_this_process();

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SPAWN_FACTS_HPP
