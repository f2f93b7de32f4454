// SPDX-License-Identifier: MIT
//
// What each option does to the program.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include <sysfd/create.hpp>
#include <sysfd/landlock.hpp>

#include "support/prelude.hpp"

#include "run/tool.hpp"

namespace sysfd_test {
namespace {

// What a shell prints, with and without a supervisor.
void expect_shell(const Words& options, const std::string& line, const std::string& out) {
  for (const char* const more : {"", "--deadline=50s"}) {
    Words words = options;
    if (*more) words.emplace_back(more);
    const Output run = run_shell(words, line);
    EXPECT_EQ(run.out, out) << line << "\n" << run.err;
    EXPECT_EQ(status_of(run), 0) << run.err;
  }
}

TEST(RunResources, AreThoseOfTheOptions) {
  SYSFD_REQUIRE_ROOT();
  expect_shell({"--limit", "nofile=64", "--limit", "core=0:1K", "--limit", "cpu=:unlimited"},
               "ulimit -n; ulimit -H -n; ulimit -c; ulimit -H -c", "64\n64\n0\n2\n");
  expect_shell({"--nice", "7", "--umask", "027"}, "nice; umask", "7\n0027\n");
  expect_shell({"--sched", "batch"}, "awk '{ print $41 }' /proc/self/stat", "3\n");
  expect_shell({"--cpus", "0"}, "nproc", "1\n");
  expect_shell({"--ionice", "best-effort:6"}, "ionice", "best-effort: prio 6\n");
  expect_shell({"--oom-score", "500"}, "cat /proc/self/oom_score_adj", "500\n");
}

TEST(RunIdentity, IsThatOfTheOptions) {
  SYSFD_REQUIRE_ROOT();
  expect_shell({"--user", "nobody"}, "id -un; id -gn; id -G", "nobody\nnogroup\n65534\n");
  expect_shell({"--user", "65534", "--groups", "daemon,2"}, "id -u; id -g; id -G",
               "65534\n65534\n65534 1 2\n");
  expect_shell({"--user", "54321", "--group", "12345", "--groups", "none"}, "id -u; id -G",
               "54321\n12345\n");
  expect_shell({"--caps", "none"}, "grep -E 'Cap(Eff|Amb)' /proc/self/status | cut -f 2 | sort -u",
               "0000000000000000\n");
  expect_shell({"--caps", "none"}, "grep NoNewPrivs /proc/self/status | cut -f 2", "1\n");
  expect_shell({"--no-new-privs"}, "grep NoNewPrivs /proc/self/status | cut -f 2", "1\n");
  for (const Words& who : {Words{}, Words{"--user", "nobody"}}) {  // CAP_KILL, CAP_CHOWN
    Words words = who;
    words.insert(words.end(), {"--caps", "kill,cap_chown"});
    expect_shell(words, "grep -E 'Cap(Eff|Bnd)' /proc/self/status | cut -f 2 | sort -u",
                 "0000000000000021\n");
  }
}

TEST(RunNamespaces, AreNew) {
  SYSFD_REQUIRE_ROOT();
  expect_shell({"--unshare", "net,uts", "--unshare", "ipc"},
               "ls /sys/class/net >/dev/null; wc -l </proc/net/dev", "3\n");
  expect_shell({"--unshare", "pid"}, "echo $$", "1\n");
  expect_shell({"--user", "0", "--unshare", "user,net", "--map-root"},
               "cat /proc/self/uid_map | tr -s ' '", " 0 0 1\n");
}

TEST(RunConfinement, AllowsWhatIsAllowed) {
  if (!landlock_support()) GTEST_SKIP() << "needs Landlock";
  const ScratchDirectory scratch;
  const std::string out = scratch.path();
  write_file(out + "/data", "data\n");
  const Words system = {"--reads", "/usr", "--reads", "/lib64"};
  const auto with = [&](Words more) {
    more.insert(more.begin(), system.begin(), system.end());
    return more;
  };
  expect_shell(with({"--reads", out}),
               "cat " + out + "/data; touch " + out + "/new 2>&1 || echo no",
               "data\ntouch: cannot touch '" + out + "/new': Permission denied\nno\n");
  expect_shell(with({"--writes", out}), "echo x >" + out + "/new; rm " + out + "/new; echo done",
               "done\n");
  expect_shell(with({}), "cat " + out + "/data 2>&1 || echo no",
               "cat: " + out + "/data: Permission denied\nno\n");
  expect_shell(with({"--devices"}), "echo x >/dev/null && echo done", "done\n");
}

TEST(RunConfinement, AllowsProcInATree) {
  if (!landlock_support()) GTEST_SKIP() << "needs Landlock";
  SYSFD_REQUIRE_ROOT();
  const Output run = run_tool({"--reads", "/usr", "--reads", "/lib64", "--reads", "/proc", "--tree",
                               "--", "cat", "/proc/self/comm"});
  EXPECT_EQ(run.out, "cat\n") << run.err;
}

// It has the /proc of the caller then, in which it can open nothing.
TEST(RunConfinement, ShowsATreeNothingOfOthersInProc) {
  if (!landlock_support()) GTEST_SKIP() << "needs Landlock";
  SYSFD_REQUIRE_ROOT();
  const std::string own = "/proc/" + std::filesystem::read_symlink("/proc/self").string();
  const Words confined = {"--reads", "/usr", "--reads", "/lib64", "--tree"};
  for (const char* const file : {"/comm", "/environ", "/root/etc/passwd", "/cwd/.", "/fd/0"})
    expect_shell(confined, "(read line <" + own + file + ") 2>&- || echo denied", "denied\n");
  for (const char* const link : {"/exe", "/cwd", "/root", "/fd/0"})
    expect_shell(confined, "readlink " + own + link + " || echo denied", "denied\n");
  // What may be read is that of the tree.
  const Output run = run_tool({"--reads", "/", "--tree", "--", "sh", "-c",
                               "ls -d /proc/[0-9]* | wc -l; cat /proc/self/comm"});
  EXPECT_EQ(status_of(run), 0) << run.err;
  EXPECT_LT(std::stoi(run.out), 10) << run.out;
  EXPECT_TRUE(run.out.ends_with("\ncat\n")) << run.out;
}

TEST(RunConfinement, SeparatesReadingFromExecuting) {
  if (!landlock_support()) GTEST_SKIP() << "needs Landlock";
  const ScratchDirectory scratch;
  const std::string program = scratch.path() / "program";
  std::filesystem::copy_file("/bin/true", program);
  const std::string line = program + " 2>/dev/null && echo runs || echo no";
  const Words own = {"--devices", "--reads", "/usr",        "--reads",
                     "/lib64",    "--reads", scratch.path()};
  expect_shell(own, line, "runs\n");
  Words apart = own;
  apart.insert(apart.end(), {"--executes", "/usr", "--executes", "/lib64"});
  expect_shell(apart, line, "no\n");
}

TEST(RunConfinement, IsAboutPorts) {
  const auto support = landlock_support();
  if (!support || support->abi < 4) GTEST_SKIP() << "needs Landlock of Linux 6.7";
  const std::string line = "exec 3<>/dev/tcp/127.0.0.1/9 && echo connected || echo failed";
  const Output denied =
      run_tool({"--stderr", "stdout", "--connects", "none", "--", "bash", "-c", line});
  EXPECT_NE(denied.out.find("Permission denied"), denied.out.npos) << denied.out;
  const Output allowed =
      run_tool({"--stderr", "stdout", "--connects", "9", "--", "bash", "-c", line});
  EXPECT_EQ(allowed.out.find("Permission denied"), allowed.out.npos) << allowed.out;
}

TEST(RunSurroundings, AreThoseOfTheOptions) {
  SYSFD_REQUIRE_ROOT();
  expect_shell({"--env", "A=1", "--env", "A=2", "--unset-env", "HOME"}, "echo $A ${HOME-none}",
               "2 none\n");
  expect_shell({"--clear-env", "--env", "PATH", "--env", "A="},
               "env | grep -v -E '^(PATH|PWD|_|SHLVL|OLDPWD)='", "A=\n");
  expect_shell({"--chdir", "/usr/bin"}, "pwd", "/usr/bin\n");
  expect_shell({"--root", "/", "--chdir", "/usr"}, "pwd", "/usr\n");
  expect_shell({"--nohup"}, "kill -HUP $$; echo alive", "alive\n");
  expect_shell({"--session"}, "test $(ps -o sid= -p $$) = $$ && echo leader", "leader\n");
}

TEST(RunDescriptors, AreThoseThatArePassed) {
  const ScratchDirectory scratch;
  const std::string path = scratch.path() / "file";
  write_file(path, "text\n");
  expect_shell({"--pass", "7=" + path}, "ls -C /proc/$$/fd; cat <&7", "0  1  2  7\ntext\n");
  expect_shell({"--pass", "8=w:" + path}, "echo new >&8; cat " + path, "new\n");
  write_file(path, "");
  expect_shell({"--pass", "3=a:" + path}, "echo more >&3", "");
  EXPECT_EQ(content_of(path), "more\nmore\n");
  expect_shell({"--stdin", path, "--stdout", path + ".out"}, "cat", "");
  EXPECT_EQ(content_of(path + ".out"), "more\nmore\n");
  expect_shell({"--stdout", "append:" + path + ".out", "--stderr", "stdout"}, "echo e >&2", "");
  EXPECT_EQ(content_of(path + ".out"), "more\nmore\ne\ne\n");
  expect_shell({"--stdin", "null", "--stderr", "null"}, "cat; echo e >&2; readlink /proc/$$/fd/0",
               "/dev/null\n");
}

TEST(RunDescriptors, OfTheCallerArePassedOnlyByName) {
  const OwnedFd file = must(sysfd::open(cwd(), "/dev/null", O_RDONLY));
  Command command = tool({"--pass", "7", "--", "sh", "-c", "ls -C /proc/$$/fd"});
  command.pass(file, 7).pass(file, 8);
  EXPECT_EQ(must(command.output({.timeout = 60s})).out, "0  1  2  7\n");
}

TEST(RunListen, PassesSocketsWithTheirNames) {
  const ScratchDirectory scratch;
  const std::string path = scratch.path() / "socket";
  for (int i = 0; i < 2; ++i)  // the second time, the path is that of an abandoned socket
    expect_shell({"--listen", "web=127.0.0.1:0", "--listen", path, "--listen", "log=udp:[::1]:0"},
                 "echo $LISTEN_FDS $LISTEN_FDNAMES $(test $LISTEN_PID = $$ && echo mine); "
                 "readlink /proc/$$/fd/3 /proc/$$/fd/4 /proc/$$/fd/5 | sed 's/:.*//'",
                 "3 web:unknown:log mine\nsocket\nsocket\nsocket\n");
}

TEST(RunListen, RefusesAnAddressThatIsTaken) {
  const OwnedFd socket = OwnedFd::adopt(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(socket.get(), 1), 0);
  ASSERT_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::string where = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  const Output run = run_tool({"--listen", where, "--", "true"});
  EXPECT_EQ(status_of(run), 125);
  EXPECT_TRUE(run.err.starts_with("sysfd-run: --listen " + where + ": Address ")) << run.err;
  EXPECT_TRUE(run.err.ends_with(
      "in use: another program listens there; take another one, or end that program\n"))
      << run.err;
}

TEST(RunLock, IsSharedOrExclusive) {
  const ScratchDirectory scratch;
  const std::string path = scratch.path() / "lock";
  const std::string again = std::string(SYSFD_RUN) + " --lock-timeout 0 --lock " + path;
  expect_shell({"--lock", path, "--lock-shared"}, again + " --lock-shared echo both", "both\n");
  expect_shell({"--lock", path}, again + " --lock-shared true 2>/dev/null || echo $?", "123\n");
  expect_shell({"--lock", scratch.path()}, "echo a directory", "a directory\n");
}

TEST(RunCgroup, IsEnforcedOrRefused) {
  const Output explained = run_tool({"--memory", "64M", "--pids", "5", "--explain", "--", "true"});
  if (status_of(explained) == 0) {
    EXPECT_EQ(status_of(run_tool({"--memory", "64M", "--pids", "5", "--", "true"})), 0);
    EXPECT_NE(
        status_of(run_shell({"--pids", "5"}, "for i in 1 2 3 4 5 6 7; do sleep 1 & done; wait")),
        0);
    return;
  }
  const Output run = run_tool({"--memory", "64M", "--", "true"});
  EXPECT_EQ(status_of(run), 125) << "--explain says that it cannot be enforced";
  EXPECT_TRUE(run.err.starts_with("sysfd-run: --memory, --pids, --cpu: ")) << run.err;
  GTEST_SKIP() << "needs the memory and pids controllers of cgroup v2: " << run.err;
}

TEST(RunConfinement, OfPortsEndsWhatWasAllowedBeforeByNone) {
  if (const auto support = landlock_support(); !support || support->abi < 4)
    GTEST_SKIP() << "needs Landlock with ports";
  const std::string line = "exec 3<>/dev/tcp/127.0.0.1/9";
  const Output run = run_tool({"--connects", "9", "--connects", "none", "--", "bash", "-c", line});
  EXPECT_NE(run.err.find("Permission denied"), run.err.npos) << run.err;
}

TEST(RunConfinement, CanTakeTheDevicesOfAProfileAway) {
  if (!landlock_support()) GTEST_SKIP() << "needs Landlock";
  const ScratchDirectory scratch;
  const std::string with = scratch.path() / "with.toml", without = scratch.path() / "without.toml";
  write_file(with, "devices = true\nreads = [\"/usr\", \"/lib\", \"/lib64\", \"/bin\"]\n");
  write_file(without, "devices = false\n");
  const Words words = {"--profile", with, "--", "sh", "-c", ": 2>/dev/null"};
  EXPECT_EQ(status_of(run_tool(words)), 0);
  Words more = {"--profile", with, "--profile", without};
  more.insert(more.end(), words.begin() + 2, words.end());
  EXPECT_NE(status_of(run_tool(more)), 0);
}

TEST(RunWhy, NamesThePortThatIsForbiddenAndNoOther) {
  if (const auto support = landlock_support(); !support || support->abi < 4)
    GTEST_SKIP() << "needs Landlock with ports";
  SYSFD_REQUIRE_ISOLATION();
  const std::string line = "exec 3<>/dev/tcp/127.0.0.1/9";
  const Output denied = run_tool({"--connects", "none", "--why", "--", "bash", "-c", line});
  EXPECT_NE(denied.err.find("port 9: denied connect_tcp; add --connects 9\n"), denied.err.npos)
      << denied.err;
  const Output allowed = run_tool({"--connects", "9", "--why", "--", "bash", "-c", line});
  EXPECT_EQ(allowed.err.find("add --connects"), allowed.err.npos) << allowed.err;
}

TEST(RunWhy, AndStartupFilesTellAMissingProgramAsAlways) {
  if (!landlock_support()) GTEST_SKIP() << "needs Landlock";
  const ScratchDirectory scratch;
  const std::string json = scratch.path() / "json";
  const std::string script = scratch.path() / "script";
  write_file(script, "no interpreter\n");
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  for (const char* const option : {"--why", "--startup-files"}) {
    for (const char* const missing : {"/no/such/program", "no-such-program-of-any-name"}) {
      const Output run = run_tool({"--reads", "/", option, "--json", json, "--", missing});
      EXPECT_EQ(status_of(run), 127) << run.err;
      EXPECT_EQ(member_of(content_of(json), "ending"), "\"not_started\"");
    }
    EXPECT_EQ(status_of(run_tool({"--reads", "/", option, "--", script})), 126) << option;
  }
}

TEST(RunExplain, TellsTheCallAndWhatIsNotEnforced) {
  const Output good = run_tool({"--nice", "5", "--deadline", "5s", "--explain", "--", "true"});
  EXPECT_EQ(status_of(good), 0) << good.out;
  EXPECT_NE(good.out.find("enforced      --nice 5\n                by Resources::nice: "
                          "setpriority(2)\n"),
            good.out.npos)
      << good.out;
  EXPECT_NE(good.out.find("by a subreaper"), good.out.npos) << good.out;
  const Output bad = run_tool({"--root", "/", "--user", "54321", "--group", "1", "--unshare",
                               "user", "--explain", "--", "true"});
  EXPECT_EQ(status_of(bad), 125) << bad.out;
  EXPECT_NE(bad.out.find("NOT enforced  --user 54321\n"), bad.out.npos) << bad.out;
  EXPECT_EQ(bad.out.find("  enforced      --user"), bad.out.npos) << bad.out;
  EXPECT_NE(bad.out.find("not tried     --root /\n"), bad.out.npos) << bad.out;
}

}  // namespace
}  // namespace sysfd_test
