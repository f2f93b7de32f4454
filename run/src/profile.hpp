// SPDX-License-Identifier: MIT
//
// Profiles: options in a file, in TOML. A key is the name of an option. Its value is a string, a
// number, true or false, a list for an option that counts each time, or a table for one of the kind
// NAME=VALUE. The key `command` is the program and its arguments, unless the command line has one.
//
//     deadline = "10m"
//     limit = { nofile = 64, core = 0 }
//     reads = ["/usr", "/etc"]
//     tree = true
#ifndef SYSFD_RUN_PROFILE_HPP
#define SYSFD_RUN_PROFILE_HPP

#include <string>
#include <vector>

#include "checked.hpp"

namespace sysfd_run {

struct Given;

// Complaints name file, line and key.
Checked<std::vector<Given>> read_profile(const std::string& file,
                                         std::vector<std::string>& program);

}  // namespace sysfd_run

#endif  // SYSFD_RUN_PROFILE_HPP
