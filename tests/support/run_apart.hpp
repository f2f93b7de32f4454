// SPDX-License-Identifier: MIT
#ifndef SYSFD_TESTS_SUPPORT_RUN_APART_HPP
#define SYSFD_TESTS_SUPPORT_RUN_APART_HPP

#include <functional>

namespace sysfd_test {

// Runs `body` in a forked copy of this process, for what must not be done to the test program
// itself: closing 0, 1 and 2, limits, seccomp filters, ignoring SIGCHLD. Assertions that fail there
// are printed and make the calling test fail. `body` must close every descriptor that it opens; its
// children end with the namespace. Not for programs with threads.
void run_apart(const std::function<void()>& body);

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SUPPORT_RUN_APART_HPP
