// SPDX-License-Identifier: MIT
//
// Finds the programs that are built for a test program to start.
#ifndef SYSFD_TESTS_SUPPORT_PROGRAMS_HPP
#define SYSFD_TESTS_SUPPORT_PROGRAMS_HPP

#include <string>

namespace sysfd_test {

// Returns the path of one of them. Other users can execute it there too: if only its owner can
// enter the directory of the build tree, it is mounted on another directory, in the mount namespace
// of the tests.
std::string program_path(const std::string& name);

// Returns a newly made directory for the programs, or "" if none is needed. isolate() calls this.
std::string make_directory_for_programs();
// Mounts the programs there. Call it in a new mount namespace.
bool show_programs_in(const std::string& directory);

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SUPPORT_PROGRAMS_HPP
