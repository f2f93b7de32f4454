// SPDX-License-Identifier: MIT
//
// Tests how the tree of Pipeline::contain() ends: of which nothing is left.
#include <linux/close_range.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sysfd/pipeline.hpp>

#include "support/prelude.hpp"

#include "spawn/each_kind_of_line.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"
#include "support/stopped_calls.hpp"

namespace sysfd_test {
namespace {

TEST_P(EachKindOfLine, EndsWithItsLastChildThatIsDropped) {
  in_this_kind([] {
    Hostile hostile;
    started(hostile).clear();
    EXPECT_TRUE(hostile.are_alone());
  });
}

TEST_P(EachKindOfLine, EndsOnlyThen) {
  in_this_kind([] {
    for (const bool backwards : {false, true}) {
      Rope rope;
      Witness witnesses[2];
      std::vector<Child> children =
          started(one_tree(stage("setsid sleep 1000 >/dev/null & exit 3", witnesses[0], rope) |
                           stage("cat; read line <&7; exit 4", witnesses[1], rope)));
      Child& ended = backwards ? children.back() : children.front();
      if (!backwards) {
        EXPECT_EQ(ended.wait(), ExitStatus::exited(3));
      }
      children.erase(backwards ? children.end() - 1 : children.begin());
      Child& left = children.front();
      if (!backwards) {
        EXPECT_EQ(left.try_wait().error(), std::errc::resource_unavailable_try_again);
        EXPECT_FALSE(witnesses[0].is_alone()) << "what the first has started is in the tree yet";
        rope.let_go();
        EXPECT_EQ(left.wait(), ExitStatus::exited(4));
      } else {
        EXPECT_EQ(left.wait(), ExitStatus::exited(3));
      }
      EXPECT_FALSE(witnesses[0].is_alone());
      children.clear();
      EXPECT_TRUE(witnesses[0].is_alone() && witnesses[1].is_alone());
    }
  });
}

TEST_P(EachKindOfLine, EndsEachStageAtOnceByItsPolicy) {
  in_this_kind([] {
    for (const DropPolicy policy : {DropPolicy::kill, DropPolicy::terminate}) {
      Rope rope;
      Witness witnesses[3];
      const auto waiting = [&](Witness& witness) {
        return stage("exec cat <&7 >/dev/null", witness, rope).on_drop(policy, 1h);
      };
      std::vector<Child> children =
          started(one_tree(waiting(witnesses[0]) | waiting(witnesses[1]) | waiting(witnesses[2])));
      children.erase(children.begin() + 1);
      EXPECT_TRUE(witnesses[1].becomes_alone());
      EXPECT_FALSE(witnesses[0].is_alone() || witnesses[2].is_alone());
      EXPECT_EQ(children[0].try_wait().error(), std::errc::resource_unavailable_try_again);
      children.clear();
      EXPECT_TRUE(witnesses[0].is_alone() && witnesses[2].is_alone());
      EXPECT_TRUE(own_children().empty());
    }
  });
}

TEST_P(EachKindOfLine, IsWaitedForWhereItsPolicyIsToWait) {
  in_this_kind([] {
    Witness witnesses[2];
    Rope rope;
    const auto waited = [&](const char* script, Witness& witness) {
      return stage(script, witness, rope).on_drop(DropPolicy::wait);
    };
    std::vector<Child> children = started(
        one_tree(waited("setsid sleep 1000 >/dev/null & exec yes 2>/dev/null", witnesses[0]) |
                 waited("exec cat >/dev/null", witnesses[1])));
    (void)children[0].pidfd().send_signal(SIGTERM);
    children.clear();
    EXPECT_TRUE(witnesses[0].is_alone() && witnesses[1].is_alone());
  });
}

TEST_P(EachKindOfLine, EndsAsAWholeWhenOneStageIsTerminated) {
  in_this_kind([] {
    for (const std::size_t which : {0U, 2U}) {
      Hostile hostile;
      std::vector<Child> children = started(hostile);
      EXPECT_TRUE(children[which].terminate(1ms));
      EXPECT_TRUE(hostile.are_alone());
      for (Child& child : children) {
        const auto status = child.wait();
        ASSERT_TRUE(status);
        EXPECT_TRUE(status->signal());
      }
    }
  });
}

TEST_P(EachKindOfLine, IsAskedOnceToEndAtItsTimeout) {
  in_this_kind([] {
    EXPECT_TRUE(succeeds_with_some_timeout([](std::chrono::nanoseconds timeout) {
      Rope rope;
      Witness witnesses[2];
      const std::string asked =
          "n=0; trap 'n=$((n + 1))' TERM; echo there >&2; (read line <&7) ; sleep 0.05; exit $n";
      // Both the program and its subshell get the signal.
      auto line = one_tree(stage(asked, witnesses[0], rope) | stage(asked, witnesses[1], rope));
      const auto run = must(line.output({.timeout = timeout, .grace = 20s}));
      EXPECT_TRUE(run.timed_out);
      EXPECT_TRUE(witnesses[0].is_alone() && witnesses[1].is_alone());
      if (!run.err.starts_with("there\nthere\n")) return false;
      const auto one = ExitStatus::exited(1);
      return run.statuses == std::vector<Result<ExitStatus>>{one, one};
    }));
  });
}

TEST_P(EachKindOfLine, EndsAtTheTimeoutOfItsOutput) {
  in_this_kind([] {
    Hostile hostile;
    auto line = hostile_line(hostile);
    const auto run = must(line.output({.timeout = 300ms}));
    EXPECT_TRUE(run.timed_out);
    EXPECT_EQ(run.statuses, (std::vector<Result<ExitStatus>>(3, ExitStatus::killed(SIGKILL))));
    EXPECT_TRUE(hostile.are_alone());
  });
}

TEST_P(EachKindOfLine, EndsWithItsOutput) {
  in_this_kind([] {
    Witness witnesses[2];
    Rope rope;
    auto line =
        one_tree(stage("setsid sleep 1000 >/dev/null 2>&1 & printf one", witnesses[0], rope) |
                 stage("setsid sleep 1000 >/dev/null 2>&1 </dev/null & cat; echo two; exit 5",
                       witnesses[1], rope));
    const auto run = must(line.output());
    EXPECT_EQ(run.out, "onetwo\n");
    EXPECT_EQ(run.statuses,
              (std::vector<Result<ExitStatus>>{ExitStatus::exited(0), ExitStatus::exited(5)}));
    EXPECT_TRUE(witnesses[0].is_alone() && witnesses[1].is_alone());
    EXPECT_TRUE(own_children().empty());
  });
}

TEST_P(EachKindOfLine, TellsTheStatusOfEachStageInAnyOrder) {
  in_this_kind([] {
    const auto line = [] {
      return one_tree(shell("exit 1") | shell("kill -USR1 $$") | shell("cat; exit 3"));
    };
    const std::vector<ExitStatus> expected = {ExitStatus::exited(1), ExitStatus::killed(SIGUSR1),
                                              ExitStatus::exited(3)};
    for (const auto& order : {std::vector{0, 1, 2}, {2, 1, 0}, {1, 2, 0}}) {
      std::vector<Child> children = started(line());
      for (const int i : order) {
        const auto which = static_cast<std::size_t>(i);
        EXPECT_EQ(children[which].wait_for(20s), expected[which]);
        EXPECT_EQ(children[which].ending()->status, expected[which]);
      }
    }
    // Each in a thread of its own: who hears it need not be who waits for it.
    for (int round = 0; round < 20; ++round) {
      std::vector<Child> children = started(line());
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < children.size(); ++i)
        threads.emplace_back(
            [&, i, own = std::move(children[i])]() mutable { EXPECT_EQ(own.wait(), expected[i]); });
      threads.clear();
      EXPECT_TRUE(own_children().empty());
    }
  });
}

TEST_P(EachKindOfLine, EndsWhenAllDescriptorsAreClosed) {
  in_this_kind([] {
    Witness witnesses[2];
    Rope rope;
    std::vector<Child> children =
        started(one_tree(stage("setsid sleep 1000 & exit 1", witnesses[0], rope) |
                         stage("exit 2", witnesses[1], rope)));
    for (int i = 0; i < 2; ++i) {
      Child& child = children[static_cast<std::size_t>(i)];
      EXPECT_EQ(child.wait(), ExitStatus::exited(1 + i));
      EXPECT_FALSE(witnesses[0].is_alone());
      EXPECT_TRUE(child.close_descriptors());
    }
    EXPECT_TRUE(witnesses[0].is_alone());
    EXPECT_TRUE(own_children().empty());
  });
}

TEST_P(EachKindOfLine, DiesWithItsOwner) {
  in_this_kind([] {
    Hostile hostile;
    auto ready = must(pipe());
    const pid_t owner = ::fork();
    if (owner == 0) {
      const auto children = started(hostile);
      (void)std::move(ready.write).close();
      ::fork();  // the copy stays, and holds the socket to the keeper
      for (;;)
        ::pause();
    }
    ASSERT_GT(owner, 0);
    for (Witness& witness : hostile.witnesses)
      (void)witness.take().close();
    (void)std::move(ready.write).close();
    char byte = 0;
    EXPECT_EQ(::read(ready.read.get(), &byte, 1), 0);
    ::kill(owner, SIGKILL);
    EXPECT_EQ(::waitpid(owner, nullptr, 0), owner);
    EXPECT_TRUE(hostile.become_alone());
  });
}

TEST_P(EachKindOfLine, IsNotThatOfACopyOfItsOwner) {
  in_this_kind([] {
    Rope rope;
    Witness witnesses[2];
    std::vector<Child> children =
        started(one_tree(stage("read line <&7; exit 1", witnesses[0], rope) |
                         stage("read line <&7; exit 2", witnesses[1], rope)));
    run_apart([&] {
      EXPECT_EQ(children[0].wait_for(1ms).error(), std::errc::no_child_process);
      EXPECT_EQ(children[1].terminate(1ms).error(), std::errc::no_child_process);
      (void)std::move(children[0]).detach();
      children.clear();
    });
    run_apart([&] { children.clear(); });
    EXPECT_FALSE(witnesses[0].is_alone() || witnesses[1].is_alone());
    rope.let_go();
    EXPECT_EQ(children[0].wait(), ExitStatus::exited(1));
    EXPECT_EQ(children[1].wait(), ExitStatus::exited(2));
  });
}

TEST_P(EachKindOfLine, EndsThoughOneStageIsDetached) {
  in_this_kind([] {
    Hostile hostile;
    std::vector<Child> children = started(hostile);
    const PidFd first = std::move(children[0]).detach();
    EXPECT_TRUE(first.send_signal(0));
    EXPECT_FALSE(hostile.witnesses[0].is_alone());
    children.clear();
    EXPECT_TRUE(hostile.are_alone());
  });
}

TEST_P(EachKindOfLine, GoesOnIfTheLastStageIsDetached) {
  in_this_kind([] {
    for (const bool by_policy : {false, true}) {
      Rope rope;
      Witness witnesses[2];
      std::vector<Child> children = started(
          one_tree(stage("(echo there >&2; read line <&7) & read line <&7", witnesses[0], rope)
                       .stderr_to(Stdio::pipe()) |
                   stage("read line <&7", witnesses[1], rope)
                       .on_drop(by_policy ? DropPolicy::detach : DropPolicy::kill)));
      read_lines(*children[0].stderr_pipe(), 1);
      const int keeper = only_child();
      const auto first = must(PidFd::adopt(must(children[0].fd().duplicate())));
      children.erase(children.begin());
      if (by_policy)
        children.clear();
      else
        (void)std::move(children[0]).detach();
      EXPECT_FALSE(witnesses[1].is_alone());
      EXPECT_FALSE(witnesses[0].is_alone()) << "only the program of the first was killed";
      pollfd entry{first.fd().get(), POLLIN, 0};
      EXPECT_EQ(::poll(&entry, 1, 20'000), 1);
      rope.let_go();
      EXPECT_TRUE(witnesses[0].becomes_alone() && witnesses[1].becomes_alone());
      EXPECT_EQ(::waitpid(keeper, nullptr, __WALL), keeper);
    }
  });
}

TEST_P(EachKindOfLine, IsEndedThoughItsKeeperIsStopped) {
  in_this_kind([] {
    Hostile hostile;
    std::vector<Child> children = started(hostile);
    const int keeper = only_child();
    ASSERT_GT(keeper, 1);
    ASSERT_EQ(::kill(keeper, SIGSTOP), 0);
    children.clear();
    EXPECT_TRUE(hostile.become_alone());
  });
}

TEST_P(EachKindOfLine, TellsEndsAlsoWithoutItsKeeper) {
  in_this_kind([] {
    Rope rope;
    Witness witnesses[2];
    std::vector<Child> children =
        started(one_tree(stage("read line <&7; exit 1", witnesses[0], rope) |
                         stage("read line <&7; exit 2", witnesses[1], rope)));
    const int keeper = only_child();
    ASSERT_GT(keeper, 1);
    ASSERT_EQ(::kill(keeper, SIGKILL), 0);
    if (GetParam() == ContainmentKind::subreaper) rope.let_go();
    for (int i = 0; i < 2; ++i) {
      const auto status = children[static_cast<std::size_t>(i)].wait();
      if (!kernel_has("PIDFD_INFO_EXIT"))
        EXPECT_EQ(status.error(), std::errc::no_child_process);
      else if (GetParam() == ContainmentKind::subreaper)
        EXPECT_EQ(status, ExitStatus::exited(1 + i));
      else
        EXPECT_EQ(status, ExitStatus::killed(SIGKILL));
    }
  });
}

// Programs that their keeper's end leaves alive.
TEST_P(EachKindOfLine, EndsItsProgramsAlsoWithoutItsKeeper) {
  in_this_kind([] {
    Rope rope;
    Witness witnesses[2];
    std::vector<Child> children =
        started(one_tree(stage(waits, witnesses[0], rope) | stage(waits, witnesses[1], rope)));
    const int keeper = only_child();
    ASSERT_GT(keeper, 1);
    ASSERT_EQ(::kill(keeper, SIGKILL), 0);
    children.clear();
    EXPECT_TRUE(witnesses[0].becomes_alone() && witnesses[1].becomes_alone());
  });
}

// The first one executes its program already, and the second is in its owner's memory yet.
TEST_P(EachKindOfLine, IsEndedWhereItsKeeperIsKilledOnTheWay) {
  in_this_kind([] {
    Rope rope;
    Witness witness;
    Command first = shell("read line <&7");
    first.pass(rope.end(), 7);
    witness.go_with(first, 9);
    StoppedCalls stopped(SYS_close_range, RefusedCall::Match{2, CLOSE_RANGE_UNSHARE});
    const pid_t owner = ::fork();
    if (owner == 0) {
      const auto before = open_descriptors();
      auto line = one_tree(std::move(first) | Command("/bin/true"));
      const auto children = line.spawn();
      EXPECT_EQ(children ? "" : children.error().describe(), "stage 1, clone: Operation canceled");
      EXPECT_EQ(open_descriptors().size(), before.size());
      EXPECT_TRUE(own_children().empty());
      ::_exit(testing::Test::HasFailure() ? 1 : 0);
    }
    ASSERT_GT(owner, 0);
    {
      const auto own = std::move(first);
    }
    ASSERT_TRUE(stopped.await(owner));
    stopped.let_go();
    ASSERT_TRUE(stopped.await(owner));
    const std::string number = std::to_string(owner);
    std::ifstream list("/proc/" + number + "/task/" + number + "/children");
    int keeper = 0;
    ASSERT_TRUE(list >> keeper);
    ASSERT_GT(keeper, 1);
    ASSERT_EQ(::kill(keeper, SIGKILL), 0);
    int status = -1;
    EXPECT_EQ(::waitpid(owner, &status, 0), owner);
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(witness.becomes_alone());
  });
}

}  // namespace
}  // namespace sysfd_test
