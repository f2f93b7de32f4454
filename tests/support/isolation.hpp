// SPDX-License-Identifier: MIT
#ifndef SYSFD_TESTS_SUPPORT_ISOLATION_HPP
#define SYSFD_TESTS_SUPPORT_ISOLATION_HPP

namespace sysfd_test {

// Moves the test program into its own pid namespace and mount namespace, with its own /proc:
// signals of a test cannot reach a process outside, no mount stays, and the remaining children end
// with it. Returns in the process that runs the tests (process 2 there; process 1 reaps). The
// original process waits for it, ends in the same way, and never returns. It fails if the tests
// signal a process that has nothing to do with them. An unprivileged user gets a user namespace,
// with the same user and group inside, on systems that allow it. If none of that is allowed,
// nothing changes and is_isolated() returns false: see SYSFD_REQUIRE_ISOLATION.
void isolate(int argc, char** argv);

bool is_isolated();

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SUPPORT_ISOLATION_HPP
