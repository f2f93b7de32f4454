// SPDX-License-Identifier: MIT
//
// --reads, --writes, --connects, ...: the ruleset of Landlock.
#ifndef SYSFD_RUN_CONFINE_HPP
#define SYSFD_RUN_CONFINE_HPP

#include <optional>
#include <string>

#include <sysfd/landlock.hpp>

#include "checked.hpp"
#include "settings.hpp"

namespace sysfd_run {

struct Confined {
  sysfd::Ruleset ruleset;
  sysfd::Rights missing;  // wanted, but not known to this kernel: stays allowed
};

// What must be enforced, or the program is not started; and what is enforced where it is known.
sysfd::Rights required_rights(const Confinement& confinement);
sysfd::Rights wanted_rights(const Confinement& confinement);

Checked<Confined> make_ruleset(const Settings& settings);

// The file that would be executed: searched in the PATH that the program will have, as sysfd-run
// finds it, in the directory that it has now.
std::optional<std::string> find_program(const Settings& settings);
Complaint program_not_found(const Settings& settings);

}  // namespace sysfd_run

#endif  // SYSFD_RUN_CONFINE_HPP
