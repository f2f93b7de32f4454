// SPDX-License-Identifier: MIT
//
// Tests children that are restricted: Command::landlock().
#include <sysfd/command.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <span>

#include <sysfd/create.hpp>
#include <sysfd/fd_passing.hpp>
#include <sysfd/landlock.hpp>
#include <sysfd/prepared_command.hpp>

#include "support/prelude.hpp"

#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

// Allows to run programs of the system, to read its files, and to write in one directory.
Ruleset ruleset_for(const std::filesystem::path& writable) {
  Ruleset ruleset = must(Ruleset::create(rights::of_abi(1)));
  for (const char* directory : {"/usr", "/bin", "/lib", "/lib64", "/etc"})
    if (std::filesystem::exists(directory)) {
      EXPECT_TRUE(ruleset.allow(directory, rights::run | rights::read));
    }
  EXPECT_TRUE(ruleset.allow(writable, rights::read_write - FileRight::refer));
  return ruleset;
}

std::string run(Command& command) {
  const auto output = command.output();
  if (!output) return output.error().describe();
  return output->out + output->err;
}

struct Scratch {
  Scratch() {
    std::filesystem::create_directory(directory.path() / "inside");
    std::ofstream(directory.path() / "outside") << "secret";
  }
  std::string inside() const { return directory.path() / "inside"; }
  std::string outside() const { return directory.path() / "outside"; }
  ScratchDirectory directory;
};

TEST(RestrictedChild, CanDoWhatTheRulesAllowAndNoMore) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const Scratch scratch;
  const Ruleset ruleset = ruleset_for(scratch.inside());
  Command command = Command::shell("echo text > " + scratch.inside() + "/new && cat " +
                                   scratch.inside() + "/new; cat " + scratch.outside())
                        .landlock(ruleset)
                        .env("LC_ALL", "C");
  const std::string text = run(command);
  EXPECT_TRUE(text.starts_with("text\ncat: ")) << text;
  EXPECT_TRUE(text.ends_with(": Permission denied\n")) << text;
  EXPECT_TRUE(std::ifstream(scratch.outside()).good()) << "the caller is restricted";
}

TEST(RestrictedChild, HasNoNewPrivilegesAndNotTheRuleset) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const Scratch scratch;
  Ruleset ruleset = ruleset_for(scratch.inside());
  ASSERT_TRUE(ruleset.allow("/proc", rights::read));
  Command command =
      Command::shell("grep NoNewPrivs /proc/self/status; ls /proc/self/fd").landlock(ruleset);
  EXPECT_EQ(run(command), "NoNewPrivs:\t1\n0\n1\n2\n3\n");  // 3 is that of ls
}

TEST(RestrictedChild, MayAskForNoNewPrivilegesItself) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const Scratch scratch;
  Ruleset ruleset = ruleset_for(scratch.inside());
  ASSERT_TRUE(ruleset.allow("/proc", rights::read));
  Command command = Command::shell("grep NoNewPrivs /proc/self/status")
                        .landlock(ruleset)
                        .identity({.no_new_privileges = true});
  EXPECT_EQ(run(command), "NoNewPrivs:\t1\n");
}

// The keeper is not restricted: it could not end all of its tree.
TEST(RestrictedChild, CanBeContained) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_ROOT();
  run_apart([] {
    const Scratch scratch;
    const Ruleset ruleset = ruleset_for(scratch.inside());
    Pipe tree = must(pipe());  // the tree holds its end
    Command command = Command::shell("setsid sleep 1000 >/dev/null 2>&1 & cat " + scratch.outside())
                          .landlock(ruleset)
                          .contain()
                          .pass(std::move(tree.write), 9)
                          .env("LC_ALL", "C");
    EXPECT_TRUE(run(command).ends_with(": Permission denied\n"));
    char byte = 0;
    EXPECT_EQ(::read(tree.read.get(), &byte, 1), 0);
  });
}

TEST(RestrictedChild, IsRestrictedAfterAllThatIsGivenToIt) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  SYSFD_REQUIRE_ROOT();
  const Scratch scratch;
  std::filesystem::permissions(scratch.directory.path(), std::filesystem::perms(0755));
  const Ruleset ruleset = ruleset_for(scratch.inside());
  const OwnedFd given = must(open(cwd(), scratch.outside(), O_RDONLY));
  Command command = Command::shell("id -u; pwd; cat <&3")
                        .landlock(ruleset)
                        .pass(given, 3)
                        .working_directory(scratch.directory.path().string())
                        .identity({.user = 65534, .group = 65534});
  EXPECT_EQ(run(command), "65534\n" + scratch.directory.path().string() + "\nsecret");
}

TEST(RestrictedChild, MayBePreparedAndStartedAgain) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const Scratch scratch;
  const Ruleset ruleset = ruleset_for(scratch.inside());
  const auto prepared = must(
      Command("cat").arg(scratch.outside()).landlock(ruleset).stderr_to(Stdio::null()).prepare());
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(must(prepared.status()).code(), 1);
  auto pending = must(prepared.spawn_async());
  auto child = must(std::move(pending).finish());
  EXPECT_EQ(must(child.wait()).code(), 1);
}

// The program itself needs a rule.
TEST(RestrictedChild, ThatMayNotRunItsProgramIsAnError) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const Ruleset ruleset = must(Ruleset::create({.files = FileRight::execute}));
  const auto child = Command("/bin/true").landlock(ruleset).spawn();
  ASSERT_FALSE(child.has_value());
  EXPECT_EQ(child.error().step, SpawnStep::exec);
  EXPECT_EQ(child.error().code.value(), EACCES);
}

TEST(RestrictedChild, OfSomethingElseThanARulesetIsAnError) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const auto ends = must(pipe());
  const auto child = Command("/bin/true").landlock(ends.read).spawn();
  ASSERT_FALSE(child.has_value());
  EXPECT_EQ(child.error().step, SpawnStep::landlock);
  EXPECT_EQ(child.error().code.value(), EBADFD);
  EXPECT_EQ(child.error().describe(), "Landlock ruleset: File descriptor in bad state");
  const auto none = Command("/bin/true").landlock(cwd()).spawn();
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().step, SpawnStep::landlock);
  EXPECT_EQ(none.error().code.value(), EBADF);
}

TEST(RestrictedChild, MayGetARulesetThatCameOverASocket) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const Scratch scratch;
  const SocketPair pair = must(socket_pair(SOCK_SEQPACKET));
  run_apart([&] {  // the ruleset is made, and sent, by another process
    const Ruleset made = ruleset_for(scratch.inside());
    EXPECT_TRUE(send_fds(pair.first, {{made.fd()}}, std::as_bytes(std::span("r"))));
  });
  std::array<std::byte, 8> payload;
  const ReceivedMessage message = must(receive_fds(pair.second, payload, {.max_fds = 1}));
  ASSERT_EQ(message.fds.size(), 1U);
  Command command = Command::shell("cat < " + scratch.outside() + " || echo text > " +
                                   scratch.inside() + "/new && cat " + scratch.inside() + "/new")
                        .landlock(message.fds[0])
                        .stderr_to(Stdio::null());
  EXPECT_EQ(run(command), "text\n");
}

// Never a child that is not restricted.
TEST(RestrictedChild, IsNotStartedWhereTheKernelRefuses) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  run_apart([] {
    const Ruleset ruleset = must(Ruleset::create(rights::of_abi(1)));
    refuse_calls({{SYS_landlock_restrict_self, EOPNOTSUPP}});
    const auto child = Command("/bin/true").landlock(ruleset).spawn();
    ASSERT_FALSE(child.has_value());
    EXPECT_EQ(child.error().step, SpawnStep::landlock);
    EXPECT_EQ(child.error().code.value(), EOPNOTSUPP);
  });
}

TEST(RestrictedChild, IsRestrictedInPlaceToo) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const Scratch scratch;
  const Ruleset ruleset = ruleset_for(scratch.inside());
  run_apart([&] {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      (void)Command("cat").arg(scratch.outside()).landlock(ruleset).stderr_to(Stdio::null()).exec();
      ::_exit(99);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), 1);
  });
}

}  // namespace
}  // namespace sysfd_test
