// SPDX-License-Identifier: MIT
//
// The main function of every test program.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <string_view>

#include "support/isolation.hpp"
#include "support/leak_check.hpp"
#include "support/requirements.hpp"

int main(int argc, char** argv) {
  // Shells and build tools pass their own descriptors on: the tests start with only 0, 1 and 2. The
  // copy that a death test starts reports through a descriptor that an argument names.
  const bool death_test = std::any_of(argv, argv + argc, [](std::string_view argument) {
    return argument.starts_with("--gtest_internal_run_death_test");
  });
  if (!death_test) ::close_range(3, ~0U, 0);
  // A process that runs in the background, or under nohup(1), ignores signals that tests send.
  for (const int signo : {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM, SIGCHLD})
    ::signal(signo, SIG_DFL);
  sysfd_test::isolate(argc, argv);
  testing::InitGoogleTest(&argc, argv);
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  auto& listeners = testing::UnitTest::GetInstance()->listeners();
  listeners.Append(new sysfd_test::LeakCheck);
  listeners.Append(new sysfd_test::SkipLog);
  return RUN_ALL_TESTS();
}
