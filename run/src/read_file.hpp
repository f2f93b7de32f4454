// SPDX-License-Identifier: MIT
#ifndef SYSFD_RUN_READ_FILE_HPP
#define SYSFD_RUN_READ_FILE_HPP

#include <string>

#include "checked.hpp"

namespace sysfd_run {

// The whole content of a small file: at most a mebibyte.
Checked<std::string> read_file(const std::string& path);

}  // namespace sysfd_run

#endif  // SYSFD_RUN_READ_FILE_HPP
