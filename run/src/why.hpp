// SPDX-License-Identifier: MIT
//
// --why: which rule was missing, when a system call of the program failed with EACCES.
#ifndef SYSFD_RUN_WHY_HPP
#define SYSFD_RUN_WHY_HPP

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include <sysfd/landlock.hpp>

#include "settings.hpp"

namespace sysfd_run {

// A system call of a traced process that has stopped behind it.
struct RefusedSystemCall {
  pid_t process;
  long number;
  std::uint64_t arguments[6];
};

class Denials {
 public:
  Denials(const Settings& settings, const sysfd::Ruleset& ruleset)
      : settings_(settings), ruleset_(ruleset) {}

  // While the process is stopped. Calls that are not about files or ports are left out.
  void add(const RefusedSystemCall& call);

  // A line for each, once: "/etc/hosts: denied read_file: no rule on /etc/hosts, /etc, /; add
  // --reads /etc/hosts".
  std::string describe() const;

 private:
  void add_file(const RefusedSystemCall& call, const std::string& path, sysfd::FileRights rights,
                bool is_about_directory);
  void add_port(const RefusedSystemCall& call, bool is_connect);
  void add_line(std::string line);
  std::string advice(const std::string& path, sysfd::FileRights denied) const;

  const Settings& settings_;
  const sysfd::Ruleset& ruleset_;
  std::vector<std::string> lines_;
};

}  // namespace sysfd_run

#endif  // SYSFD_RUN_WHY_HPP
