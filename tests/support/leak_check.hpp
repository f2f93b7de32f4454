// SPDX-License-Identifier: MIT
#ifndef SYSFD_TESTS_SUPPORT_LEAK_CHECK_HPP
#define SYSFD_TESTS_SUPPORT_LEAK_CHECK_HPP

#include <gtest/gtest.h>

#include <csignal>
#include <set>

namespace sysfd_test {

// Checks every test of a program: a test fails if it leaves a descriptor open, closes one that was
// open before, leaves a child (running or not reaped), or changes the signal mask.
class LeakCheck : public testing::EmptyTestEventListener {
 public:
  void OnTestStart(const testing::TestInfo& test) override;
  void OnTestEnd(const testing::TestInfo& test) override;

 private:
  std::set<int> descriptors_;
  sigset_t mask_;
};

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SUPPORT_LEAK_CHECK_HPP
