// SPDX-License-Identifier: MIT
#ifndef SYSFD_TESTS_SPAWN_TERMINAL_HPP
#define SYSFD_TESTS_SPAWN_TERMINAL_HPP

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include <sysfd/owned_fd.hpp>

#include "support/prelude.hpp"

namespace sysfd_test {

// A pseudo-terminal that is no process's controlling terminal.
struct Terminal {
  OwnedFd parent = OwnedFd::adopt(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  OwnedFd child = open_child();

 private:
  OwnedFd open_child() const {
    std::array<char, 64> name{};
    EXPECT_EQ(::unlockpt(parent.get()), 0);
    EXPECT_EQ(::ptsname_r(parent.get(), name.data(), name.size()), 0);
    return OwnedFd::adopt(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  }
};

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SPAWN_TERMINAL_HPP
