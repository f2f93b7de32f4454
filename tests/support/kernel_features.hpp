// SPDX-License-Identifier: MIT
//
// Finds out by trying which of the kernel features that sysfd uses exist. docs/kernel-support.md
// has a row for each; the program kernel_features lists them for the running kernel.
#ifndef SYSFD_TESTS_SUPPORT_KERNEL_FEATURES_HPP
#define SYSFD_TESTS_SUPPORT_KERNEL_FEATURES_HPP

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <string_view>

namespace sysfd_test {

struct KernelFeature {
  const char* name;   // as in the first column there
  const char* since;  // the version of Linux
  bool (*is_there)();
};

std::span<const KernelFeature> kernel_features();

// Tries each feature once. The name must be one of those.
bool kernel_has(std::string_view name);

// Returns "needs <name> (Linux <version>)", the reason why a test is skipped. tests/kernels/report
// knows this form.
std::string needs(std::string_view name);

}  // namespace sysfd_test

#define SYSFD_REQUIRE_KERNEL(name) \
  if (!sysfd_test::kernel_has(name)) GTEST_SKIP() << sysfd_test::needs(name)

#endif  // SYSFD_TESTS_SUPPORT_KERNEL_FEATURES_HPP
