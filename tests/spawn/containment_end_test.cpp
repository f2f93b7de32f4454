// SPDX-License-Identifier: MIT
//
// Tests Command::contain(): nothing of a tree is left, however it is ended.
#include <sysfd/containment.hpp>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string>

#include <sysfd/pipeline.hpp>

#include "support/prelude.hpp"

#include "spawn/each_kind.hpp"
#include "support/descriptors.hpp"
#include "support/kernel_features.hpp"

namespace sysfd_test {
namespace {

TEST_P(EachKind, EndsWithItsChildThatIsDropped) {
  in_this_kind([] {
    Witness witness;
    Command command = contained(hostile_tree_then("read line"));
    {
      const Child child = start(command, witness);
    }
    EXPECT_TRUE(witness.is_alone());
  });
}

TEST_P(EachKind, EndsAsItsPolicySaysWhenItIsDropped) {
  in_this_kind([] {
    const auto ends = must(pipe(O_NONBLOCK));
    // Whether the program has told its end.
    const auto drop = [&](const char* script, DropPolicy policy, Timeout grace) {
      Witness witness;
      Command command = contained(hostile_tree_then(script));
      command.pass(ends.write, 7).on_drop(policy, grace);
      {
        const Child child = start(command, witness);
      }
      EXPECT_TRUE(witness.is_alone());
      char byte = 0;
      return ::read(ends.read.get(), &byte, 1) == 1;
    };
    EXPECT_TRUE(drop("echo >&7", DropPolicy::wait, 0s));
    // The deaf one needs the whole grace period.
    EXPECT_TRUE(succeeds_with_some_timeout([&](std::chrono::nanoseconds grace) {
      return drop("trap 'echo >&7; exit' TERM; while :; do read line; done", DropPolicy::terminate,
                  grace);
    }));
  });
}

TEST_P(EachKind, EndsWithItsChildThatIsDroppedAfterItsEnd) {
  in_this_kind([] {
    Witness witness;
    Command command = contained(hostile_tree_then("read line; exit 3"));
    {
      Child child = start(command, witness);
      EXPECT_EQ(child.wait(), ExitStatus::exited(3));
      EXPECT_FALSE(witness.is_alone());
    }
    EXPECT_TRUE(witness.is_alone());
  });
}

TEST_P(EachKind, EndsWhenItIsTerminated) {
  in_this_kind([] {
    // The deaf one needs the whole grace period.
    EXPECT_TRUE(succeeds_with_some_timeout([](std::chrono::nanoseconds grace) {
      Witness witness;
      Command command =
          contained(hostile_tree_then("trap 'exit 4' TERM; while :; do read line; done"));
      Child child = start(command, witness);
      const auto status = child.terminate(grace);
      EXPECT_TRUE(witness.is_alone());
      return status == ExitStatus::exited(4);
    }));
  });
}

// Also those that are not the child's own children get the signal.
TEST_P(EachKind, IsAskedToEndAsAWhole) {
  in_this_kind([] {
    Witness witness;
    Command command = contained(
        "setsid sh -c 'trap \"echo asked >&8; exit\" TERM; echo there; while :; do sleep 0.01; "
        "done' & "
        "setsid sh -c '(trap \"echo asked >&8; exit\" TERM; echo there; while :; do sleep 0.01; "
        "done) & "
        "wait' & "
        "read line");
    auto answers = pipe();
    ASSERT_TRUE(answers);
    witness.go_with(command, 9);
    auto child = command.pass(std::move(answers->write), 8)
                     .stdin_from(Stdio::pipe())
                     .stdout_to(Stdio::pipe())
                     .spawn();
    ASSERT_TRUE(child) << child.error().describe();
    read_lines(*child->stdout_pipe(), 2);
    EXPECT_EQ(child->terminate(20s), ExitStatus::killed(SIGTERM));
    read_lines(answers->read, 2);
    EXPECT_TRUE(witness.is_alone());
  });
}

TEST_P(EachKind, EndsAtTheTimeoutOfItsOutput) {
  in_this_kind([] {
    Witness witness;
    Command command = contained(hostile_tree_then("while :; do sleep 1000; done"));
    witness.go_with(command, 9);
    const auto output = command.output({.timeout = 300ms});
    ASSERT_TRUE(output) << output.error().describe();
    EXPECT_TRUE(output->timed_out);
    EXPECT_EQ(output->status, ExitStatus::killed(SIGKILL));
    EXPECT_TRUE(witness.is_alone());
  });
}

TEST_P(EachKind, EndsWithTheEndOfStatus) {
  in_this_kind([] {
    Witness witness;
    Command command = contained("setsid sleep 1000 & exit 5");
    witness.go_with(command, 9);
    EXPECT_EQ(command.status(), ExitStatus::exited(5));
    EXPECT_TRUE(witness.is_alone());
  });
}

TEST_P(EachKind, EndsWithOutputWhosePipesAreClosed) {
  in_this_kind([] {
    Witness witness;
    Command command = contained("setsid sleep 1000 >/dev/null 2>&1 & echo done");
    witness.go_with(command, 9);
    const auto output = command.output();
    ASSERT_TRUE(output) << output.error().describe();
    EXPECT_EQ(output->out, "done\n");
    EXPECT_TRUE(output->success());
    EXPECT_TRUE(witness.is_alone());
  });
}

// The owner is killed, and a copy of it still holds its descriptors.
TEST_P(EachKind, DiesWithItsOwner) {
  in_this_kind([] {
    Witness witness;
    Command command = contained(hostile_tree_then("read line"));
    auto ready = pipe();
    ASSERT_TRUE(ready);
    const pid_t owner = ::fork();
    if (owner == 0) {
      const Child child = start(command, witness);
      (void)std::move(ready->write).close();
      ::fork();  // the copy stays, and holds the socket to the keeper
      for (;;)
        ::pause();
    }
    ASSERT_GT(owner, 0);
    (void)witness.take().close();
    (void)std::move(ready->write).close();
    char byte = 0;
    EXPECT_EQ(::read(ready->read.get(), &byte, 1), 0);
    ::kill(owner, SIGKILL);
    EXPECT_EQ(::waitpid(owner, nullptr, 0), owner);
    EXPECT_TRUE(witness.becomes_alone());
  });
}

TEST_P(EachKind, GoesOnWhenItIsDetached) {
  in_this_kind([] {
    Witness witness;
    Rope rope;
    {
      Command command = contained("read line; exit 3");
      witness.go_with(command, 9);
      command.stdin_from(rope.end());
      const auto before = open_descriptors();
      auto child = command.spawn();
      ASSERT_TRUE(child) << child.error().describe();
      (void)std::move(*child).detach();
      EXPECT_TRUE(std::ranges::includes(before, open_descriptors())) << "it still holds the tree";
    }
    EXPECT_FALSE(witness.is_alone());
    rope.let_go();
    EXPECT_TRUE(witness.becomes_alone());
    EXPECT_GT(::waitpid(-1, nullptr, __WALL), 0) << "the keeper";
  });
}

// It holds nothing of its owner's.
// The keeper is stopped meanwhile: it finds what the owner has said and its end at once.
TEST_P(EachKind, GoesOnThoughItsOwnerEndsAfterItHasDetachedIt) {
  in_this_kind([] {
    Witness witness;
    Rope rope;
    int keeper = 0;
    Pipe number = must(pipe());
    const pid_t owner = ::fork();
    if (owner == 0) {
      Command command = contained("read line <&8");
      witness.go_with(command, 9);
      auto child = must(command.pass(rope.end(), 8).spawn());
      std::ifstream list("/proc/thread-self/children");
      if (!(list >> keeper) || ::kill(keeper, SIGSTOP) != 0) ::_exit(1);
      (void)std::move(child).detach();
      ::_exit(::write(number.write.get(), &keeper, sizeof keeper) == sizeof keeper ? 0 : 1);
    }
    ASSERT_GT(owner, 0);
    (void)witness.take().close();
    (void)std::move(number.write).close();
    EXPECT_EQ(::read(number.read.get(), &keeper, sizeof keeper), ssize_t{sizeof keeper});
    EXPECT_EQ(::waitpid(owner, nullptr, 0), owner);
    ASSERT_GT(keeper, 1);
    const PidFd process = must(PidFd::open(keeper));
    ASSERT_TRUE(process.send_signal(SIGCONT));
    pollfd entry{process.fd().get(), POLLIN, 0};
    EXPECT_EQ(::poll(&entry, 1, 100), 0) << "it has killed the tree";
    EXPECT_FALSE(witness.is_alone());
    rope.let_go();
    EXPECT_TRUE(witness.becomes_alone());
    while (::waitpid(-1, nullptr, 0) > 0) {  // the keeper, if this is its new parent
    }
  });
}

TEST_P(EachKind, IsLeftAsAStageThatIsDetached) {
  in_this_kind([] {
    Witness first, second;
    Rope rope;
    const auto stage = [&](Witness& witness) {
      Command command = contained("read line <&7");
      command.pass(rope.end(), 7).on_drop(DropPolicy::detach);
      witness.go_with(command, 9);
      return command;
    };
    Pipeline pipeline(stage(first), stage(second));
    {
      const auto children = must(pipeline.spawn());
      EXPECT_EQ(children.size(), 2U);
    }
    EXPECT_FALSE(first.is_alone());
    EXPECT_FALSE(second.is_alone());
    rope.let_go();
    EXPECT_TRUE(first.becomes_alone());
    EXPECT_TRUE(second.becomes_alone());
    for (int keepers = 0; keepers < 2; ++keepers)
      EXPECT_GT(::waitpid(-1, nullptr, 0), 0);
  });
}

TEST_P(EachKind, EndsWithAStartThatIsCanceled) {
  in_this_kind([] {
    Witness witness;
    Command command = contained("exec sleep 1000");
    witness.go_with(command, 9);
    auto pending = std::move(command).spawn_async();
    ASSERT_TRUE(pending) << pending.error().describe();
    pending->cancel();
    EXPECT_TRUE(witness.is_alone());
  });
}

TEST_P(EachKind, IsNotThatOfACopyOfItsOwner) {
  in_this_kind([] {
    Rope rope;
    Witness witness;
    Command command = contained("read line <&7; exit 3");
    witness.go_with(command, 9);
    auto child = command.pass(rope.end(), 7).spawn();
    ASSERT_TRUE(child) << child.error().describe();
    run_apart([&] {
      EXPECT_EQ(child->wait_for(1ms).error(), std::errc::no_child_process);
      EXPECT_EQ(child->terminate(1ms).error(), std::errc::no_child_process);
      (void)std::move(*child).detach();
    });
    EXPECT_FALSE(witness.is_alone());
    rope.let_go();
    EXPECT_EQ(child->wait(), ExitStatus::exited(3));
  });
}

TEST_P(EachKind, EndsWithAStormOfProcesses) {
  in_this_kind([] {
    Witness witness;
    Command command = contained(
        "storm() { while :; do sleep 0.001 & done; }; for i in 1 2 3; do storm & done; "
        "echo started; wait");
    witness.go_with(command, 9);
    auto child = command.stdout_to(Stdio::pipe()).spawn();
    ASSERT_TRUE(child) << child.error().describe();
    read_lines(*child->stdout_pipe(), 1);
    {
      const Child dropped = *std::move(child);
    }
    EXPECT_TRUE(witness.becomes_alone());
  });
}

// The keeper can be stopped or killed by somebody else.
TEST_P(EachKind, IsEndedThoughItsKeeperIsStopped) {
  in_this_kind([] {
    Witness witness;
    Command command = contained(hostile_tree_then("read line"));
    Child child = start(command, witness);
    std::ifstream list("/proc/thread-self/children");
    int keeper = 0;
    ASSERT_TRUE(list >> keeper);
    ASSERT_EQ(::kill(keeper, SIGSTOP), 0);
    {
      const Child dropped = std::move(child);
    }
    EXPECT_TRUE(witness.becomes_alone());
  });
}

TEST_P(EachKind, TellsAnEndAlsoWithoutItsKeeper) {
  in_this_kind([] {
    Rope rope;
    Command command = contained("read line <&7; exit 3");
    auto child = command.pass(rope.end(), 7).spawn();
    ASSERT_TRUE(child) << child.error().describe();
    std::ifstream list("/proc/thread-self/children");
    int keeper = 0;
    ASSERT_TRUE(list >> keeper);
    ASSERT_EQ(::kill(keeper, SIGKILL), 0);
    if (GetParam() == ContainmentKind::subreaper) rope.let_go();
    const auto status = child->wait();
    if (!kernel_has("PIDFD_INFO_EXIT"))
      EXPECT_EQ(status.error(), std::errc::no_child_process);
    else if (GetParam() == ContainmentKind::subreaper)
      EXPECT_EQ(status, ExitStatus::exited(3));
    else
      EXPECT_EQ(status, ExitStatus::killed(SIGKILL));
  });
}

}  // namespace
}  // namespace sysfd_test
