// SPDX-License-Identifier: MIT
//
// What was given, on the command line and in profiles, before anybody looks at the values.
#ifndef SYSFD_RUN_COMMAND_LINE_HPP
#define SYSFD_RUN_COMMAND_LINE_HPP

#include <string>
#include <vector>

#include "checked.hpp"
#include "option_table.hpp"

namespace sysfd_run {

struct Given {
  const Option* option;
  std::string value;  // "true" or "false" of a flag
  std::string where;  // "--deadline 5s", "web.toml:3: deadline"
};

struct CommandLine {
  std::vector<Given> given;          // those of profiles first, as the command line is stronger
  std::vector<std::string> program;  // and its arguments

  // The last one; null: not given.
  const Given* last(Id id) const;
  bool has_flag(Id id) const;
};

// Options end at "--", or at the first word that is none. Reads the profiles that are named.
Checked<CommandLine> parse_command_line(int argc, const char* const* argv);

}  // namespace sysfd_run

#endif  // SYSFD_RUN_COMMAND_LINE_HPP
