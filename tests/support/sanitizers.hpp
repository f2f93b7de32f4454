// SPDX-License-Identifier: MIT
#ifndef SYSFD_TESTS_SUPPORT_SANITIZERS_HPP
#define SYSFD_TESTS_SUPPORT_SANITIZERS_HPP

namespace sysfd_test {

#if !defined(__has_feature)
#define __has_feature(feature) 0  // GCC has macros instead
#endif

#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
inline constexpr bool is_thread_sanitized = true;
#else
inline constexpr bool is_thread_sanitized = false;
#endif

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
inline constexpr bool is_sanitized = true;
#else
inline constexpr bool is_sanitized = is_thread_sanitized;
#endif

#if defined(__clang__)
inline constexpr bool is_clang_sanitized = is_sanitized;
#else
inline constexpr bool is_clang_sanitized = false;
#endif

// Returns the number of cases to try out of `all`: fewer if each takes much longer, as under a
// sanitizer. What these tests look for does not depend on it.
constexpr int fewer_if_sanitized(int all, int divisor = 10) {
  return is_sanitized ? all / divisor : all;
}

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SUPPORT_SANITIZERS_HPP
