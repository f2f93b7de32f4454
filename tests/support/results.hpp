// SPDX-License-Identifier: MIT
#ifndef SYSFD_TESTS_SUPPORT_RESULTS_HPP
#define SYSFD_TESTS_SUPPORT_RESULTS_HPP

#include <cstdio>
#include <cstdlib>
#include <expected>
#include <utility>

#include <sysfd/result.hpp>

namespace sysfd_test {

// Returns the error of a result, or no error if it has a value.
template <class T>
std::error_code error_of(const sysfd::Result<T>& result) {
  return result.has_value() ? std::error_code() : result.error();
}

// Returns the value if the test cannot go on without it, also if there are no exceptions. Stops the
// test program if there is none.
template <class T, class Error>
T must(sysfd::Result<T, Error> result) {
  if (!result.has_value()) {
    if constexpr (requires { result.error().describe(); })
      std::fprintf(stderr, "%s\n", result.error().describe().c_str());
    else
      std::fprintf(stderr, "%s\n", result.error().message().c_str());
    std::abort();
  }
  return *std::move(result);
}

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SUPPORT_RESULTS_HPP
