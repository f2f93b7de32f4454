// SPDX-License-Identifier: MIT
//
// --explain and --dry-run: what would be done, and what of it can be enforced here.
#ifndef SYSFD_RUN_EXPLAIN_HPP
#define SYSFD_RUN_EXPLAIN_HPP

#include <string>

#include "command_line.hpp"
#include "settings.hpp"

namespace sysfd_run {

struct Explanation {
  std::string text;
  bool all_enforced = true;
};

// Tries what can be tried without a trace: rulesets, cgroups and namespaces are made and dropped,
// and a program that does nothing is started with the privileges and limits that were given. Opens
// no file for the program, and makes no socket.
Explanation explain_settings(const CommandLine& line, const Settings& settings);

// Tries nothing.
std::string describe_run(const CommandLine& line, const Settings& settings);

}  // namespace sysfd_run

#endif  // SYSFD_RUN_EXPLAIN_HPP
