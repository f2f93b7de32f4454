// SPDX-License-Identifier: MIT
//
// How a run ends: statuses, deadlines, trees, the terminal.
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <utility>

#include <sysfd/create.hpp>
#include <sysfd/landlock.hpp>

#include "support/prelude.hpp"

#include "run/tool.hpp"
#include "spawn/talk.hpp"

namespace sysfd_test {
namespace {

TEST(RunStatus, TellsAProgramThatIsNotThereFromOneThatCannotBeExecuted) {
  const ScratchDirectory scratch;
  const std::string file = scratch.path() / "file";
  write_file(file, "no program\n");
  for (const Words& options : {Words{}, Words{"--deadline", "50s"}}) {
    const auto run = [&](const std::string& program) {
      Words words = options;
      words.push_back(program);
      return run_tool(words);
    };
    EXPECT_EQ(status_of(run("/no/such/program")), 127);
    EXPECT_EQ(status_of(run("no-such-program-of-any-name")), 127);
    EXPECT_EQ(status_of(run(file)), 126);
    EXPECT_EQ(status_of(run("/")), 126);
    EXPECT_NE(run("/no/such/program").err.find("\"/no/such/program\": No such file"),
              std::string::npos);
  }
}

TEST(RunStatus, OfAnOptionThatCannotBeEnforcedIs125AndNamesIt) {
  const Output run = run_tool({"--chdir", "/no/such/directory", "--", "true"});
  EXPECT_EQ(status_of(run), 125);
  EXPECT_NE(run.err.find("sysfd-run: --chdir: "), run.err.npos) << run.err;
  EXPECT_NE(run.err.find("/no/such/directory"), run.err.npos) << run.err;
}

TEST(RunStatus, OfAProgramThatASignalKilledIs128AndItsNumber) {
  SYSFD_REQUIRE_ISOLATION();
  const ScratchDirectory scratch;
  const std::string json = scratch.path() / "json";
  const Output run = run_shell({"--json", json}, "kill -KILL $$");
  EXPECT_EQ(status_of(run), 137);
  const std::string text = content_of(json);
  EXPECT_EQ(member_of(text, "ending"), "\"signal\"");
  EXPECT_EQ(member_of(text, "signal"), "9");
  EXPECT_EQ(member_of(text, "signal_name"), "\"KILL\"");
  EXPECT_EQ(member_of(text, "code"), "null");
  EXPECT_EQ(member_of(text, "status"), "137");
}

TEST(RunDeadline, IsNotReachedByAProgramThatEndsInTime) {
  EXPECT_EQ(status_of(run_shell({"--deadline", "50s"}, "exit 5")), 5);
  EXPECT_EQ(status_of(run_shell({"--deadline", "0"}, "exit 5")), 5);
  EXPECT_EQ(status_of(run_shell({"--deadline", "1d", "--tree"}, "exit 5")), 5);
}

TEST(RunDeadline, SendsSigtermAndThenKills) {
  SYSFD_REQUIRE_ISOLATION();
  const ScratchDirectory scratch;
  const std::string json = scratch.path() / "json";
  const Output asked = run_shell({"--deadline", "100ms", "--json", json},
                                 "trap 'echo asked; exit 3' TERM; while :; do sleep 0.01; done");
  EXPECT_EQ(status_of(asked), 124) << asked.err;
  EXPECT_EQ(asked.out, "asked\n");
  EXPECT_EQ(member_of(content_of(json), "ending"), "\"deadline\"");
  EXPECT_EQ(member_of(content_of(json), "code"), "3");
  const Output deaf = run_shell({"--deadline", "100ms", "--kill-after", "100ms", "--json", json},
                                "trap '' TERM; while :; do sleep 0.01; done");
  EXPECT_EQ(status_of(deaf), 124) << deaf.err;
  EXPECT_EQ(member_of(content_of(json), "signal"), "9");
}

TEST(RunDeadline, SendsAnotherSignalToTheProgram) {
  SYSFD_REQUIRE_ISOLATION();
  const Output run = run_shell({"--deadline", "100ms", "--signal", "USR1"},
                               "trap 'echo USR1; exit 3' USR1; while :; do sleep 0.01; done");
  EXPECT_EQ(status_of(run), 124) << run.err;
  EXPECT_EQ(run.out, "USR1\n");
}

TEST(RunDeadline, WithoutATreeLeavesAloneWhatTheProgramHasStarted) {
  SYSFD_REQUIRE_ISOLATION();
  Witness witness;
  Command command = tool({"--deadline", "100ms", "--no-tree", "--pass", "9", "--", "sh", "-c",
                          "setsid sleep 1000 >/dev/null 2>&1 & exec sleep 1000"});
  witness.go_with(command, 9);
  EXPECT_EQ(status_of(must(command.output({.timeout = 60s}))), 124);
  EXPECT_FALSE(witness.is_alone());
}

TEST(RunTree, IsGoneWhenItsProgramHasEnded) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_ROOT();
  for (const Words& options : {Words{"--tree"}, Words{"--deadline", "50s"}}) {
    Witness witness;
    Words words = options;
    for (const char* const word : {"--pass", "9", "--", "sh", "-c"})
      words.emplace_back(word);
    words.emplace_back("setsid sleep 1000 & (setsid sleep 1000 &) ; exit 6");
    Command command = tool(words);
    witness.go_with(command, 9);
    const Output run = must(command.output({.timeout = 60s}));
    EXPECT_EQ(status_of(run), 6) << run.err;
    EXPECT_TRUE(witness.is_alone());
  }
}

TEST(RunTree, IsGoneWhenTheToolIsKilled) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_ROOT();
  Witness witness;
  Command command = tool({"--tree", "--pass", "9", "--", "sh", "-c",
                          "setsid sleep 1000 & echo ready; exec sleep 1000"});
  witness.go_with(command, 9);
  Child child = must(command.stdout_to(Stdio::pipe()).spawn());
  char text[6];
  ASSERT_EQ(::read(child.stdout_pipe()->get(), text, sizeof text), 6);
  EXPECT_TRUE(child.pidfd().send_signal(SIGKILL));
  EXPECT_EQ(child.wait(), ExitStatus::killed(SIGKILL));
  EXPECT_TRUE(witness.becomes_alone());
}

TEST(RunTree, HasAPidNamespaceOfItsOwn) {
  SYSFD_REQUIRE_ROOT();
  const Output run = run_shell({"--tree"}, "echo $$; ls -d /proc/[0-9]* | wc -l");
  EXPECT_EQ(status_of(run), 0) << run.err;
  EXPECT_LT(std::stoi(run.out), 10) << run.out;
}

// An interactive shell makes its jobs the foreground group, and may be killed at that time.
TEST(RunTerminal, IsGivenBackToTheGroupThatHadIt) {
  SYSFD_REQUIRE_ISOLATION();
  auto shell = Command("sh").args({"-c",
                                   "\"$@\"; ps -o pgid=,tpgid= -p $$ | "
                                   "awk '{ print $1 == $2 ? \"given\" : \"lost\" }'",
                                   "sh", SYSFD_RUN, "--deadline", "300ms", "--kill-after", "0",
                                   "--", "bash", "-i", "-c", "set -m; sleep 1000"});
  Child child = must(shell.terminal().spawn());
  const Output run = must(child.communicate({.timeout = 60s}));
  EXPECT_NE(run.terminal.find("given"), std::string::npos) << run.terminal;
}

// The terminal sends SIGINT to the whole job: the program must not get a second one.
TEST(RunTerminal, SendsASignalOnlyOnce) {
  SYSFD_REQUIRE_ISOLATION();
  Command command =
      tool({"--deadline", "50s", "--", "sh", "-c",
            "n=0; trap 'n=$((n+1)); echo got $n' INT; trap 'exit 7' TERM; echo ready; "
            "while :; do sleep 0.05; done"});
  Child child = must(command.terminal().spawn());
  const auto read_until = [&](const std::string& word) {
    std::string text;
    char byte = 0;
    pollfd entry{child.terminal()->get(), POLLIN, 0};
    while (text.find(word) == text.npos && ::poll(&entry, 1, 20'000) == 1 &&
           ::read(child.terminal()->get(), &byte, 1) == 1)
      text += byte;
    return text;
  };
  read_until("ready");
  ASSERT_EQ(::write(child.terminal()->get(), "\x03", 1), 1);
  read_until("got 1");
  // Sent by a process, it is forwarded. A second SIGINT of the terminal would have come before.
  EXPECT_TRUE(child.pidfd().send_signal(SIGTERM));
  EXPECT_EQ(read_until("got 2").find("got 2"), std::string::npos);
  EXPECT_EQ(child.wait(), ExitStatus::exited(7));
}

// As Ctrl-Z and fg of a shell do.
TEST(RunJob, StopsAndContinuesAsOne) {
  SYSFD_REQUIRE_ISOLATION();
  for (const char* const option : {"--tree", "--deadline=50s", "--no-tree"}) {
    Command command =
        tool({option, "--deadline=50s", "--", "sh", "-c", "echo ready; read n; exit $n"});
    command.session({.process_group = 0});
    Child child = must(command.stdin_from(Stdio::pipe()).stdout_to(Stdio::pipe()).spawn());
    char text[6];
    ASSERT_EQ(::read(child.stdout_pipe()->get(), text, sizeof text), 6);
    EXPECT_TRUE(child.send_signal_to_group(SIGTSTP));
    const auto stop = child.pidfd().wait_event_for(20s, {.ended = true, .stopped = true});
    ASSERT_TRUE(stop) << stop.error().message();
    EXPECT_EQ(stop->kind, WaitEvent::Kind::stopped);
    EXPECT_EQ(::write(child.stdin_pipe()->get(), "9\n", 2), 2);
    EXPECT_TRUE(child.send_signal_to_group(SIGCONT));
    EXPECT_EQ(child.wait_for(20s), ExitStatus::exited(9));
  }
}

// The leader of a group, as a command of an interactive shell is.
TEST(RunSession, IsNewAlsoForTheLeaderOfAGroup) {
  Command command = tool({"--session", "--", "sh", "-c", "awk '{ exit $1 != $6 }' /proc/$$/stat"});
  command.session({.process_group = 0});
  EXPECT_EQ(status_of(must(command.output({.timeout = 60s}))), 0);
}

TEST(RunLock, IsNotFreeWhileItsProgramRunsThoughTheToolIsKilled) {
  SYSFD_REQUIRE_ISOLATION();
  const ScratchDirectory scratch;
  Witness witness;
  Command command = tool({"--lock", scratch.path() / "lock", "--pass", "9", "--", "sh", "-c",
                          "echo ready; exec sleep 1000"});
  witness.go_with(command, 9);
  Child child = must(command.stdout_to(Stdio::pipe()).spawn());
  char text[6];
  ASSERT_EQ(::read(child.stdout_pipe()->get(), text, sizeof text), 6);
  EXPECT_TRUE(child.pidfd().send_signal(SIGKILL));
  EXPECT_TRUE(witness.becomes_alone());
}

// Until it has ended by itself, or somebody asks once more.
class RunPatience : public testing::TestWithParam<const char*> {};

TEST_P(RunPatience, IsEndedBySignalsThatAskForTheEndOnly) {
  SYSFD_REQUIRE_ISOLATION();
  if (GetParam() == "--why"s && !landlock_support()) GTEST_SKIP() << "needs Landlock";
  for (const bool asks_again : {false, true}) {
    Words words = {"--deadline", "100ms", "--kill-after", "50s",
                   "--reads",    "/",     "--writes",     "/dev"};
    if (!landlock_support()) words.resize(4);
    words.emplace_back(GetParam());
    for (const char* const word : {"--", "sh", "-c",
                                   "trap 'trap \"\" TERM; echo term; read line; echo cleaned; exit "
                                   "5' TERM; trap '' INT; "
                                   "while :; do sleep 0.05; done"})
      words.emplace_back(word);
    Command command = tool(words);
    Child child = must(command.stdin_from(Stdio::pipe()).stdout_to(Stdio::pipe()).spawn());
    char text[5];
    ASSERT_EQ(::read(child.stdout_pipe()->get(), text, sizeof text), 5) << "not asked to end";
    EXPECT_TRUE(child.pidfd().send_signal(asks_again ? SIGINT : SIGWINCH));
    if (asks_again) {
      EXPECT_EQ(child.wait_for(20s), ExitStatus::exited(124));
    } else {
      EXPECT_EQ(::write(child.stdin_pipe()->get(), "\n", 1), 1);
      EXPECT_EQ(must(child.communicate({.timeout = 20s})).out, "cleaned\n");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Of, RunPatience,
                         testing::Values("--no-new-privs", "--why", "--signal=TERM", "--no-tree"));

// A vfork(2) child that never executes keeps its parent from stopping for anybody.
TEST(RunWhy, EndsThoughAProgramIsInTheMiddleOfAStart) {
  if (!landlock_support()) GTEST_SKIP() << "needs Landlock";
  SYSFD_REQUIRE_ISOLATION();
  const ScratchDirectory scratch;
  const std::string fifo = scratch.path() / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  const std::string start =
      "import os; os.posix_spawn('/bin/true', ['true'], {}, "
      "file_actions=[(os.POSIX_SPAWN_OPEN, 0, '" +
      fifo + "', os.O_RDONLY, 0)])";
  for (const char* const option : {"--tree", "--no-tree"}) {
    const Output run =
        run_tool({option, "--deadline", "1s", "--kill-after", "100ms", "--reads", "/", "--writes",
                  "/dev", "--why", "--", "python3", "-S", "-c", start});
    EXPECT_EQ(status_of(run), 124) << option << run.err;
    EXPECT_FALSE(run.timed_out);
  }
}

TEST(RunTerminal, ForwardsWhatTheProgramDoesNotGetItself) {
  SYSFD_REQUIRE_ISOLATION();
  const ScratchDirectory scratch;
  Command command = tool({"--json", scratch.path() / "json", "--", "setsid", "sh", "-c",
                          "trap 'exit 5' INT; echo ready; while :; do sleep 0.05; done"});
  Child child = must(command.terminal().spawn());
  char byte = 0;
  while (::read(child.terminal()->get(), &byte, 1) == 1 && byte != '\n') {
  }
  ASSERT_EQ(::write(child.terminal()->get(), "\x03", 1), 1);
  EXPECT_EQ(child.wait_for(20s), ExitStatus::exited(5));
}

TEST(RunDescriptors, MayBeThoseOfTheShellUntilTheyAreOpen) {
  Command command("bash");
  command.args({"-c", "exec \"$0\" --deadline 50s --stdin <(echo text) -- cat", SYSFD_RUN});
  const Output run = must(command.output({.timeout = 60s}));
  EXPECT_EQ(run.out, "text\n") << run.err;
}

TEST(RunSignals, OfRealTimeAreForwarded) {
  SYSFD_REQUIRE_ISOLATION();
  const ScratchDirectory scratch;
  const std::string json = scratch.path() / "json";
  Command command =
      tool({"--json", json, "--", "bash", "-c",
            "trap 'exit 9' RTMIN+2; echo ready; while :; do read -t 1 <> <(:); done"});
  Child child = must(command.stdout_to(Stdio::pipe()).spawn());
  char text[6];
  ASSERT_EQ(::read(child.stdout_pipe()->get(), text, sizeof text), 6);
  EXPECT_TRUE(child.pidfd().send_signal(SIGRTMIN + 2));
  EXPECT_EQ(must(child.wait_for(60s)).code(), 9);
  EXPECT_EQ(member_of(content_of(json), "forwarded"), "\"36\"");
}

TEST(RunDeadline, IsAnErrorWithoutTheProcOfItsPidNamespace) {
  SYSFD_REQUIRE_ROOT();
  // The tool is process 1 of a pid namespace, and sees the /proc of another.
  const Output run =
      run_tool({"--unshare", "pid", "--", SYSFD_RUN, "--deadline", "1s", "--", "true"});
  EXPECT_EQ(status_of(run), 125);
  EXPECT_NE(run.err.find("--deadline: needs the /proc of this pid namespace"), run.err.npos)
      << run.err;
}

TEST(RunAsProcess1, LeavesNoZombieOfAnOrphan) {
  SYSFD_REQUIRE_ROOT();
  const Output run = run_shell({"--unshare", "pid", "--", SYSFD_RUN, "--json", "/dev/null"},
                               "orphan=$(true >/dev/null & echo $!); i=0;"
                               "while kill -0 $orphan 2>/dev/null; do"
                               "  i=$((i + 1)); if [ $i = 1000000 ]; then exit 1; fi;"
                               "done; exit 7");
  EXPECT_EQ(status_of(run), 7) << run.err;
}

TEST(RunParentDeath, SendsTheSignalWhenTheParentEnds) {
  SYSFD_REQUIRE_ISOLATION();
  for (const char* const supervised : {"--parent-death=TERM", "--parent-death=KILL --deadline=50s",
                                       "--parent-death=TERM --deadline=50s"}) {
    Witness witness;
    Command shell("sh");
    shell.args({"-c", SYSFD_RUN " "s + supervised +
                          " --pass 9 -- sh -c 'echo ready; exec sleep 1000' & read line"});
    witness.go_with(shell, 9);
    Child child = must(shell.stdin_from(Stdio::pipe()).stdout_to(Stdio::pipe()).spawn());
    char text[6];
    ASSERT_EQ(::read(child.stdout_pipe()->get(), text, sizeof text), 6);
    EXPECT_FALSE(witness.is_alone());
    EXPECT_TRUE(child.pidfd().send_signal(SIGKILL));
    EXPECT_EQ(child.wait(), ExitStatus::killed(SIGKILL));
    EXPECT_TRUE(witness.becomes_alone()) << supervised;
  }
}

}  // namespace
}  // namespace sysfd_test
