// SPDX-License-Identifier: MIT
//
// Tests Pipeline::contain(): all stages are one tree, of which nothing is left.
#include <linux/close_range.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sysfd/pipeline.hpp>

#include "support/prelude.hpp"

#include "spawn/each_kind.hpp"
#include "spawn/inspect.hpp"
#include "spawn/terminal.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"
#include "support/stopped_calls.hpp"

namespace sysfd_test {
namespace {

// Of this process, living or not.
std::vector<int> own_children() {
  std::ifstream list("/proc/thread-self/children");
  std::vector<int> children;
  for (int number = 0; list >> number;)
    children.push_back(number);
  return children;
}

int only_child() {
  const auto children = own_children();
  EXPECT_EQ(children.size(), 1U) << "the keeper";
  return children.empty() ? 0 : children.front();
}

// A stage that lives until the rope is let go, and has started processes of each sort.
constexpr const char* waits = "read line <&7";

class EachKindOfLine : public EachKind {
 protected:
  static Pipeline one_tree(Pipeline line) {
    return std::move(line).contain({.reach = Reach::best_effort});
  }

  static Command stage(const std::string& script, Witness& witness, const Rope& rope) {
    Command command = shell(script);
    command.pass(rope.end(), 7);
    witness.go_with(command, 9);
    return command;
  }

  // A line of three, each with a hostile tree, and each with its witness.
  struct Hostile {
    Rope rope{};
    Witness witnesses[3]{};

    bool are_alone() const {
      return std::ranges::all_of(witnesses, [](const Witness& each) { return each.is_alone(); });
    }
    bool become_alone() const {
      return std::ranges::all_of(witnesses,
                                 [](const Witness& each) { return each.becomes_alone(); });
    }
  };
  static Pipeline hostile_line(Hostile& hostile) {
    // What the last one has started speaks for itself; that of the others goes through it.
    const std::string script = hostile_tree_then("cat; read line <&7");
    const std::string first = hostile_tree_then("read line <&7");
    return one_tree(stage(first, hostile.witnesses[0], hostile.rope) |
                    stage(script, hostile.witnesses[1], hostile.rope) |
                    stage(script, hostile.witnesses[2], hostile.rope));
  }
  static Pipeline hostile_line_to_pipe(Hostile& hostile) {
    const std::string script = hostile_tree_then("cat; read line <&7");
    const std::string first = hostile_tree_then("read line <&7");
    return one_tree(stage(first, hostile.witnesses[0], hostile.rope) |
                    stage(script, hostile.witnesses[1], hostile.rope) |
                    stage(script, hostile.witnesses[2], hostile.rope).stdout_to(Stdio::pipe()));
  }
  static std::vector<Child> started(Pipeline line) {
    std::vector<Child> children = must(line.spawn());
    for (const Child& child : children)
      EXPECT_EQ(child.containment(), GetParam());
    return children;
  }
  static std::vector<Child> started(Hostile& hostile) {
    std::vector<Child> children = started(hostile_line_to_pipe(hostile));
    read_lines(*children.back().stdout_pipe(), 3 * hostile_lines);
    EXPECT_FALSE(hostile.witnesses[0].is_alone() || hostile.witnesses[1].is_alone() ||
                 hostile.witnesses[2].is_alone());
    return children;
  }
};

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
    ASSERT_TRUE(stopped.await());
    stopped.let_go();
    ASSERT_TRUE(stopped.await());
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
