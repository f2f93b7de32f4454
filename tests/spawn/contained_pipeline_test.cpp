// SPDX-License-Identifier: MIT
//
// Tests Pipeline::contain(): all stages are one tree.
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include <sysfd/pipeline.hpp>

#include "support/prelude.hpp"

#include "spawn/each_kind_of_line.hpp"
#include "spawn/inspect.hpp"
#include "spawn/terminal.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

TEST_P(EachKindOfLine, HasOneKeeper) {
  in_this_kind([] {
    Hostile hostile;
    std::vector<Child> children = started(hostile);
    const int keeper = only_child();
    ASSERT_GT(keeper, 1);
    std::ifstream list("/proc/" + std::to_string(keeper) + "/task/" + std::to_string(keeper) +
                       "/children");
    std::set<int> below;
    for (int number = 0; list >> number;)
      below.insert(number);
    for (const Child& child : children) {
      EXPECT_TRUE(below.contains(child.pid()));
      EXPECT_EQ(child.pidfd().pid(), child.pid());
    }
  });
}

TEST_P(EachKindOfLine, FailsAsAWholeAtAnyStage) {
  in_this_kind([] {
    for (int failing = 0; failing < 3; ++failing) {
      SCOPED_TRACE(failing);
      Witness witness;
      Rope rope;
      OwnedFd kept = some_file();
      const int number = kept.get();
      std::vector<Command> commands;
      for (int i = 0; i < 3; ++i)
        commands.push_back(i == failing ? Command("/no/such")
                                        : shell(hostile_tree_then("read line <&7")));
      for (Command& command : commands)
        command.pass(rope.end(), 7);
      Command& other = commands[failing == 0 ? 1 : 0];
      witness.go_with(other, 9);
      other.pass(std::move(kept), 8);
      Pipeline line = std::move(commands[0]) | std::move(commands[1]) | std::move(commands[2]);
      line.contain({.reach = Reach::best_effort});
      const auto children = line.spawn();
      ASSERT_FALSE(children);
      EXPECT_EQ(children.error().stage, failing);
      EXPECT_EQ(children.error().step, SpawnStep::exec);
      EXPECT_EQ(children.error().code, std::errc::no_such_file_or_directory);
      EXPECT_EQ(
          children.error().describe(),
          "stage " + std::to_string(failing) + ", exec of \"/no/such\": No such file or directory");
      EXPECT_TRUE(own_children().empty());
      EXPECT_TRUE(is_open(number)) << "the Command has it yet";
      {
        const Pipeline gone = std::move(line);
      }
      EXPECT_TRUE(witness.is_alone()) << "only the Command had it, and nothing of the tree is left";
    }
  });
}

TEST_P(EachKindOfLine, LosesNoDescriptor) {
  in_this_kind([] {
    const auto before = open_descriptors();
    for (const char* last : {"/bin/true", "/no/such"}) {
      auto line = one_tree(Command("/bin/true") | Command("/bin/true") | Command(last));
      for (int i = 0; i < 3; ++i) {
        (void)line.spawn();
        (void)line.output();
      }
      auto children = line.spawn();
      if (children)
        for (Child& child : *children) {
          EXPECT_TRUE(child.wait());
          EXPECT_TRUE(child.close_descriptors());
        }
    }
    EXPECT_EQ(open_descriptors(), before);
    EXPECT_TRUE(own_children().empty());
  });
}

TEST_P(EachKindOfLine, GivesNoStageAnEndOfAnotherPipe) {
  in_this_kind([] {
    Inspection stages[3];
    Pipeline line = std::move(stages[0].command) | std::move(stages[1].command);
    line |= std::move(stages[2].command);
    line.contain({.reach = Reach::best_effort});
    for (Child& child : started(std::move(line)))
      EXPECT_TRUE(child.wait()->success());
    std::vector<Report> reports;
    for (const Inspection& each : stages)
      reports.push_back(each.read());
    for (std::size_t i = 0; i < reports.size(); ++i) {
      EXPECT_EQ(reports[i].descriptors.size(), 3U) << "stage " << i;
      if (i > 0) {
        EXPECT_EQ(reports[i].descriptors.at(0), reports[i - 1].descriptors.at(1));
      }
    }
  });
}

TEST_P(EachKindOfLine, HasDevNullForAStreamThatItsOwnerHasClosed) {
  in_this_kind([] {
    ASSERT_EQ(::close(0), 0);
    // The second one has its stdin from the first.
    auto line =
        one_tree(shell("readlink /proc/self/fd/0") | shell("cat; test ! -e /proc/self/fd/3"));
    const auto run = must(line.output());
    EXPECT_EQ(run.out, "/dev/null\n");
    EXPECT_TRUE(run.success());
    ASSERT_EQ(::close(2), 0);
    auto without_errors =
        one_tree(shell("test -e /proc/self/fd/2") | shell("test -e /proc/self/fd/2"));
    for (Child& child : started(std::move(without_errors)))
      EXPECT_EQ(child.wait(), ExitStatus::exited(0));
  });
}

TEST_P(EachKindOfLine, MayHaveAStageThatIsStopped) {
  in_this_kind([] {
    Rope rope;
    Witness witnesses[2];
    std::vector<Child> children =
        started(one_tree(stage(waits, witnesses[0], rope) | stage("exit 2", witnesses[1], rope)));
    ASSERT_TRUE(children[0].pidfd().send_signal(SIGSTOP));
    EXPECT_EQ(children[1].wait(), ExitStatus::exited(2));
    EXPECT_EQ(children[0].wait_for(1ms).error(), std::errc::timed_out);
    EXPECT_EQ(children[0].terminate(20s), ExitStatus::killed(SIGTERM));
    EXPECT_TRUE(witnesses[0].is_alone());
  });
}

TEST_P(EachKindOfLine, HasWhatItsCommandsAskFor) {
  in_this_kind([] {
    const bool has_users = GetParam() != ContainmentKind::user_and_pid_namespace;
    auto low = shell("id -u; cat").identity({.no_capabilities = true});
    if (has_users) low.identity({.user = 65'534, .group = 65'534});
    auto line = one_tree(
        shell("pwd").working_directory("/usr") | std::move(low) |
        shell("hostname; cat").namespaces({.create = Namespace::uts, .host_name = "inside"}));
    const auto run = must(line.output());
    EXPECT_EQ(run.out, "inside\n"s + (has_users ? "65534" : "0") + "\n/usr\n");
    EXPECT_TRUE(run.success()) << run.err;
  });
}

TEST_P(EachKindOfLine, CanBeStartedAgain) {
  in_this_kind([] {
    auto line = one_tree(Command("cat") | Command("cat"));
    for (const std::string input : {"one", "", "three"}) {
      const auto run = must(line.output({.input = bytes(input)}));
      EXPECT_TRUE(run.success());
      EXPECT_EQ(run.out, input);
    }
  });
}

TEST_P(EachKindOfLine, IsForStagesThatAreAddedLaterToo) {
  in_this_kind([] {
    Pipeline line = one_tree(Command("true") | Command("true")) | Command("cat");
    line |= Command("cat");
    std::vector<Child> children = started(std::move(line));
    EXPECT_EQ(children.size(), 4U);
    only_child();
    for (Child& child : children)
      EXPECT_EQ(child.wait(), ExitStatus::exited(0));
  });
}

// Each stage finds the previous one there, and the caller's group comes back.
TEST_P(EachKindOfLine, GivesTheForegroundBack) {
  in_this_kind([] {
    ASSERT_GT(::setsid(), 0);
    ::signal(SIGHUP, SIG_IGN);
    const Terminal terminal;
    ASSERT_EQ(::ioctl(terminal.child.get(), TIOCSCTTY, 0), 0);
    const auto in_foreground = [&](const char* program) {
      return Command(program).session({.process_group = 0, .foreground_of = terminal.child});
    };
    ASSERT_EQ(::tcgetpgrp(terminal.child.get()), ::getpgrp());
    EXPECT_TRUE(
        must(one_tree(in_foreground("/bin/true") | in_foreground("/bin/true")).output()).success());
    EXPECT_EQ(::tcgetpgrp(terminal.child.get()), ::getpgrp());
    EXPECT_FALSE(
        one_tree(in_foreground("/bin/cat") | in_foreground("/bin/cat") | Command("/no/such"))
            .spawn());
    EXPECT_EQ(::tcgetpgrp(terminal.child.get()), ::getpgrp());
  });
}

TEST_P(EachKindOfLine, CanBeClonedByTheOlderCall) {
  in_this_kind([] {
    refuse_calls({{SYS_clone3, ENOSYS}});
    std::vector<Child> children = started(one_tree(shell("exit 1") | shell("exit 2")));
    for (int i = 0; i < 2; ++i) {
      Child& child = children[static_cast<std::size_t>(i)];
      EXPECT_FALSE(child.report().by_clone3);
      EXPECT_EQ(child.wait(), ExitStatus::exited(1 + i));
    }
  });
}

// One that gives up privileges makes the memory undumpable, which takes away /proc/self from the
// next one.
TEST_P(EachKindOfLine, HasNoStageThatIsInTheWayOfTheNext) {
  in_this_kind([] {
    constexpr uid_t nobody = 65'534;
    ASSERT_EQ(::setresgid(nobody, nobody, nobody), 0);
    ASSERT_EQ(::setresuid(nobody, nobody, nobody), 0);
    ASSERT_EQ(::prctl(PR_SET_DUMPABLE, 1), 0);
    const auto low = [] { return Command("true").identity({.no_capabilities = true}); };
    auto line = (low() | low().resources({.oom_score_adjust = 500}) |
                 low().resources({.oom_score_adjust = 600}))
                    .contain({.reach = Reach::best_effort});
    const auto run = line.output();
    ASSERT_TRUE(run) << run.error().describe();
    EXPECT_TRUE(run->success());
    EXPECT_EQ(::prctl(PR_GET_DUMPABLE), 1);
  });
}

INSTANTIATE_TEST_SUITE_P(Containment, EachKindOfLine,
                         testing::Values(ContainmentKind::pid_namespace,
                                         ContainmentKind::user_and_pid_namespace,
                                         ContainmentKind::subreaper),
                         [](const auto& kind) {
                           std::string name = to_string(kind.param);
                           std::ranges::replace(name, ' ', '_');
                           return name;
                         });

class ContainedPipeline : public testing::Test {
 protected:
  void SetUp() override {
    SYSFD_REQUIRE_ISOLATION();
    SYSFD_REQUIRE_ROOT();
  }
  static SpawnError error_of(Pipeline line, Containment containment = {}) {
    const auto children = line.contain(std::move(containment)).spawn();
    EXPECT_FALSE(children);
    return children ? SpawnError{} : children.error();
  }
};

TEST_F(ContainedPipeline, HasNoStageThatCannotBeInATree) {
  const auto refuses = [](Command command) {
    const SpawnError error = error_of(Command("true") | std::move(command));
    EXPECT_EQ(error.step, SpawnStep::containment) << error.describe();
    EXPECT_EQ(error.code, std::errc::invalid_argument);
    EXPECT_EQ(error.stage, 1);
  };
  refuses(Command("true").contain());
  refuses(Command("true").leave_no_zombie());
  refuses(Command("true").kill_with_parent());
  refuses(Command("true").parent_death_signal(SIGTERM));
  refuses(Command("true").session({.process_group = ::getpid()}));
  EXPECT_TRUE(own_children().empty());
}

TEST_F(ContainedPipeline, IsRefusedWhereTheTreeCannotBeKept) {
  run_apart([] {
    refuse_calls({{SYS_clone, EPERM, RefusedCall::Match{0, CLONE_NEWPID, CLONE_NEWPID}}});
    const SpawnError error = error_of(Command("true") | Command("true"));
    EXPECT_EQ(error.step, SpawnStep::containment);
    EXPECT_EQ(error.code, std::errc::operation_not_permitted);
    EXPECT_EQ(error.stage, -1) << "it is about no stage";
  });
}

// Without a keeper, each stage is a child as without contain().
TEST_F(ContainedPipeline, IsNoTreeWhereThereCanBeNoKeeper) {
  run_apart([] {
    refuse_calls({{SYS_prctl, EPERM, RefusedCall::Match{0, PR_SET_CHILD_SUBREAPER}},
                  {SYS_clone, EPERM, RefusedCall::Match{0, CLONE_NEWPID, CLONE_NEWPID}}});
    Pipeline line = shell("exit 1") | shell("cat; exit 2");
    auto children = must(line.contain({.reach = Reach::best_effort}).spawn());
    for (int i = 0; i < 2; ++i) {
      Child& child = children[static_cast<std::size_t>(i)];
      EXPECT_EQ(child.containment(), ContainmentKind::none);
      EXPECT_EQ(child.wait(), ExitStatus::exited(1 + i));
    }
    const Namespaces mapped{
        .create = Namespace::user, .user_map = {{0, 0, 1}}, .group_map = {{0, 0, 1}}};
    Pipeline with_maps = Command("true").namespaces(mapped) | Command("true").namespaces(mapped);
    EXPECT_TRUE(must(with_maps.contain({.reach = Reach::best_effort}).output()).success());
    const auto failed =
        (Command("cat") | Command("/no/such")).contain({.reach = Reach::best_effort}).spawn();
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().stage, 1);
    EXPECT_TRUE(own_children().empty());
  });
}

TEST_F(ContainedPipeline, ThatWasMovedFromStopsTheProgram) {
  Pipeline line = Command("true") | Command("true");
  const Pipeline moved = std::move(line);
  EXPECT_DEATH(line.contain(), "sysfd: use of a Pipeline that was moved from");
}

// What is not tried: the keeper is killed before its programs execute.
TEST_F(ContainedPipeline, FailsWhereItsKeeperCannotExecute) {
  run_apart([] {
    refuse_calls({{SYS_execveat, ENOMEM}});
    Rope rope;
    Witness witness;
    Command first = shell("read line <&7");
    first.pass(rope.end(), 7);
    witness.go_with(first, 9);
    {
      const SpawnError error = error_of(std::move(first) | shell("exit 1"));
      EXPECT_EQ(error.step, SpawnStep::containment);
      EXPECT_EQ(error.code, std::errc::not_enough_memory);
      EXPECT_EQ(error.stage, -1);
      EXPECT_EQ(error.describe(), "containment, exec of the keeper: Cannot allocate memory");
    }
    EXPECT_TRUE(witness.is_alone());
    EXPECT_TRUE(own_children().empty());
  });
}

TEST_P(EachKindOfLine, MayHaveManyStages) {
  in_this_kind([] {
    Pipeline line = shell("echo through") | Command("cat");
    for (int i = 0; i < 10; ++i)
      line = std::move(line) | Command("cat");
    const auto output = one_tree(std::move(line)).output();
    ASSERT_TRUE(output) << output.error().describe();
    EXPECT_EQ(output->out, "through\n");
    EXPECT_TRUE(output->success());
  });
}

}  // namespace
}  // namespace sysfd_test
