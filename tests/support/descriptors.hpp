// SPDX-License-Identifier: MIT
#ifndef SYSFD_TESTS_SUPPORT_DESCRIPTORS_HPP
#define SYSFD_TESTS_SUPPORT_DESCRIPTORS_HPP

#include <set>

#include <sysfd/owned_fd.hpp>

namespace sysfd_test {

// Returns the numbers of all open descriptors of this process.
std::set<int> open_descriptors();

bool is_open(int fd);

// True if both refer to the same file (not necessarily through the same open file description).
bool same_file(int left, int right);

// Makes a new empty file in memory, which differs from every other file. Stops the test program if
// that fails.
sysfd::OwnedFd some_file();

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SUPPORT_DESCRIPTORS_HPP
