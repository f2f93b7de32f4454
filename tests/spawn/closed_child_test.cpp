// SPDX-License-Identifier: MIT
//
// Tests children that have ended and own no descriptor any more.
#include <sysfd/command.hpp>

#include <chrono>
#include <csignal>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

Child piped(int code) {
  return must(Command("/bin/sh")
                  .args({"-c", "exit " + std::to_string(code)})
                  .stdin_from(Stdio::pipe())
                  .stdout_to(Stdio::pipe())
                  .stderr_to(Stdio::pipe())
                  .spawn());
}

TEST(ClosedChild, HoldsNoDescriptor) {
  const auto before = open_descriptors();
  std::vector<Child> children;
  for (int code = 0; code < 5; ++code) {
    children.push_back(piped(code));
    ASSERT_TRUE(children.back().wait());
    ASSERT_TRUE(children.back().close_descriptors());
  }
  EXPECT_EQ(open_descriptors(), before);
  for (int code = 0; code < 5; ++code)
    EXPECT_EQ(must(children[static_cast<std::size_t>(code)].wait()).code(), code);
}

TEST(ClosedChild, HoldsNoDescriptorOfItsTree) {
  SYSFD_REQUIRE_ISOLATION();
  const auto before = open_descriptors();
  auto child = Command::shell("exit 3").contain({.reach = Reach::best_effort}).spawn();
  ASSERT_TRUE(child) << child.error().describe();
  EXPECT_EQ(child->wait(), ExitStatus::exited(3));
  ASSERT_TRUE(child->close_descriptors());
  EXPECT_EQ(open_descriptors(), before);
}

TEST(ClosedChild, GoesOnToAnswerWhatItKnows) {
  Child child = piped(3);
  const pid_t pid = child.pid();
  ASSERT_TRUE(child.wait());
  ASSERT_TRUE(child.close_descriptors());
  EXPECT_EQ(child.pid(), pid);
  EXPECT_TRUE(child.report().isolated_table);
  EXPECT_EQ(must(child.try_wait()).code(), 3);
  EXPECT_EQ(must(child.wait_for(std::chrono::seconds(0))).code(), 3);
  EXPECT_EQ(must(child.wait_until({})).code(), 3);
  EXPECT_EQ(must(child.terminate(std::chrono::seconds(0))).code(), 3);
  EXPECT_EQ(must(must(child.communicate()).status).code(), 3);
  EXPECT_EQ(child.send_signal_to_group(SIGTERM).error(), std::errc::operation_not_supported);
  EXPECT_EQ(child.kill_cgroup().error(), std::errc::operation_not_supported);
  EXPECT_FALSE(child.stdout_pipe());
  child.on_drop(DropPolicy::wait);
  EXPECT_TRUE(child.close_descriptors()) << "again";
  Child moved = std::move(child);
  EXPECT_EQ(must(moved.wait()).code(), 3);
}

TEST(ClosedChild, IsOneThatWasWaitedFor) {
  Child child = must(Command("/bin/cat").stdin_from(Stdio::pipe()).spawn());
  EXPECT_EQ(child.close_descriptors().error(), std::errc::resource_unavailable_try_again);
  EXPECT_TRUE(child.stdin_pipe());
  EXPECT_TRUE(must(child.wait()).success());
  EXPECT_TRUE(child.close_descriptors());
}

TEST(ClosedChildDeathTest, HasNoPidfd) {
  Child child = piped(0);
  ASSERT_TRUE(child.wait());
  ASSERT_TRUE(child.close_descriptors());
  EXPECT_DEATH((void)child.pidfd(), "the pidfd of a Child after close_descriptors");
  Child moved = std::move(child);
  EXPECT_DEATH((void)child.pid(), "use of a Child that was moved from or detached");  // NOLINT
  EXPECT_DEATH((void)child.close_descriptors(), "use of a Child that was moved from or detached");
}

}  // namespace
}  // namespace sysfd_test
