// SPDX-License-Identifier: MIT
#include "support/leak_check.hpp"

#include <sys/wait.h>

#include <cerrno>
#include <cstring>

#include "support/descriptors.hpp"

namespace sysfd_test {

void LeakCheck::OnTestStart(const testing::TestInfo&) {
  descriptors_ = open_descriptors();
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask_);
}

void LeakCheck::OnTestEnd(const testing::TestInfo&) {
  EXPECT_EQ(open_descriptors(), descriptors_) << "the test changed which descriptors are open";

  siginfo_t info;
  const int answer = ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL);
  EXPECT_TRUE(answer == -1 && errno == ECHILD) << "the test left a child behind";

  sigset_t mask;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  for (int signo = 1; signo <= SIGRTMAX; ++signo)
    EXPECT_EQ(::sigismember(&mask, signo), ::sigismember(&mask_, signo))
        << "the test changed the signal mask: signal " << signo;
}

}  // namespace sysfd_test
