// SPDX-License-Identifier: MIT
//
// What a restricted thread tries: returns the errno, or 0.
#ifndef SYSFD_TESTS_LANDLOCK_ATTEMPTS_HPP
#define SYSFD_TESTS_LANDLOCK_ATTEMPTS_HPP

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include <sysfd/landlock.hpp>

#include "support/prelude.hpp"

// For rights that came after the first ones; `since` is the version of Linux that has them.
#define SYSFD_REQUIRE_RIGHTS(rights, since)                 \
  if (!((rights) - must(landlock_support()).known).empty()) \
  GTEST_SKIP() << "needs Linux " since ", which has " << (rights).text()

namespace sysfd_test {

// For a call that returns a descriptor, or 0.
inline int errno_of(int answer) {
  if (answer < 0) return errno;
  if (answer > 0) ::close(answer);
  return 0;
}

inline int errno_of_opening(const std::filesystem::path& path, int flags) {
  return errno_of(::open(path.c_str(), flags | O_CLOEXEC, 0600));
}

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_LANDLOCK_ATTEMPTS_HPP
