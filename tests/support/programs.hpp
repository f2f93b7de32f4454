// SPDX-License-Identifier: MIT
//
// The programs that are built beside a test program, for it to start.
#ifndef SYSFD_TESTS_SUPPORT_PROGRAMS_HPP
#define SYSFD_TESTS_SUPPORT_PROGRAMS_HPP

#include <string>

namespace sysfd_test {

// The path of one of them. Also other users can execute it there: where the build tree is in a
// directory that lets only its owner in, it is shown in another one, in the mount namespace of the
// tests.
std::string program_path(const std::string& name);

// For isolate(). The directory to show the programs in, newly made, or "" if there is no need.
std::string make_directory_for_programs();
// Shows them there from now on. Needs to be in a mount namespace of its own.
bool show_programs_in(const std::string& directory);

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SUPPORT_PROGRAMS_HPP
