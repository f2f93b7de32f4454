// SPDX-License-Identifier: MIT
//
// What people complain about in other tools of this kind, one test for each complaint.
#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include <sysfd/create.hpp>
#include <sysfd/flock_lock.hpp>
#include <sysfd/landlock.hpp>

#include "support/prelude.hpp"

#include "run/tool.hpp"
#include "spawn/talk.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

#define SYSFD_REQUIRE_LANDLOCK() \
  if (!landlock_support()) GTEST_SKIP() << "needs Landlock"

// landrun#29, #12, #46; util-linux#3851: "Permission denied", but what?
TEST(Complaint, PermissionDeniedNamesTheFileAndTheOptionThatWouldHelp) {
  SYSFD_REQUIRE_LANDLOCK();
  SYSFD_REQUIRE_ISOLATION();
  const ScratchDirectory scratch;
  const std::string file = scratch.path() / "secret";
  write_file(file, "secret\n");
  const Output run = run_tool({"--reads", "/usr", "--reads", "/lib64", "--reads",
                               "/etc/ld.so.cache", "--why", "--", "cat", file});
  EXPECT_EQ(status_of(run), 1) << run.err;
  EXPECT_EQ(run.out, "");
  EXPECT_NE(run.err.find(file + ": denied read_file: no rule on " + file), run.err.npos) << run.err;
  EXPECT_NE(run.err.find("add --reads " + file), run.err.npos) << run.err;
}

TEST(Complaint, AProgramThatMayNotBeExecutedSaysWhatWouldHelp) {
  SYSFD_REQUIRE_LANDLOCK();
  const Output run = run_tool({"--reads", "/etc", "--", "true"});
  EXPECT_EQ(status_of(run), 126);
  EXPECT_NE(run.err.find("--startup-files"), run.err.npos) << run.err;
  EXPECT_EQ(status_of(run_tool({"--reads", "/etc", "--startup-files", "--", "true"})), 0);
}

// bubblewrap#632, opam#5968: a sandbox that needs user namespaces, where these are forbidden.
TEST(Complaint, ConfinesAnOrdinaryUserWithoutAUserNamespace) {
  SYSFD_REQUIRE_LANDLOCK();
  SYSFD_REQUIRE_ROOT();
  run_apart([] {
    refuse_calls({{SYS_clone, EPERM, RefusedCall::Match{0, CLONE_NEWUSER, CLONE_NEWUSER}},
                  {SYS_unshare, EPERM, RefusedCall::Match{0, CLONE_NEWUSER, CLONE_NEWUSER}},
                  {SYS_clone3, ENOSYS}});
    Command command = tool({"--reads", "/usr", "--reads", "/lib64", "--deadline", "50s", "--", "sh",
                            "-c", "cat /etc/passwd || echo confined"});
    command.identity({.user = 65534, .group = 65534});
    const Output run = must(command.output({.timeout = 60s}));
    EXPECT_EQ(status_of(run), 0) << run.err;
    EXPECT_EQ(run.out, "confined\n");
  });
}

// tini#29: timeout(1) does not take the tree.
TEST(Complaint, TheDeadlineTakesTheWholeTree) {
  SYSFD_REQUIRE_ISOLATION();
  Witness witness;
  Command command =
      tool({"--deadline", "200ms", "--kill-after", "0", "--pass", "9", "--", "sh", "-c",
            "setsid sh -c 'trap \"\" TERM; sleep 1000' & (setsid sleep 1000 &); "
            "sleep 1000"});
  witness.go_with(command, 9);
  const Output run = must(command.output({.timeout = 60s}));
  EXPECT_EQ(status_of(run), 124) << run.err;
  EXPECT_TRUE(witness.is_alone());
}

// systemd#4920, #27205, #30606: needs a service manager, hangs without it, or tells another status.
TEST(Complaint, NeedsNoServiceManagerAndTellsTheStatusOfTheProgram) {
  for (const int code : {0, 1, 3, 122, 200, 255}) {
    Command command = tool({"--clear-env", "--limit", "core=0", "--", "/bin/sh", "-c",
                            "exit " + std::to_string(code)});
    command.clear_env().search(ProgramSearch::nowhere);
    EXPECT_EQ(status_of(must(command.output({.timeout = 60s}))), code);
  }
}

// util-linux#1086, #3961, #1560, #1561: signals and statuses.
TEST(Complaint, ForwardsSignalsAndTellsTheOneThatKilled) {
  SYSFD_REQUIRE_ISOLATION();
  for (const int signo : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2}) {
    Command command = tool({"--deadline", "50s", "--limit", "core=0", "--", "sh", "-c",
                            "echo ready; exec sleep 1000"});
    Child child = must(command.stdout_to(Stdio::pipe()).spawn());
    char text[6];
    ASSERT_EQ(::read(child.stdout_pipe()->get(), text, sizeof text), 6);
    EXPECT_TRUE(child.pidfd().send_signal(signo));
    EXPECT_EQ(child.wait(), ExitStatus::exited(128 + signo));
  }
}

TEST(Complaint, LetsTheProgramHandleASignalInItsOwnWay) {
  SYSFD_REQUIRE_ISOLATION();
  Command command = tool({"--deadline", "50s", "--", "sh", "-c",
                          "trap 'exit 42' TERM; echo ready; while :; do sleep 0.1; done"});
  Child child = must(command.stdout_to(Stdio::pipe()).spawn());
  char text[6];
  ASSERT_EQ(::read(child.stdout_pipe()->get(), text, sizeof text), 6);
  EXPECT_TRUE(child.pidfd().send_signal(SIGTERM));
  EXPECT_EQ(child.wait(), ExitStatus::exited(42));
}

// ceph-qa#583: a lock leaks into what the program leaves in the background.
TEST(Complaint, TheLockIsNotInherited) {
  SYSFD_REQUIRE_ISOLATION();
  const ScratchDirectory scratch;
  const std::string path = scratch.path() / "lock";
  const Output run = run_tool({"--lock", path, "--", "sh", "-c",
                               "setsid sleep 1000 >/dev/null 2>&1 & ls /proc/self/fd | wc -l; "
                               "flock -n " +
                                   path + " echo got || echo held"});
  EXPECT_EQ(status_of(run), 0) << run.err;
  EXPECT_EQ(run.out, "4\nheld\n");  // 0, 1, 2 and that of ls
  const OwnedFd file = must(sysfd::open(cwd(), path, O_RDONLY));
  EXPECT_TRUE(FlockLock::try_acquire(file, LockMode::exclusive));
}

// It also holds no lock, and no end of a pipe, of the process that has started it.
TEST(Complaint, HoldsNothingOfItsCaller) {
  SYSFD_REQUIRE_ISOLATION();
  Witness witness;
  Command command = tool(
      {"--deadline", "50s", "--pass", "7", "--", "sh", "-c", "echo ready; read line <&7; exit 8"});
  Pipe ends = must(sysfd::pipe());
  command.pass(std::move(ends.read), 7);
  witness.go_with(command, 9);
  Child child = must(command.stdout_to(Stdio::pipe()).spawn());
  char text[6];
  ASSERT_EQ(::read(child.stdout_pipe()->get(), text, sizeof text), 6);
  EXPECT_TRUE(witness.becomes_alone());
  EXPECT_EQ(child.try_wait().error(), std::errc::resource_unavailable_try_again);
  EXPECT_EQ(::write(ends.write.get(), "\n", 1), 1);
  EXPECT_EQ(child.wait(), ExitStatus::exited(8));
}

// nohup(1), cron and others start programs with signals that are ignored.
TEST(Complaint, TellsTheStatusWhereSigchldIsIgnoredAndLeavesItIgnored) {
  for (const Words& options : {Words{"--tree"}, Words{"--no-tree", "--deadline", "50s"}, Words{}}) {
    const auto run = [&](std::initializer_list<const char*> program) {
      Words words = options;
      words.insert(words.end(), program.begin(), program.end());
      Command command = tool(words);
      return must(command.signals({.ignored = {SIGCHLD}}).output({.timeout = 60s}));
    };
    EXPECT_EQ(status_of(run({"sh", "-c", "exit 3"})), 3);
    const Output ignored = run({"grep", "SigIgn:", "/proc/self/status"});
    EXPECT_EQ(ignored.out, "SigIgn:\t0000000000010000\n") << ignored.err;
  }
}

// util-linux#1180: the status for a lock that is held may be that of the program, or be cut.
TEST(Complaint, ALockThatIsHeldHasAStatusAndAnEndingOfItsOwn) {
  const ScratchDirectory scratch;
  const std::string path = scratch.path() / "lock";
  const std::string json = scratch.path() / "json";
  const OwnedFd file = must(sysfd::open(cwd(), path, O_RDWR | O_CREAT, 0600));
  const FlockLock lock = must(FlockLock::try_acquire(file, LockMode::exclusive));
  for (const char* const timeout : {"0", "20ms"}) {
    const Output run =
        run_tool({"--lock", path, "--lock-timeout", timeout, "--json", json, "--", "true"});
    EXPECT_EQ(status_of(run), 123);
    EXPECT_EQ(run.err, "sysfd-run: --lock " + path + ": another process holds the lock\n");
    EXPECT_EQ(member_of(content_of(json), "ending"), "\"lock_not_had\"");
  }
  EXPECT_EQ(
      status_of(run_tool({"--lock", path + "2", "--json", json, "--", "sh", "-c", "exit 123"})),
      123);
  EXPECT_EQ(member_of(content_of(json), "ending"), "\"exited\"");
}

// landrun#24, nono#1621, cage#25: too many flags, no profiles, no dry run.
TEST(Complaint, AProfileStandsForManyOptions) {
  const ScratchDirectory scratch;
  const std::string profile = scratch.path() / "profile.toml";
  write_file(profile,
             "# what a test needs\n"
             "limit = { nofile = 64, core = 0 }\n"
             "env = [\"FIRST=1\", \"SECOND=two words\"]\n"
             "umask = \"027\"\n"
             "nohup = true\n"
             "command = [\"sh\", \"-c\", \"ulimit -n; ulimit -c; echo $FIRST $SECOND; umask\"]\n");
  const Output run = run_tool({"--profile", profile});
  EXPECT_EQ(status_of(run), 0) << run.err;
  EXPECT_EQ(run.out, "64\n0\n1 two words\n0027\n");
  // The command line is stronger.
  const Output other = run_tool(
      {"--limit", "nofile=32", "--profile", profile, "--", "sh", "-c", "ulimit -n; echo $FIRST"});
  EXPECT_EQ(other.out, "32\n1\n") << other.err;
}

TEST(Complaint, ADryRunChangesNothing) {
  const ScratchDirectory scratch;
  const std::string file = scratch.path() / "out";
  const Output run = run_tool({"--stdout", file, "--lock", file + ".lock", "--json", file + ".json",
                               "--deadline", "5s", "--dry-run", "--", "touch", file + ".made"});
  EXPECT_EQ(status_of(run), 0) << run.err;
  EXPECT_NE(run.out.find("--deadline 5s"), run.out.npos) << run.out;
  EXPECT_NE(run.out.find("flock(2)"), run.out.npos) << run.out;
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path()));
}

}  // namespace
}  // namespace sysfd_test
