// SPDX-License-Identifier: MIT
//
// Makes sure that the process number of a reaped child is given to another child.
#include <sysfd/pidfd.hpp>

#include <csignal>

#include "support/prelude.hpp"

#include "pidfd/child.hpp"
#include "support/kernel_features.hpp"

namespace sysfd_test {
namespace {

class NumberReuse : public testing::Test {
 protected:
  void SetUp() override {
    SYSFD_REQUIRE_ISOLATION();
    SYSFD_REQUIRE_ROOT();
  }
};

TEST_F(NumberReuse, SignalsDoNotReachTheNewProcess) {
  ForkedChild old;
  const PidFd gone = old.pidfd();
  old.end_and_reap(3);
  ForkedChild innocent = ForkedChild::with_number(old.pid());
  ASSERT_EQ(innocent.pid(), old.pid());
  EXPECT_EQ(error_of(gone.send_signal(SIGKILL)), std::errc::no_such_process);
  EXPECT_EQ(error_of(gone.send_signal(0)), std::errc::no_such_process);
  innocent.end(5);
  EXPECT_EQ(WEXITSTATUS(innocent.reap()), 5);
}

TEST_F(NumberReuse, WaitingIsNotForTheNewProcess) {
  ForkedChild old;
  const PidFd gone = old.pidfd();
  old.end_and_reap(3);
  ForkedChild innocent = ForkedChild::with_number(old.pid());
  innocent.end(5);
  const auto answer = gone.wait();
  if (kernel_has("PIDFD_INFO_EXIT"))
    EXPECT_EQ(answer, ExitStatus::exited(3));
  else
    EXPECT_EQ(error_of(answer), std::errc::no_child_process);
  EXPECT_EQ(innocent.pidfd().wait(), ExitStatus::exited(5));
}

TEST_F(NumberReuse, TheOldProcessHasNoNumberAnyMore) {
  ForkedChild old;
  const PidFd gone = old.pidfd();
  old.end_and_reap();
  const ForkedChild innocent = ForkedChild::with_number(old.pid());
  EXPECT_EQ(error_of(gone.pid()), std::errc::no_such_process);
  EXPECT_EQ(innocent.pidfd().pid(), old.pid());
}

TEST_F(NumberReuse, IdentitiesDiffer) {
  ForkedChild old;
  const PidFd gone = old.pidfd();
  SYSFD_REQUIRE_KERNEL("inode numbers of pidfds");
  old.end_and_reap();
  const ForkedChild innocent = ForkedChild::with_number(old.pid());
  EXPECT_NE(gone.id(), innocent.pidfd().id());
}

TEST_F(NumberReuse, DescriptorsAreNotFetchedFromTheNewProcess) {
  ForkedChild old;
  const PidFd gone = old.pidfd();
  old.end_and_reap();
  const ForkedChild innocent = ForkedChild::with_number(old.pid());
  EXPECT_TRUE(innocent.pidfd().get_fd(ForeignFd{0}));
  EXPECT_EQ(error_of(gone.get_fd(ForeignFd{0})), std::errc::no_such_process);
}

}  // namespace
}  // namespace sysfd_test
