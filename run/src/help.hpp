// SPDX-License-Identifier: MIT
//
// What is printed from the table of options: --help, completions, and the man page's list.
#ifndef SYSFD_RUN_HELP_HPP
#define SYSFD_RUN_HELP_HPP

#include <string>
#include <string_view>

#include "checked.hpp"

namespace sysfd_run {

std::string help_text();
Checked<std::string> completion_for(std::string_view shell);

}  // namespace sysfd_run

#endif  // SYSFD_RUN_HELP_HPP
