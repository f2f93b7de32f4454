// SPDX-License-Identifier: MIT
#ifndef SYSFD_TESTS_SUPPORT_COUNT_CALLS_HPP
#define SYSFD_TESTS_SUPPORT_COUNT_CALLS_HPP

#include <functional>
#include <optional>
#include <vector>

namespace sysfd_test {

// The numbers (SYS_...) of the system calls that `body` makes, in order, in a forked copy of this
// process. Nothing where ptrace(2) is not allowed. Not for programs that have threads.
std::optional<std::vector<long>> system_calls_of(const std::function<void()>& body);

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SUPPORT_COUNT_CALLS_HPP
