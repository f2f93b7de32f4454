// SPDX-License-Identifier: MIT
#ifndef SYSFD_TESTS_SUPPORT_RESULTS_HPP
#define SYSFD_TESTS_SUPPORT_RESULTS_HPP

#include <sysfd/result.hpp>

namespace sysfd_test {

// The error of a result, or no error where it has a value.
template <class T>
std::error_code error_of(const sysfd::Result<T>& result) {
  return result ? std::error_code() : result.error();
}

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SUPPORT_RESULTS_HPP
