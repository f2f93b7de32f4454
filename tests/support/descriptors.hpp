// SPDX-License-Identifier: MIT
#ifndef SYSFD_TESTS_SUPPORT_DESCRIPTORS_HPP
#define SYSFD_TESTS_SUPPORT_DESCRIPTORS_HPP

#include <set>

#include <sysfd/owned_fd.hpp>

namespace sysfd_test {

// The numbers of all descriptors that this process has open.
std::set<int> open_descriptors();

bool is_open(int fd);

// Whether both refer to the same file (not necessarily by the same open file description).
bool same_file(int left, int right);

// A new empty file in memory, to have something that can be told apart from everything else. Stops
// the test program if there is none to be had.
sysfd::OwnedFd some_file();

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SUPPORT_DESCRIPTORS_HPP
