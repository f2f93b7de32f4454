// SPDX-License-Identifier: MIT
//
// Tests Command::contain(): how a contained child is started, and what it has.
#include <sysfd/containment.hpp>

#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <set>
#include <string>

#include <sysfd/pipeline.hpp>

#include "support/prelude.hpp"

#include "spawn/each_kind.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

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

// As a child that is not contained: the keeper does not ignore it.
TEST_P(EachKind, HasTheDispositionOfSigchldThatItsCallerHas) {
  in_this_kind([] {
    const auto ignored = [] {
      return Command("/bin/grep")
          .args({"SigIgn", "/proc/self/status"})
          .signals({.unchanged = {SIGCHLD}});
    };
    for (const auto disposition : {SIG_IGN, SIG_DFL}) {
      ASSERT_NE(::signal(SIGCHLD, disposition), SIG_ERR);
      const auto expected = ignored().output();
      const auto output = ignored().contain({.reach = Reach::best_effort}).output();
      ASSERT_NE(::signal(SIGCHLD, SIG_DFL), SIG_ERR);
      ASSERT_TRUE(expected && output);
      EXPECT_FALSE(output->out.empty());
      EXPECT_EQ(output->out, expected->out);
    }
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

TEST(Containment, LeavesItsProgramInTheNamespacesOfTheCallerIfAskedTo) {
  SYSFD_REQUIRE_ISOLATION();
  Command command = shell("for kind in pid user mnt; do readlink /proc/self/ns/$kind; done");
  const auto own = must(command.output()).out;
  const auto same = command.contain({.reach = Reach::same_namespaces}).output();
  ASSERT_TRUE(same) << same.error().describe();
  EXPECT_EQ(same->out, own);
  EXPECT_NE(must(command.contain({.reach = Reach::best_effort}).output()).out, own);

  Witness witness;
  Command hostile = shell(hostile_tree_then("wait")).contain({.reach = Reach::same_namespaces});
  witness.go_with(hostile, 9);
  {
    Child child = must(hostile.stdout_to(Stdio::pipe()).spawn());
    EXPECT_EQ(child.containment(), ContainmentKind::subreaper);
    read_lines(*child.stdout_pipe(), hostile_lines);
  }
  EXPECT_TRUE(witness.becomes_alone());
}

TEST(Containment, IsRefusedWithoutNewNamespacesWhereThereIsNoSubreaper) {
  run_apart([] {
    refuse_calls({{SYS_prctl, EPERM, RefusedCall::Match{0, PR_SET_CHILD_SUBREAPER}}});
    const auto child = shell("exit 3").contain({.reach = Reach::same_namespaces}).spawn();
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().step, SpawnStep::containment);
    EXPECT_EQ(child.error().describe(),
              "containment, a subreaper, which needs /proc: Operation not permitted");
    EXPECT_FALSE(has_children());
  });
}

TEST(Containment, IsRefusedWithAnotherPidNamespace) {
  const OwnedFd own = must(sysfd::open(cwd(), "/proc/self/ns/pid", O_RDONLY));
  const auto child = shell("exit 3").contain().namespaces({.join = {{.of = own}}}).spawn();
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error().step, SpawnStep::containment);
  EXPECT_EQ(child.error().code, std::errc::invalid_argument) << child.error().describe();
}

// MFD_EXEC is newer than memfd_create(2).
TEST(Containment, NeedsNoFlagThatAKernelOrAFilterDoesNotKnow) {
  for (const int refusal : {EINVAL, ENOSYS, EPERM, EACCES})
    run_apart([&] {
      refuse_calls({{SYS_memfd_create, refusal, RefusedCall::Match{1, 0x10, 0x10}}});
      auto child = shell("exit 3").contain().spawn();
      ASSERT_TRUE(child) << child.error().describe();
      EXPECT_EQ(child->wait(), ExitStatus::exited(3));
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
