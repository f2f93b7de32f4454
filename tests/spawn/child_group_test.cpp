// SPDX-License-Identifier: MIT
//
// Sends signals to everything that a child has started, if it leads their process group.
#include <sysfd/child.hpp>

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include <sysfd/command.hpp>

#include "support/prelude.hpp"

#include "spawn/talk.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

constexpr std::uint32_t to_group = 4;  // PIDFD_SIGNAL_PROCESS_GROUP, argument 3

// A child that has started another one, in its process group. Both live until the rope is released,
// except for the first if it is told to exit earlier.
class Group : public testing::Test {
 protected:
  void SetUp() override { SYSFD_REQUIRE_ISOLATION(); }

  Child start(const Session& session, bool leader_stays = true) {
    witness_ = Witness();
    Command command = shell(leader_stays ? "cat <&3 & echo; read line <&3" : "cat <&3 & echo")
                          .session(session)
                          .stdout_to(Stdio::pipe())
                          .pass(rope_.end(), 3);
    witness_.go_with(command, 4);
    Child child = must(command.spawn());
    char line = 0;
    EXPECT_EQ(::read(child.stdout_pipe()->get(), &line, 1), 1) << "it has started the other one";
    return child;
  }

  Rope rope_;
  Witness witness_;
};

TEST_F(Group, IsReachedAsAWhole) {
  for (const Session& session : {Session{.process_group = 0}, Session{.new_session = true}}) {
    Child child = start(session);
    EXPECT_FALSE(witness_.is_alone());
    EXPECT_TRUE(child.send_signal_to_group(0)) << "only a check";
    ASSERT_TRUE(child.send_signal_to_group(SIGTERM));
    EXPECT_EQ(*child.wait(), ExitStatus::killed(SIGTERM));
    EXPECT_TRUE(witness_.becomes_alone());
  }
}

TEST_F(Group, OfATerminalIsReachedToo) {
  Child child = must(shell("exec cat").terminal().spawn());
  ASSERT_TRUE(child.send_signal_to_group(SIGTERM)) << "a terminal comes with a session";
  EXPECT_EQ(*child.wait(), ExitStatus::killed(SIGTERM));
}

TEST_F(Group, IsReachedWhenItsLeaderIsAZombie) {
  Child child = start({.process_group = 0}, false);
  siginfo_t info;
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child.pid()), &info, WEXITED | WNOWAIT), 0);
  ASSERT_TRUE(child.send_signal_to_group(SIGTERM));
  EXPECT_TRUE(witness_.becomes_alone());
  EXPECT_TRUE(child.wait()->success());
}

TEST_F(Group, IsReachedWhenItsLeaderIsReaped) {
  Child child = start({.process_group = 0}, false);
  EXPECT_TRUE(child.wait()->success());
  EXPECT_FALSE(witness_.is_alone());
  if (!kernel_has("scopes of pidfd_send_signal")) {
    EXPECT_EQ(error_of(child.send_signal_to_group(SIGTERM)), std::errc::operation_not_supported);
    rope_.let_go();
    GTEST_SKIP() << needs("scopes of pidfd_send_signal");
  }
  ASSERT_TRUE(child.send_signal_to_group(SIGTERM));
  EXPECT_TRUE(witness_.becomes_alone());
}

TEST_F(Group, ThatIsEmptyDoesNotExist) {
  SYSFD_REQUIRE_KERNEL("scopes of pidfd_send_signal");
  Child child = must(Command("true").session({.process_group = 0}).spawn());
  EXPECT_TRUE(child.wait()->success());
  EXPECT_EQ(error_of(child.send_signal_to_group(SIGTERM)), std::errc::no_such_process);
}

TEST_F(Group, IsNotThereForAChildThatLeadsNone) {
  Child child = must(Command("cat").stdin_from(Stdio::pipe()).spawn());
  for (const int signo : {0, SIGTERM})
    EXPECT_EQ(error_of(child.send_signal_to_group(signo)), std::errc::no_such_process);
  EXPECT_TRUE(child.wait()->success()) << "nobody was hit";
}

TEST_F(Group, OfAnotherProcessIsNotTheChilds) {
  Child leader =
      must(Command("cat").stdin_from(Stdio::pipe()).session({.process_group = 0}).spawn());
  Child member = must(
      Command("cat").stdin_from(Stdio::pipe()).session({.process_group = leader.pid()}).spawn());
  EXPECT_EQ(error_of(member.send_signal_to_group(SIGTERM)), std::errc::no_such_process);
  ASSERT_TRUE(leader.send_signal_to_group(SIGTERM));
  EXPECT_EQ(*leader.wait(), ExitStatus::killed(SIGTERM));
  EXPECT_EQ(*member.wait(), ExitStatus::killed(SIGTERM));
}

TEST_F(Group, TakesNoSignalThatIsNone) {
  Child child = start({.process_group = 0});
  for (const int signo : {-1, 65, 1000})
    EXPECT_EQ(error_of(child.send_signal_to_group(signo)), std::errc::invalid_argument) << signo;
  rope_.let_go();
  EXPECT_TRUE(child.wait());
}

// Before Linux 6.9, the signal goes to the group's number while that surely belongs to the group.
class GroupByNumber : public Group {
 protected:
  static void refuse_by_pidfd() {
    refuse_calls({{SYS_pidfd_send_signal, EINVAL, RefusedCall::Match{3, to_group}}});
  }
};

TEST_F(GroupByNumber, IsReachedAsAWhole) {
  run_apart([this] {
    refuse_by_pidfd();
    Child child = start({.process_group = 0});
    ASSERT_TRUE(child.send_signal_to_group(SIGTERM));
    EXPECT_EQ(*child.wait(), ExitStatus::killed(SIGTERM));
    EXPECT_TRUE(witness_.becomes_alone());
  });
}

TEST_F(GroupByNumber, IsReachedWhenItsLeaderIsAZombie) {
  run_apart([this] {
    refuse_by_pidfd();
    Child child = start({.process_group = 0}, false);
    siginfo_t info;
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child.pid()), &info, WEXITED | WNOWAIT), 0);
    ASSERT_TRUE(child.send_signal_to_group(SIGTERM));
    EXPECT_TRUE(witness_.becomes_alone());
    EXPECT_EQ(::waitpid(child.pid(), nullptr, 0), child.pid()) << "it was not reaped on the way";
  });
}

TEST_F(GroupByNumber, IsNotTriedWhenItsLeaderIsReaped) {
  for (const bool by_other_code : {false, true})
    run_apart([this, by_other_code] {
      refuse_by_pidfd();
      Child child = start({.process_group = 0}, false);
      if (by_other_code)
        ASSERT_EQ(::waitpid(-1, nullptr, 0), child.pid());
      else
        ASSERT_TRUE(child.wait()->success());
      EXPECT_EQ(error_of(child.send_signal_to_group(SIGTERM)), std::errc::operation_not_supported);
      EXPECT_FALSE(witness_.is_alone()) << "the number may belong to another process by now";
    });
}

TEST_F(GroupByNumber, TakesNoSignalThatIsNone) {
  run_apart([this] {
    refuse_by_pidfd();
    Child child = start({.process_group = 0});
    for (const int signo : {-1, 65, 1000})
      EXPECT_EQ(error_of(child.send_signal_to_group(signo)), std::errc::invalid_argument) << signo;
  });
}

}  // namespace
}  // namespace sysfd_test
