// SPDX-License-Identifier: MIT
#ifndef SYSFD_TESTS_SUPPORT_SANITIZERS_HPP
#define SYSFD_TESTS_SUPPORT_SANITIZERS_HPP

namespace sysfd_test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool is_sanitized = true;
#elif defined(__has_feature)
inline constexpr bool is_sanitized =
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
inline constexpr bool is_sanitized = false;
#endif

// For tests that try very many cases: how many are left of `all` where each takes many times as
// long, as under a sanitizer. What they look for does not depend on it.
constexpr int fewer_if_sanitized(int all, int divisor = 10) {
  return is_sanitized ? all / divisor : all;
}

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SUPPORT_SANITIZERS_HPP
