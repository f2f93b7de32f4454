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
  // Shells and build tools hand down descriptors of their own: start from 0, 1 and 2 alone.
  // The copy that a death test starts answers through a descriptor that is named in an argument.
  const bool death_test = std::any_of(argv, argv + argc, [](std::string_view argument) {
    return argument.starts_with("--gtest_internal_run_death_test");
  });
  if (!death_test) ::close_range(3, ~0U, 0);
  // What runs in the background, or under nohup(1), ignores signals that tests send.
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
