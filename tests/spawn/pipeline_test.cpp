// SPDX-License-Identifier: MIT
//
// Tests commands that write into one another: which ends each has, and how each of them ends.
#include <sysfd/pipeline.hpp>

#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/prelude.hpp"

#include "spawn/inspect.hpp"
#include "spawn/talk.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

using std::chrono::nanoseconds;

using Statuses = std::vector<Result<ExitStatus>>;

PipelineOutput output_of(Pipeline line, const OutputOptions& options = {}) {
  auto output = line.output(options);
  if (output) return *std::move(output);
  ADD_FAILURE() << output.error().describe();
  return {};
}

std::vector<Child> started(Pipeline line) {
  auto children = line.spawn();
  if (children) return *std::move(children);
  ADD_FAILURE() << children.error().describe();
  return {};
}

SpawnError error_of(Pipeline line) {
  const auto children = line.spawn();
  const auto output = line.output();
  EXPECT_FALSE(output);
  if (!children) return children.error();
  ADD_FAILURE() << "it was started";
  return {SpawnStep::program, {}, -1, ""};
}

Pipeline in_line(std::vector<Command> commands) {
  Pipeline line(std::move(commands.at(0)), std::move(commands.at(1)));
  for (std::size_t i = 2; i < commands.size(); ++i)
    line |= std::move(commands[i]);
  return line;
}

TEST(Pipeline, HasAStatusForEachStage) {
  const PipelineOutput run = output_of(shell("exit 1") | shell("exit 2") | shell("exit 0"));
  EXPECT_EQ(run.statuses,
            (Statuses{ExitStatus::exited(1), ExitStatus::exited(2), ExitStatus::exited(0)}));
  EXPECT_FALSE(run.success());
  EXPECT_TRUE(output_of(Command("true") | Command("true")).success());
  EXPECT_FALSE(output_of(Command("true") | shell("exit 1")).success());
}

TEST(Pipeline, PassesOnThroughAllStages) {
  Pipeline line = shell("echo 1; echo 2") | shell("cat; echo 3") | shell("cat; echo 4");
  line |= shell("cat; echo 5");
  line |= Command("tr").args({"\n", "."});
  const PipelineOutput run = output_of(std::move(line));
  EXPECT_TRUE(run.success());
  EXPECT_EQ(run.out, "1.2.3.4.5.");
  EXPECT_EQ(run.statuses.size(), 5U);
}

TEST(Pipeline, TakesMoreThanItsPipesHold) {
  const std::string input = pattern(4 << 20);
  Pipeline line = Command("cat") | shell("exec tee /dev/fd/2") | Command("cat") | Command("cat");
  const PipelineOutput run = output_of(std::move(line), {.input = bytes(input)});
  EXPECT_TRUE(run.success());
  EXPECT_TRUE(run.out == input) << run.out.size() << " bytes";
  EXPECT_TRUE(run.err == input) << run.err.size() << " bytes";
  EXPECT_EQ(run.input_taken, input.size());
}

TEST(Pipeline, CollectsWhatAllStagesComplainAbout) {
  const PipelineOutput run = output_of(shell("printf a >&2; printf x") |
                                       shell("cat; printf b >&2") | shell("cat; printf c >&2"));
  EXPECT_EQ(run.out, "x");
  EXPECT_EQ(run.err, "abc") << "each has read the previous one to its end";
}

TEST(Pipeline, CutsWhatIsTooMuch) {
  const PipelineOutput run =
      output_of(shell("printf 0123; printf 0123 >&2") | shell("cat; printf 45; printf 45 >&2"),
                {.max_size = 5});
  EXPECT_TRUE(run.success());
  EXPECT_EQ(run.out, "01234");
  EXPECT_EQ(run.err, "01234") << "of all stages together";
  EXPECT_TRUE(run.out_cut && run.err_cut);
}

TEST(Pipeline, LeavesAStderrAloneThatItsCommandSpeaksOf) {
  const OwnedFd file = some_file();
  const PipelineOutput run =
      output_of(shell("printf a >&2").stderr_to(file) | shell("cat; printf b >&2"));
  EXPECT_EQ(run.err, "b");
  char text[4] = {};
  EXPECT_EQ(::pread(file.get(), text, sizeof text, 0), 1);
}

TEST(Pipeline, CollectsFromPipesThatItsCommandsAskForToo) {
  const std::string much = "head -c 300000 /dev/zero >&2";
  const PipelineOutput run = output_of(shell(much).stderr_to(Stdio::pipe()) |
                                       shell("cat; " + much).stderr_to(Stdio::pipe()) |
                                       shell("cat; printf out; " + much).stdout_to(Stdio::pipe()));
  EXPECT_TRUE(run.success());
  EXPECT_EQ(run.out, "out");
  EXPECT_EQ(run.err.size(), 900000U);
}

TEST(Pipeline, EndsAStageAfterItsReaderHasEnded) {
  const PipelineOutput run =
      output_of(Command("yes") | Command("head").args({"-n", "1"}) | Command("cat"));
  EXPECT_EQ(run.statuses,
            (Statuses{ExitStatus::killed(SIGPIPE), ExitStatus::exited(0), ExitStatus::exited(0)}));
  EXPECT_EQ(run.out, "y\n");
}

TEST(Pipeline, GivesNoStageAnEndOfAnotherPipe) {
  for (const bool with_output : {false, true}) {
    Inspection stages[4];
    std::vector<Command> commands;
    for (Inspection& stage : stages)
      commands.push_back(std::move(stage.command));
    Pipeline line = in_line(std::move(commands));
    if (with_output) {
      const std::string input = "x";
      EXPECT_TRUE(line.output({.input = bytes(input)}));
    } else {
      for (Child& child : started(std::move(line)))
        EXPECT_TRUE(child.wait()->success());
    }
    std::vector<Report> reports;
    for (const Inspection& stage : stages)
      reports.push_back(stage.read());
    for (std::size_t i = 0; i < reports.size(); ++i) {
      const auto& descriptors = reports[i].descriptors;
      ASSERT_EQ(descriptors.size(), 3U) << "stage " << i;
      if (i > 0) {
        EXPECT_EQ(descriptors.at(0), reports[i - 1].descriptors.at(1));
      }
    }
    if (with_output) {
      EXPECT_NE(reports[0].descriptors.at(0), identity_of(0)) << "a pipe for the input";
    } else {
      EXPECT_EQ(reports[0].descriptors.at(0), identity_of(0));
      EXPECT_EQ(reports[3].descriptors.at(1), identity_of(1));
      EXPECT_EQ(reports[3].descriptors.at(2), identity_of(2));
    }
  }
}

TEST(Pipeline, ReadsAndWritesWhatItsFirstAndLastCommandSay) {
  std::vector<Child> children = started(Command("cat").stdin_from(Stdio::pipe()) | Command("cat") |
                                        Command("cat").stdout_to(Stdio::pipe()));
  ASSERT_EQ(children.size(), 3U);
  ASSERT_TRUE(children.front().stdin_pipe() && children.back().stdout_pipe());
  EXPECT_FALSE(children.front().stdout_pipe() || children[1].stdin_pipe() ||
               children[1].stdout_pipe() || children.back().stdin_pipe());
  ASSERT_EQ(::write(children.front().stdin_pipe()->get(), "word", 4), 4);
  char text[8];
  ASSERT_EQ(::read(children.back().stdout_pipe()->get(), text, sizeof text), 4);
  children.front().stdin_pipe().reset();
  EXPECT_EQ(children.back().communicate()->out, "");
  for (Child& child : children)
    EXPECT_TRUE(child.wait()->success());
}

TEST(Pipeline, CanBeStartedAgain) {
  Pipeline line = Command("cat") | Command("cat");
  for (const std::string input : {"one", "", "three"}) {
    const auto run = line.output({.input = bytes(input)});
    ASSERT_TRUE(run) << run.error().describe();
    EXPECT_TRUE(run->success());
    EXPECT_EQ(run->out, input);
  }
}

TEST(Pipeline, IsKilledAsAWholeAtTheTimeout) {
  SYSFD_REQUIRE_ISOLATION();
  EXPECT_TRUE(succeeds_with_some_timeout([&](nanoseconds timeout) {
    Rope rope;
    Witness witnesses[3];
    std::vector<Command> commands;
    for (Witness& witness : witnesses) {
      commands.push_back(shell("printf err >&2; read line <&3").pass(rope.end(), 3));
      witness.go_with(commands.back(), 4);
    }
    // The descendants of the first stage are in its process group.
    commands[0] = shell("cat <&3 & printf err >&2; read line <&3")
                      .pass(rope.end(), 3)
                      .session({.process_group = 0});
    witnesses[0] = Witness();
    witnesses[0].go_with(commands[0], 4);
    const PipelineOutput run = output_of(in_line(std::move(commands)), {.timeout = timeout});
    EXPECT_TRUE(run.timed_out);
    EXPECT_FALSE(run.success());
    EXPECT_EQ(run.statuses, Statuses(3, ExitStatus::killed(SIGKILL)));
    for (const Witness& witness : witnesses)
      EXPECT_TRUE(witness.becomes_alone());
    return run.err == "errerrerr";
  }));
}

TEST(Pipeline, HasTheStatusOfStagesThatEndedBeforeTheTimeout) {
  SYSFD_REQUIRE_ISOLATION();
  Rope rope;
  EXPECT_TRUE(succeeds_with_some_timeout([&](nanoseconds timeout) {
    Pipeline line = shell("exit 3") | shell("cat; exec cat <&3").pass(rope.end(), 3);
    const PipelineOutput run = output_of(std::move(line), {.timeout = timeout});
    EXPECT_TRUE(run.timed_out);
    EXPECT_EQ(run.statuses.at(1), ExitStatus::killed(SIGKILL));
    return run.statuses.at(0) == ExitStatus::exited(3);
  }));
}

TEST(Pipeline, EndsInTimeIfItDoes) {
  const PipelineOutput run = output_of(Command("true") | shell("cat; printf out"), {.timeout = 1h});
  EXPECT_TRUE(run.success());
  EXPECT_EQ(run.out, "out");
}

// Each of these ends only after the pipe of another one is closed here, whether that is dropped
// before or after it.
TEST(PipelineDrop, ClosesAllPipesBeforeItWaits) {
  for (const bool backwards : {false, true}) {
    const auto wait = [](Command command) { return std::move(command).on_drop(DropPolicy::wait); };
    const auto drop = [backwards](std::vector<Child> children) {
      if (backwards)
        while (!children.empty())
          children.pop_back();
    };
    drop(started(wait(Command("yes").stderr_to(Stdio::null())) |
                 wait(Command("cat").stdout_to(Stdio::pipe()).stderr_to(Stdio::null()))));
    drop(started(wait(Command("cat").stdin_from(Stdio::pipe())) | wait(Command("cat"))));
  }
}

TEST(PipelineDrop, EndsEachStageByItsPolicy) {
  SYSFD_REQUIRE_ISOLATION();
  for (const DropPolicy policy : {DropPolicy::kill, DropPolicy::terminate}) {
    const Rope rope;
    Witness witnesses[3];
    std::vector<Command> commands;
    for (Witness& witness : witnesses) {
      commands.push_back(shell("read line <&3").pass(rope.end(), 3).on_drop(policy, 1h));
      witness.go_with(commands.back(), 4);
    }
    std::vector<Child> children = started(in_line(std::move(commands)));
    children.erase(children.begin() + 1);
    EXPECT_TRUE(witnesses[1].becomes_alone()) << "it is killed at once";
    EXPECT_FALSE(witnesses[0].is_alone() || witnesses[2].is_alone());
    children.clear();
    for (const Witness& witness : witnesses)
      EXPECT_TRUE(witness.is_alone());
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "all are reaped";
  }
}

TEST(PipelineDrop, KillsAStageThatDoesNotEndWhenItIsAsked) {
  SYSFD_REQUIRE_ISOLATION();
  const Rope rope;
  const auto refuses = [&] {
    return shell("trap '' TERM; echo; read line <&3")
        .pass(rope.end(), 3)
        .on_drop(DropPolicy::terminate, 5ms);
  };
  std::vector<Child> children = started(refuses() | refuses().stdout_to(Stdio::pipe()));
  char line = 0;
  EXPECT_EQ(::read(children.back().stdout_pipe()->get(), &line, 1), 1) << "it is ready";
  children.clear();
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "all are reaped";
}

// More than a pipe holds: it could not end by itself if nobody read.
TEST(PipelineOutput, IsReadWhileItsStagesHaveTheirGrace) {
  SYSFD_REQUIRE_ISOLATION();
  const auto talks_at_its_end = [] {
    return shell("trap 'head -c 300000 /dev/zero; exit 7' TERM; while :; do sleep 0.01; done");
  };
  const auto output =
      (shell("exec sleep 1000") | talks_at_its_end()).output({.timeout = 500ms, .grace = 1h});
  ASSERT_TRUE(output) << output.error().describe();
  EXPECT_TRUE(output->timed_out);
  EXPECT_EQ(output->out.size(), 300'000U);
  EXPECT_EQ(output->statuses.back(), ExitStatus::exited(7));
}

TEST(PipelineDrop, MayHappenInManyThreads) {
  SYSFD_REQUIRE_ISOLATION();
  for (int round = 0; round < 20; ++round) {
    std::vector<Child> children = started(Command("cat").stdin_from(Stdio::pipe()) |
                                          Command("cat") | Command("cat") | Command("cat"));
    std::vector<std::jthread> threads;
    for (Child& child : children)
      threads.emplace_back([own = std::move(child)] {});
  }
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "all are reaped";
}

TEST(PipelineDeathTest, ThatWasMovedFromStopsTheProgram) {
  Pipeline line = Command("true") | Command("true");
  Pipeline moved = std::move(line);
  EXPECT_TRUE(moved.output()->success());
  constexpr const char* message = "sysfd: use of a Pipeline that was moved from";
  EXPECT_DEATH((void)line.spawn(), message);
  EXPECT_DEATH((void)line.output(), message);
  EXPECT_DEATH(line |= Command("true"), message);
}

// Those that had started already keep what they own too.
TEST(PipelineFailure, LeavesTheCommandsWhatTheyOwn) {
  const ScratchDirectory directory;
  const std::string late = directory.path() / "late";
  OwnedFd file = some_file();
  const int number = file.get();
  Inspection first;
  first.command.pass(std::move(file), 5);
  Pipeline line = std::move(first.command) | Command(late);
  for (int i = 0; i < 2; ++i) {
    const auto children = line.spawn();
    ASSERT_FALSE(children);
    EXPECT_EQ(children.error().stage, 1);
    EXPECT_TRUE(is_open(number));
  }
  std::filesystem::copy_file("/bin/true", late);
  const auto identity = identity_of(number);
  const auto run = line.output();
  ASSERT_TRUE(run) << run.error().describe();
  EXPECT_EQ(first.read().descriptors.at(5), identity);
  EXPECT_FALSE(is_open(number)) << "it was passed";
  EXPECT_EQ(line.output().error().stage, 0);
}

TEST(PipelineFailure, NamesItsStage) {
  for (int stage = 0; stage < 3; ++stage) {
    std::vector<Command> commands;
    for (int i = 0; i < 3; ++i)
      commands.push_back(i == stage ? Command("/no/such") : Command("cat"));
    const SpawnError error = error_of(in_line(std::move(commands)));
    EXPECT_EQ(error.stage, stage);
    EXPECT_EQ(error.step, SpawnStep::exec);
    EXPECT_EQ(error.code, std::errc::no_such_file_or_directory);
    EXPECT_EQ(error.describe(), "stage " + std::to_string(stage) +
                                    ", exec of \"/no/such\": No such file or directory");
  }
}

TEST(PipelineFailure, OfAnInvalidCommandStartsNoStageAtAll) {
  OwnedFd file = some_file();
  const int number = file.get();
  Pipeline line = Command("true").pass(std::move(file), 5) | Command("cat").env("a=b", "c");
  const auto children = line.spawn();
  ASSERT_FALSE(children);
  EXPECT_EQ(children.error().stage, 1);
  EXPECT_EQ(children.error().step, SpawnStep::environment);
  EXPECT_TRUE(is_open(number)) << "a stage that had started would have taken it";
}

TEST(PipelineFailure, RefusesAnInputThatTheFirstStageHasNoUseFor) {
  const auto run =
      (Command("cat").stdin_from(Stdio::null()) | Command("cat")).output({.input = bytes("x")});
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().step, SpawnStep::standard_stream);
  EXPECT_EQ(run.error().index, 0);
}

TEST(PipelineFailure, RefusesToCollectFromATerminal) {
  const auto run = (Command("cat") | Command("cat").stdout_to(Stdio::terminal())).output();
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().step, SpawnStep::standard_stream);
  EXPECT_EQ(run.error().code, std::errc::invalid_argument);
  EXPECT_EQ(run.error().index, 1);
  EXPECT_EQ(run.error().stage, 1);
}

TEST(PipelineFailure, LeavesNoStageWhateverItsPolicy) {
  SYSFD_REQUIRE_ISOLATION();
  for (const DropPolicy policy :
       {DropPolicy::kill, DropPolicy::terminate, DropPolicy::wait, DropPolicy::detach}) {
    SCOPED_TRACE(static_cast<int>(policy));
    const Rope rope;
    Witness witness;
    Command endless = shell("trap '' TERM; exec cat <&3").pass(rope.end(), 3).on_drop(policy, 1h);
    witness.go_with(endless, 4);
    const auto children = (std::move(endless) | Command("cat") | Command("/no/such")).spawn();
    ASSERT_FALSE(children);
    EXPECT_EQ(children.error().stage, 2);
    EXPECT_TRUE(witness.is_alone());
    siginfo_t info;
    EXPECT_EQ(::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT), -1) << "a zombie";
  }
}

TEST(PipelineFailure, IsACommandThatWantsItsPipesToBeSomethingElse) {
  const OwnedFd file = some_file();
  const auto cat = [] { return Command("cat"); };
  struct Case {
    const char* what;
    std::vector<Command> commands;
    int stage;
    int stream;
  };
  const auto with = [&](const char* what, int stage, int stream, Command command) {
    Case made{what, {}, stage, stream};
    for (int i = 0; i < 3; ++i)
      made.commands.push_back(i == stage ? std::move(command) : cat());
    return made;
  };
  std::vector<Case> cases;
  cases.push_back(with("stdout of the first", 0, 1, cat().stdout_to(file)));
  cases.push_back(with("stdin of the second", 1, 0, cat().stdin_from(Stdio::null())));
  cases.push_back(with("stdout of the second", 1, 1, cat().stdout_to(Stdio::inherit())));
  cases.push_back(with("stdin of the last", 2, 0, cat().stdin_from(Stdio::pipe())));
  cases.push_back(with("a terminal for the second", 1, 0, cat().terminal()));
  cases.push_back(with("1 of the first", 0, 1, cat().pass(file, 1)));
  cases.push_back(with("0 of the second", 1, 0, cat().pass(file, 0)));
  cases.push_back(with("1 of the second", 1, 1, cat().pass(file, 1)));
  cases.push_back(with("0 of the last", 2, 0, cat().pass(file, 0)));
  for (auto& [what, commands, stage, stream] : cases) {
    SCOPED_TRACE(what);
    const SpawnError error = error_of(in_line(std::move(commands)));
    EXPECT_EQ(error.step, SpawnStep::standard_stream);
    EXPECT_EQ(error.code, std::errc::invalid_argument);
    EXPECT_EQ(error.index, stream);
    EXPECT_EQ(error.stage, stage);
    EXPECT_EQ(error.describe(), "stage " + std::to_string(stage) + ", " +
                                    (stream == 0 ? "stdin" : "stdout") +
                                    " of the child, a pipe: Invalid argument");
  }
}

}  // namespace
}  // namespace sysfd_test
