// SPDX-License-Identifier: MIT
//
// Tests Command::contain(): nothing of a tree is left, however it is ended.
#include <sysfd/containment.hpp>

#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <functional>
#include <set>
#include <string>

#include <sysfd/pipeline.hpp>

#include "support/prelude.hpp"

#include "spawn/containment_kinds.hpp"
#include "spawn/talk.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

// Starts a process of each sort that other ways of ending a tree miss, says so, and waits.
constexpr const char* hostile_tree =
    "sleep 1000 & "
    "setsid sh -c 'echo session; exec sleep 1000' & "
    "(setsid sh -c 'sleep 1000 & echo daemon' &); "
    "sh -c 'echo stopped; kill -STOP $$' & "
    "setsid sh -c 'trap \"\" TERM HUP INT; echo deaf; while :; do sleep 1000; done' & ";
constexpr int hostile_lines = 4;

std::string hostile_tree_then(const char* rest) {
  return hostile_tree + std::string(rest);
}

bool has_children() {
  siginfo_t info{};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0;
}

void read_lines(BorrowedFd pipe, int count) {
  char byte = 0;
  while (count > 0 && ::read(pipe.get(), &byte, 1) == 1)
    if (byte == '\n') --count;
  EXPECT_EQ(count, 0) << "the tree has not told that it is there";
}

class EachKind : public testing::TestWithParam<ContainmentKind> {
 protected:
  void SetUp() override {
    SYSFD_REQUIRE_ISOLATION();
    SYSFD_REQUIRE_ROOT();
  }

  // Leaves only this kind possible.
  static void in_this_kind(const std::function<void()>& body) {
    run_apart([&] {
      allow_at_most(GetParam());
      body();
      EXPECT_FALSE(has_children());
    });
  }

  static Command contained(const std::string& script) {
    return shell(script).contain({.reach = Reach::best_effort});
  }

  // Starts a hostile tree that holds the end of the witness, and waits until it is complete.
  static Child start(Command& command, Witness& witness) {
    witness.go_with(command, 9);
    Child child = must(command.stdin_from(Stdio::pipe()).stdout_to(Stdio::pipe()).spawn());
    EXPECT_EQ(child.containment(), GetParam());
    read_lines(*child.stdout_pipe(), hostile_lines);
    EXPECT_FALSE(witness.is_alone());
    return child;
  }
};

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

TEST_P(EachKind, TellsHowItsProgramHasEnded) {
  in_this_kind([] {
    auto child = contained("exit 7").spawn();
    ASSERT_TRUE(child) << child.error().describe();
    EXPECT_EQ(child->containment(), GetParam());
    EXPECT_EQ(child->wait(), ExitStatus::exited(7));
    EXPECT_EQ(child->wait(), ExitStatus::exited(7));

    auto killed = contained("kill -USR1 $$").spawn();
    ASSERT_TRUE(killed) << killed.error().describe();
    EXPECT_EQ(killed->wait_for(20s), ExitStatus::killed(SIGUSR1));

    Command command = contained("read line");
    auto waiting = command.stdin_from(Stdio::pipe()).spawn();
    ASSERT_TRUE(waiting) << waiting.error().describe();
    EXPECT_EQ(waiting->try_wait().error(), std::errc::resource_unavailable_try_again);
    EXPECT_TRUE(waiting->pidfd().send_signal(SIGKILL));
    pollfd entry{waiting->fd().get(), POLLIN, 0};
    EXPECT_EQ(::poll(&entry, 1, 20'000), 1);
    EXPECT_EQ(waiting->try_wait(), ExitStatus::killed(SIGKILL));
  });
}

TEST_P(EachKind, HasTheNumberOfItsProgram) {
  in_this_kind([] {
    Command command = contained("read line");
    auto child = command.stdin_from(Stdio::pipe()).spawn();
    ASSERT_TRUE(child) << child.error().describe();
    EXPECT_EQ(child->pidfd().pid(), child->pid());
    EXPECT_GT(child->pid(), 0);
    EXPECT_EQ(::kill(child->pid(), 0), 0);
  });
}

TEST_P(EachKind, FailsAsAnyOtherChild) {
  in_this_kind([] {
    Command command("/no/such");
    auto child = command.contain({.reach = Reach::best_effort}).spawn();
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().step, SpawnStep::exec);
    EXPECT_EQ(child.error().code, std::errc::no_such_file_or_directory);
    Command elsewhere("/bin/true");
    elsewhere.working_directory("/no/such").contain({.reach = Reach::best_effort});
    child = elsewhere.spawn();
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().step, SpawnStep::working_directory);
  });
}

TEST_P(EachKind, GoesOnWhenItIsDetached) {
  in_this_kind([] {
    Witness witness;
    Rope rope;
    {
      Command command = contained("read line; exit 3");
      witness.go_with(command, 9);
      auto child = command.stdin_from(rope.end()).spawn();
      ASSERT_TRUE(child) << child.error().describe();
      (void)std::move(*child).detach();
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

TEST_P(EachKind, HasAStatusThoughItMayBeLeft) {
  in_this_kind([] {
    auto child = contained("exit 3").on_drop(DropPolicy::detach).spawn();
    ASSERT_TRUE(child) << child.error().describe();
    EXPECT_EQ(child->containment(), GetParam());
    EXPECT_EQ(child->wait(), ExitStatus::exited(3));
    ASSERT_TRUE(child->close_descriptors());
    EXPECT_GT(::waitpid(-1, nullptr, 0), 0);  // the keeper
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

TEST_P(EachKind, HasDevNullForAStreamThatItsOwnerHasClosed) {
  in_this_kind([] {
    ASSERT_EQ(::close(0), 0);
    const auto output = contained("readlink /proc/self/fd/0").output();
    ASSERT_TRUE(output) << output.error().describe();
    EXPECT_EQ(output->out, "/dev/null\n");
    auto child = contained("test -e /proc/self/fd/0").stdin_from(Stdio::inherit()).spawn();
    ASSERT_TRUE(child) << child.error().describe();
    EXPECT_EQ(child->wait(), ExitStatus::exited(0));
  });
}

TEST_P(EachKind, HasAKeeperWithoutDescriptorsAndDirectory) {
  in_this_kind([] {
    Command command = contained("read line");
    auto child = command.stdin_from(Stdio::pipe()).spawn();
    ASSERT_TRUE(child) << child.error().describe();
    std::ifstream list("/proc/thread-self/children");
    int keeper = 0;
    ASSERT_TRUE(list >> keeper);
    const auto directory = "/proc/" + std::to_string(keeper);
    std::set<std::string> numbers;
    for (const auto& entry : std::filesystem::directory_iterator(directory + "/fd"))
      numbers.insert(entry.path().filename());
    numbers.erase("2");  // what it opens itself, sooner or later
    EXPECT_EQ(numbers, (std::set<std::string>{"0", "1"}));
    EXPECT_EQ(std::filesystem::read_symlink(directory + "/cwd"), "/");
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

TEST_P(EachKind, CanBeAStageOfAPipeline) {
  in_this_kind([] {
    Witness witness;
    Command first = contained("setsid sleep 1000 >/dev/null 2>&1 & echo b; echo a");
    witness.go_with(first, 9);
    const auto output = (std::move(first) | contained("sort")).output();
    ASSERT_TRUE(output) << output.error().describe();
    EXPECT_EQ(output->out, "a\nb\n");
    EXPECT_TRUE(output->success());
    EXPECT_TRUE(witness.becomes_alone());
  });
}

TEST_P(EachKind, CanBeStartedWithoutWaiting) {
  in_this_kind([] {
    auto pending = contained("exit 3").spawn_async();
    ASSERT_TRUE(pending) << pending.error().describe();
    auto child = pending->finish();
    ASSERT_TRUE(child) << child.error().describe();
    EXPECT_EQ(child->containment(), GetParam());
    EXPECT_EQ(child->wait(), ExitStatus::exited(3));
  });
}

TEST_P(EachKind, CanBePrepared) {
  in_this_kind([] {
    auto prepared = contained("exit 3").prepare();
    ASSERT_TRUE(prepared) << prepared.error().describe();
    for (int i = 0; i < 3; ++i) {
      auto child = prepared->spawn();
      ASSERT_TRUE(child) << child.error().describe();
      EXPECT_EQ(child->wait(), ExitStatus::exited(3));
    }
  });
}

TEST_P(EachKind, ShowsItsNumbersInProc) {
  in_this_kind([] {
    const auto output =
        contained("cat /proc/$$/comm; set -- /proc/[0-9]*; echo $#; readlink /proc/1/exe").output();
    ASSERT_TRUE(output) << output.error().describe();
    if (GetParam() == ContainmentKind::subreaper)
      EXPECT_TRUE(output->out.starts_with("sh\n")) << "the caller's numbers";
    else
      EXPECT_EQ(output->out, "sh\n2\n/memfd:sysfd-keeper (deleted)\n");
    const auto callers = contained("test -e /proc/self/comm && set -- /proc/[0-9]* && echo $#")
                             .contain({.reach = Reach::best_effort, .own_proc = false})
                             .output();
    ASSERT_TRUE(callers) << callers.error().describe();
    EXPECT_GT(std::stoi(callers->out), 2);
    EXPECT_TRUE(std::filesystem::exists("/proc/self/comm")) << "the caller's own";
  });
}

// A group of the caller's has no number in another pid namespace.
TEST_P(EachKind, JoinsAGroupOnlyWhereItHasANumber) {
  in_this_kind([] {
    auto leader = shell("exec sleep 1000").session({.process_group = 0}).spawn();
    ASSERT_TRUE(leader);
    auto child = contained("exit 3").session({.process_group = leader->pid()}).spawn();
    ASSERT_TRUE(child) << child.error().describe();
    EXPECT_EQ(child->containment(), ContainmentKind::subreaper);
    EXPECT_EQ(child->wait(), ExitStatus::exited(3));
    child = shell("exit 3").contain().session({.process_group = leader->pid()}).spawn();
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().step, SpawnStep::containment);
    EXPECT_EQ(child.error().code, std::errc::invalid_argument);
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

TEST_P(EachKind, LeavesDispositionsAndMaskAlone) {
  in_this_kind([] {
    ASSERT_NE(::signal(SIGCHLD, SIG_IGN), SIG_ERR);
    EXPECT_EQ(contained("exit 3").status(), ExitStatus::exited(3));
    EXPECT_EQ(::signal(SIGCHLD, SIG_DFL), SIG_IGN);
    sigset_t mask;
    ASSERT_EQ(::sigprocmask(SIG_BLOCK, nullptr, &mask), 0);
    for (const int signo : {SIGCHLD, SIGTERM, SIGUSR1})
      EXPECT_EQ(sigismember(&mask, signo), 0);
  });
}

INSTANTIATE_TEST_SUITE_P(Containment, EachKind,
                         testing::Values(ContainmentKind::pid_namespace,
                                         ContainmentKind::user_and_pid_namespace,
                                         ContainmentKind::subreaper),
                         [](const auto& kind) {
                           std::string name = to_string(kind.param);
                           std::ranges::replace(name, ' ', '_');
                           return name;
                         });

TEST(Containment, IsRefusedWhereTheTreeCannotBeKept) {
  run_apart([] {
    refuse_calls({{SYS_clone, EPERM, RefusedCall::Match{0, CLONE_NEWPID, CLONE_NEWPID}}});
    const auto child = shell("exit 3").contain().spawn();
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().step, SpawnStep::containment);
    EXPECT_EQ(child.error().code, std::errc::operation_not_permitted);
    EXPECT_EQ(child.error().describe(),
              "containment, a new pid namespace, which needs CAP_SYS_ADMIN or user namespaces, and "
              "(see Containment::own_proc) a /proc that can be mounted: Operation not permitted");
    EXPECT_FALSE(has_children());
  });
}

TEST(Containment, IsNotForWhatHasNoParentOrAnother) {
  const auto error_of = [](Command command) {
    auto child = std::move(command).contain().spawn();
    return child ? SpawnError{} : child.error();
  };
  EXPECT_EQ(error_of(shell("exit").leave_no_zombie()).step, SpawnStep::containment);
  EXPECT_EQ(error_of(shell("exit").kill_with_parent()).step, SpawnStep::containment);
  EXPECT_EQ(error_of(shell("exit").parent_death_signal(SIGTERM)).step, SpawnStep::containment);
}

}  // namespace
}  // namespace sysfd_test
