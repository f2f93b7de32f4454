// SPDX-License-Identifier: MIT
//
// Checks what a test needs of the machine. A test that does not get it is skipped with a reason.
// tests/must_run.txt lists the suites that scripts/test does not allow to be skipped in CI.
#ifndef SYSFD_TESTS_SUPPORT_REQUIREMENTS_HPP
#define SYSFD_TESTS_SUPPORT_REQUIREMENTS_HPP

#include <gtest/gtest.h>

#include <sysfd/detail/ownership.hpp>

#include "support/isolation.hpp"
#include "support/sanitizers.hpp"

#define SYSFD_REQUIRE_ROOT() \
  if (!sysfd_test::is_root()) GTEST_SKIP() << "needs root"

// Required in every test that sends a signal.
#define SYSFD_REQUIRE_ISOLATION() \
  if (!sysfd_test::is_isolated()) GTEST_SKIP() << "needs a pid namespace of its own"

// Required if the kernel allows something only to a process with a single thread.
#define SYSFD_REQUIRE_ONE_THREAD()                       \
  if (sysfd_test::is_thread_sanitized)                   \
  GTEST_SKIP() << "needs to be without the sanitizer's " \
                  "thread"

// Required if every signal must be handled: the thread sanitizer keeps one of each number for later
// and drops the next.
#define SYSFD_REQUIRE_EVERY_SIGNAL()   \
  if (sysfd_test::is_thread_sanitized) \
  GTEST_SKIP() << "needs to be without the thread sanitizer, which drops signals"

// Required if the runtime of Clang's sanitizers does not survive the test.
#define SYSFD_REQUIRE_NO_CLANG_SANITIZER() \
  if (sysfd_test::is_clang_sanitized) GTEST_SKIP() << "needs to be without Clang's sanitizers"

// Required if the test closes a descriptor behind its owner's back.
#define SYSFD_REQUIRE_NO_TRACKING()      \
  if (sysfd::detail::tracks_ownership)   \
  GTEST_SKIP() << "needs to be without " \
                  "SYSFD_TRACK_OWNERSHIP"

namespace sysfd_test {

// True for root with the capabilities of root, outside of any user namespace of ours.
bool is_root();

// Writes a line "Suite.Test: reason" for each skipped test to the file that the environment
// variable SYSFD_SKIP_LOG names.
class SkipLog : public testing::EmptyTestEventListener {
 public:
  void OnTestEnd(const testing::TestInfo& test) override;
};

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SUPPORT_REQUIREMENTS_HPP
