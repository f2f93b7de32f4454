// SPDX-License-Identifier: MIT
#ifndef SYSFD_TESTS_SUPPORT_SYSTEM_CALLS_HPP
#define SYSFD_TESTS_SUPPORT_SYSTEM_CALLS_HPP

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

namespace sysfd_test {

// Runs `prepare` and then `body` in a forked copy of this process, as run_apart() does, and returns
// the numbers (SYS_...) of the system calls that `body` makes, in order, without clock_gettime(2),
// which is a system call on some machines only. Before each of them, the copy is stopped while
// `before` runs here, with the number of calls so far. Returns nothing if ptrace(2) is not allowed.
// Not for programs with threads; sends signals: needs isolation.
std::optional<std::vector<long>> system_calls_of(
    const std::function<void()>& body, const std::function<void(std::size_t)>& before = {},
    const std::function<void()>& prepare = {});

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SUPPORT_SYSTEM_CALLS_HPP
