// SPDX-License-Identifier: MIT
//
// Runs sysfd-run as it was built.
#ifndef SYSFD_TESTS_RUN_TOOL_HPP
#define SYSFD_TESTS_RUN_TOOL_HPP

#include <string>
#include <vector>

#include <sysfd/command.hpp>

#include "support/prelude.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {

using Words = std::vector<std::string>;

inline Command tool(const Words& words) {
  Command command(SYSFD_RUN);
  command.args(words);
  return command;
}

// What it has written, and how it has ended. The limit of time is for a test that fails.
inline Output run_tool(const Words& words) {
  Command command = tool(words);
  return must(command.output({.timeout = std::chrono::seconds(60)}));
}

// Of a tool that starts a line of a shell: the options come before it.
inline Output run_shell(Words options, const std::string& line) {
  for (const char* const word : {"--", "sh", "-c"})
    options.emplace_back(word);
  options.push_back(line);
  return run_tool(options);
}

inline int status_of(const Output& output) {
  return output.status ? output.status->code().value_or(-1) : -1;
}

std::string content_of(const std::string& path);
void write_file(const std::string& path, const std::string& text);
// The number or word behind "name": in a JSON object of sysfd-run; empty: it is not there.
std::string member_of(const std::string& json, const std::string& name);

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_RUN_TOOL_HPP
