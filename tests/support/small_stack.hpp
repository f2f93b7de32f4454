// SPDX-License-Identifier: MIT
#ifndef SYSFD_TESTS_SUPPORT_SMALL_STACK_HPP
#define SYSFD_TESTS_SUPPORT_SMALL_STACK_HPP

#include <functional>

namespace sysfd_test {

// Runs `body` on a thread with a stack of 16 KiB, the minimum of pthreads(7). Below it is one guard
// page, and below that other memory, as in a program with very many threads: a function with a
// large frame steps over the guard page. The test fails if `body` has written there. Skips the test
// under sanitizers, whose frames are larger, and if libc rejects such a stack as too small.
void run_on_small_stack(const std::function<void()>& body);

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SUPPORT_SMALL_STACK_HPP
