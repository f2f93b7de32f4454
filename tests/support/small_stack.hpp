// SPDX-License-Identifier: MIT
#ifndef SYSFD_TESTS_SUPPORT_SMALL_STACK_HPP
#define SYSFD_TESTS_SUPPORT_SMALL_STACK_HPP

#include <functional>

namespace sysfd_test {

// Runs `body` on a thread whose stack has 16 KiB, the least that pthreads(7) allow. Below it is one
// guard page, and below that memory of others, as in a program with very many threads: a function
// with a large frame steps over the guard page. The test fails where `body` has written there.
// Skips the test under sanitizers, whose frames are larger, and where libc takes such a stack for
// too small.
void run_on_small_stack(const std::function<void()>& body);

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SUPPORT_SMALL_STACK_HPP
