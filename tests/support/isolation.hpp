// SPDX-License-Identifier: MIT
#ifndef SYSFD_TESTS_SUPPORT_ISOLATION_HPP
#define SYSFD_TESTS_SUPPORT_ISOLATION_HPP

namespace sysfd_test {

// Moves the test program into a pid namespace and a mount namespace of its own, with its own /proc:
// no signal that a test sends can reach a process outside, no mount stays, and what is left of its
// children ends with it. Returns in the process that is to run the tests (number 2 there; number 1
// reaps); the original one waits for it and passes its end on, and never returns. An ordinary user
// gets a user namespace, with the same user and group inside, on systems that allow it. Where none
// of that is allowed, everything stays as it is and is_isolated() says so: see
// SYSFD_REQUIRE_ISOLATION.
void isolate(int argc, char** argv);

bool is_isolated();

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SUPPORT_ISOLATION_HPP
