// SPDX-License-Identifier: MIT
//
// What sysfd-run says about options that are wrong: the option, what is wrong, and what would do.
#include <string>

#include <sysfd/landlock.hpp>

#include "support/prelude.hpp"

#include "run/tool.hpp"

namespace sysfd_test {
namespace {

// The one line that is written; the status is 125.
std::string complaint_about(Words words) {
  words.emplace_back("true");
  const Output run = run_tool(words);
  EXPECT_EQ(status_of(run), 125);
  EXPECT_EQ(run.out, "");
  EXPECT_TRUE(run.err.starts_with("sysfd-run: ") && run.err.ends_with('\n')) << run.err;
  EXPECT_EQ(std::ranges::count(run.err, '\n'), 1) << run.err;
  return run.err.size() > 12 ? run.err.substr(11, run.err.size() - 12) : run.err;
}

TEST(RunOptions, ThatAreUnknownAreGuessed) {
  EXPECT_EQ(complaint_about({"--deadlin", "5s"}),
            "--deadlin: there is no such option; did you mean --deadline?");
  EXPECT_EQ(complaint_about({"--ro-bind", "/usr"}),
            "--ro-bind: there is no such option; did you mean --reads?");
  EXPECT_EQ(complaint_about({"--reuid=5"}),
            "--reuid: there is no such option; did you mean --user?");
  EXPECT_EQ(complaint_about({"--something-else"}),
            "--something-else: there is no such option; see --help");
  EXPECT_EQ(complaint_about({"-t"}), "-t: options have long names; see --help");
}

TEST(RunOptions, NeedTheirValues) {
  const Output run = run_tool({"--deadline"});
  EXPECT_EQ(status_of(run), 125);
  EXPECT_EQ(run.err, "sysfd-run: --deadline: needs a value: --deadline TIME\n");
  EXPECT_EQ(complaint_about({"--tree=yes"}), "--tree: takes no value; leave out \"=yes\"");
  EXPECT_EQ(run_tool({"--tree"}).err,
            "sysfd-run: there is no program: write sysfd-run [OPTION]... -- PROGRAM "
            "[ARGUMENT]...\n");
}

TEST(RunOptions, NameWhatIsWrongAndWhatWouldDo) {
  const std::pair<Words, const char*> cases[] = {
      {{"--deadline", "5x"}, "--deadline 5x: \"5x\" is no time: write 5s, 500ms, 1.5m, 2h or 1d"},
      {{"--deadline", "1..5s"},
       "--deadline 1..5s: \"1..5s\" is no time: write 5s, 500ms, 1.5m, 2h or 1d"},
      {{"--signal", "FOO", "--deadline", "5s"},
       "--signal FOO: \"FOO\" is no signal: write TERM, SIGINT, 15 or RTMIN+1"},
      {{"--limit", "nofile"}, "--limit nofile: write nofile=SOFT, or nofile=SOFT:HARD"},
      {{"--limit", "nofile=many"},
       "--limit nofile=many: \"many\" is no limit: write a number, as 64 or 1G, or unlimited"},
      {{"--limit", "nofile=64:32"},
       "--limit nofile=64:32: the soft limit is above the hard one, which is 32"},
      {{"--nice", "20"}, "--nice 20: is a whole number from -20 to 19"},
      {{"--dead", "1s"}, "--dead: there is no such option; did you mean --deadline?"},
      {{"--stdout", "stderr"},
       "--stdout stderr: there is only --stderr stdout: for a file of this name, write ./stderr"},
      {{"--listen", "=0"},
       "--listen =0: \"\" is no name of a socket: write 1 to 255 characters without :, as "
       "web=8080"},
      {{"--listen", "a:b=0"},
       "--listen a:b=0: \"a:b\" is no name of a socket: write 1 to 255 characters without :, as "
       "web=8080"},
      {{"--sched", "fifo"}, "--sched fifo: write fifo:1 to fifo:99"},
      {{"--sched", "batch:1"}, "--sched batch:1: batch has no priority"},
      {{"--cpus", "3-1"}, "--cpus 3-1: \"3-1\" is no list of processors: write 0-3,6"},
      {{"--ionice", "fast"},
       "--ionice fast: \"fast\" is no class: there are idle, best-effort, real-time"},
      {{"--umask", "9"}, "--umask 9: is no mask: write an octal number, 022 or 077"},
      {{"--memory", "200X"}, "--memory 200X: \"200X\" is no size: write bytes, or 64K, 200M or 1G"},
      {{"--memory", "4K"}, "--memory 4K: is too little to start a program: write 1M or more"},
      {{"--cpu", "50"},
       "--cpu 50: \"50\" is no share: write 50% for half a processor, 200% for two"},
      {{"--user", "no such user"},
       "--user no such user: no user \"no such user\" in /etc/passwd: give one that is there, or "
       "a number with --group"},
      {{"--user", "123456789"},
       "--user 123456789: is not in /etc/passwd, and so has no group: add --group GROUP"},
      {{"--group", "no such group"},
       "--group no such group: no group \"no such group\" in /etc/group: give one that is there, "
       "or a number"},
      {{"--caps", "flying"},
       "--caps flying: \"flying\" is no capability: write none, or names of capabilities(7) as "
       "net_bind_service,kill"},
      {{"--unshare", "network"},
       "--unshare network: \"network\" is no namespace: there are user, mount, net, pid, ipc, "
       "uts, cgroup"},
      {{"--connects", "http"}, "--connects http: is a port from 0 to 65535, or none"},
      {{"--scope", "files"}, "--scope files: \"files\" is no scope: there are signals, sockets"},
      {{"--env", "=x"}, "--env =x: has no name: write NAME=VALUE"},
      {{"--env", "SYSFD_RUN_UNSET"},
       "--env SYSFD_RUN_UNSET: sysfd-run has no such variable: write SYSFD_RUN_UNSET=VALUE"},
      {{"--pass", "x=/dev/null"},
       "--pass x=/dev/null: write NUMBER=FILE, as 3=data.txt, or a NUMBER that is open here"},
      {{"--pass", "77"},
       "--pass 77: sysfd-run has no open descriptor 77: write 77=FILE, or open it in the shell: "
       "77<FILE"},
      {{"--pass", "3=/dev/null", "--listen", "0"},
       "--pass 3=/dev/null: descriptors 3 to 3 are the sockets of --listen; write 4 or more"},
      {{"--listen", "nowhere"},
       "--listen nowhere: \"nowhere\" is no address: write 8080, 127.0.0.1:80, [::1]:80, "
       "/run/x.sock or @name"},
      {{"--tree", "--no-tree"}, "--no-tree: not together with --tree; leave out one"},
      {{"--no-tree", "--pids", "5"},
       "--no-tree: not together with --memory, --pids and --cpu, which limit a tree"},
      {{"--kill-after", "5s"}, "--kill-after: is about the deadline: add --deadline TIME"},
      {{"--lock-timeout", "5s"}, "--lock-timeout: is about the lock: add --lock FILE"},
      {{"--devices"}, "--devices: nothing else is forbidden yet: add --reads or --writes"},
      {{"--map-root"}, "--map-root: is about a new user namespace: add --unshare user"},
      {{"--why"}, "--why: nothing is forbidden: add --reads, --writes, --connects or --binds"},
      {{"--root", "/", "--reads", "/", "--why"},
       "--why: not together with --root: the program would be looked up outside of it"},
      {{"--json", "/no/such/file"}, "--json /no/such/file: No such file or directory"},
      {{"--stdin", "/no/such/file"}, "--stdin /no/such/file: No such file or directory"},
      {{"--pass", "3=/no/such/file"}, "--pass 3=/no/such/file: No such file or directory"},
      {{"--completion", "csh"}, "--completion csh: there are bash, zsh and fish"},
  };
  for (const auto& [words, text] : cases)
    EXPECT_EQ(complaint_about(words), text);
}

TEST(RunOptions, OfAFileThatMayNotBeReadSayWhatWouldHelp) {
  if (!landlock_support()) GTEST_SKIP() << "needs Landlock";
  EXPECT_NE(complaint_about({"--reads", "/no/such/file"}).find("--reads /no/such/file: "),
            std::string::npos);
  EXPECT_NE(complaint_about({"--reads", "/no/such/file"}).find("leave it out, or create it first"),
            std::string::npos);
}

TEST(RunProfile, NamesFileLineAndKey) {
  const ScratchDirectory scratch;
  const std::string file = scratch.path() / "profile.toml";
  const std::pair<const char*, const char*> cases[] = {
      {"tree = true\ndeadlin = \"5s\"\n",
       ":2: deadlin: there is no such option; did you mean deadline?"},
      {"\n\ndeadline = \"5x\"\n",
       ":3: deadline: \"5x\" is no time: write 5s, 500ms, 1.5m, 2h or 1d"},
      {"tree = 1\n", ":1: tree: is true or false"},
      {"deadline = [1, 2]\n", ":1: deadline: is a string or a whole number"},
      {"limit = [\"core=0\",\n  \"nofil=64\"]\n", ":2: limit: \"nofil\" is no limit"},
      {"reads = { usr = true }\n", ":1: reads: is a string or a list, not a table"},
      {"help = true\n", ":1: help: only on the command line"},
      {"command = \"make\"\n", ":1: command: write a list: command = [\"make\", \"check\"]"},
      {"command = [\"make\", 1]\n", ":1: command: write a list"},
      {"reads = []\n", ":1: reads: is empty: leave it out"},
      {"connects = []\n", ":1: connects: is empty: write \"none\" to allow no port"},
      {"limit = {}\n", ":1: limit: is empty: leave it out"},
      {"env = { \"A=B\" = \"c\" }\n", ":1: env: \"A=B\" has a ="},
      {"deadline = \n", ":1: "},
      {"umask = 0o27\n", ":1: umask: is a string: umask = \"027\""},
  };
  for (const auto& [text, complaint] : cases) {
    write_file(file, text);
    const std::string found = complaint_about({"--profile", file});
    EXPECT_NE(found.find(file + complaint), found.npos) << found;
  }
  std::string deep = "a";  // the parser calls itself for each part
  for (int i = 0; i < 100'000; ++i)
    deep += ".a";
  write_file(file, deep + " = 1\n");
  EXPECT_EQ(complaint_about({"--profile", file}), "--profile " + file + ": larger than 64 KiB");
  EXPECT_EQ(complaint_about({"--profile", "/no/such/file"}),
            "--profile /no/such/file: No such file or directory");
}

TEST(RunProfile, HasEachKindOfValue) {
  const ScratchDirectory scratch;
  const std::string file = scratch.path() / "profile.toml";
  write_file(file,
             "umask = \"027\"\nnice = 5\nunset-env = \"REMOVED\"\ntree = false\n"
             "env = { ADDED = \"yes\" }\nlimit = [\"core=0:0\"]\n");
  Command command = tool({"--profile", file, "--umask", "077", "--", "sh", "-c",
                          "umask; nice; echo ${REMOVED-gone} $ADDED"});
  command.env("REMOVED", "no");
  const Output run = must(command.output({.timeout = 60s}));
  EXPECT_EQ(run.out, "0077\n5\ngone yes\n") << run.err;
}

TEST(RunProfile, IsWeakerThanTheCommandLineInEachRespect) {
  const ScratchDirectory scratch;
  const std::string file = scratch.path() / "profile.toml";
  write_file(file, "tree = true\nlock-shared = false\ndeadline = \"5s\"\nkill-after = \"1s\"\n");
  for (const Words& stronger : {Words{"--no-tree"}, Words{"--deadline", "0"}}) {
    Words words = {"--profile", file};
    words.insert(words.end(), stronger.begin(), stronger.end());
    const Output run = run_shell(words, "exit 3");
    EXPECT_EQ(status_of(run), 3) << run.err;
  }
}

}  // namespace
}  // namespace sysfd_test
