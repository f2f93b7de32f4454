// SPDX-License-Identifier: MIT
#include "support/run_apart.hpp"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>

namespace sysfd_test {

namespace {

void run(const std::function<void()>& body) {
#if defined(__cpp_exceptions)
  try {
    body();
  } catch (const std::exception& error) {
    ADD_FAILURE() << "exception: " << error.what();
  }
#else
  body();
#endif
}

}  // namespace

void run_apart(const std::function<void()>& body) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    // The parent reports the failures that the test had before.
    const auto* result = testing::UnitTest::GetInstance()->current_test_info()->result();
    const int parts_before = result->total_part_count();
    run(body);
    bool failed = false;
    for (int i = parts_before; i < result->total_part_count(); ++i)
      failed = failed || result->GetTestPartResult(i).failed();
    std::fflush(nullptr);
    std::_Exit(failed ? 1 : 0);
  }
  int status = 0;
  while (::waitpid(child, &status, __WALL) == -1 && errno == EINTR) {
  }
  EXPECT_TRUE(WIFEXITED(status)) << "killed by signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0) << "see the failures above";
}

}  // namespace sysfd_test
