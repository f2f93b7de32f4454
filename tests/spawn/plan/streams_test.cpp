// SPDX-License-Identifier: MIT
//
// Tests 0, 1 and 2 of the child.
#include <sysfd/command.hpp>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>

#include <sysfd/create.hpp>
#include <sysfd/pipeline.hpp>
#include <sysfd/prepared_command.hpp>

#include "support/prelude.hpp"

#include "spawn/inspect.hpp"
#include "spawn/talk.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

TEST(ChildStreams, CanBeTypedOwners) {
  const auto self = PidFd::self();
  ASSERT_TRUE(self);
  const Report report = inspect([&](Command& command) { command.stdin_from(*self); });
  EXPECT_EQ(report.descriptors.at(0), identity_of(self->fd().get()));
}

TEST(ChildStreams, CanBeNull) {
  const Report report = inspect([](Command& command) {
    command.stdin_from(Stdio::null()).stdout_to(Stdio::null()).stderr_to(Stdio::null());
  });
  for (int fd = 0; fd < 3; ++fd)
    EXPECT_EQ(report.descriptors.at(fd), identity_of_null());
  EXPECT_EQ(report.descriptors.size(), 3U);
}

TEST(ChildStreams, CanBeBorrowedOrOwnedDescriptors) {
  const OwnedFd borrowed = some_file();
  OwnedFd owned = some_file();
  const auto owned_file = identity_of(owned.get());
  const Report report = inspect([&](Command& command) {
    command.stdin_from(borrowed).stdout_to(std::move(owned)).stderr_to(borrowed);
  });
  EXPECT_EQ(report.descriptors.at(0), identity_of(borrowed.get()));
  EXPECT_EQ(report.descriptors.at(1), owned_file);
  EXPECT_EQ(report.descriptors.at(2), identity_of(borrowed.get()));
}

TEST(ChildStreams, ThatAreCloseOnExecHereAreNullThere) {
  run_apart([] {
    ::fcntl(2, F_SETFD, FD_CLOEXEC);
    const Report report = inspect([](Command&) {});
    EXPECT_EQ(report.descriptors.at(2), identity_of_null());
  });
}

int access_of(int stream) {
  Command command = shell("grep flags: /proc/self/fdinfo/" + std::to_string(stream) + " >&9");
  const auto pipe = must(sysfd::pipe());
  command.stdin_from(Stdio::null()).stdout_to(Stdio::null()).stderr_to(Stdio::null());
  auto child = must(command.pass(pipe.write, 9).spawn());
  EXPECT_TRUE(child.wait()->success());
  char text[64] = {};
  EXPECT_GT(::read(pipe.read.get(), text, sizeof text - 1), 0);
  const std::string line(text);
  return static_cast<int>(std::stoul(line.substr(line.find_first_of("0123456789")), nullptr, 8)) &
         O_ACCMODE;
}

TEST(ChildStreams, ThatAreNullCanBeReadOrWrittenAndNotBoth) {
  EXPECT_EQ(access_of(0), O_RDONLY);
  EXPECT_EQ(access_of(1), O_WRONLY);
  EXPECT_EQ(access_of(2), O_WRONLY);
}

// Runs in a separate thread, because Landlock is per thread.
TEST(ChildStreams, ThatAreNullAreThereWhereNoFileMayBeWritten) {
  std::thread([] {
    constexpr struct {
      std::uint64_t handled_access;
    } writing{1U << 1};  // LANDLOCK_ACCESS_FS_WRITE_FILE
    const long rules = ::syscall(SYS_landlock_create_ruleset, &writing, sizeof writing, 0);
    if (rules == -1) GTEST_SKIP() << "needs Landlock";
    const OwnedFd owned = OwnedFd::adopt(static_cast<int>(rules));
    ASSERT_EQ(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ASSERT_EQ(::syscall(SYS_landlock_restrict_self, owned.get(), 0), 0);
    EXPECT_FALSE(sysfd::open(cwd(), "/dev/null", O_WRONLY).has_value());
    const auto status = Command("/bin/true").stdin_from(Stdio::null()).status();
    ASSERT_TRUE(status) << status.error().describe();
    EXPECT_TRUE(status->success());
  }).join();
}

// The Command has a plan for them already, and another one was prepared.
TEST(ChildStreams, AreNeverClosed) {
  for (const bool close_on_exec : {false, true})
    run_apart([close_on_exec] {
      const auto prepared = must(Command("/bin/true").prepare());
      Command kept("/bin/true");
      EXPECT_TRUE(must(kept.status()).success());

      const auto configure = [](Command& command) { command.stderr_to(Stdio::like_stdout()); };
      Inspection again;
      configure(again.command);
      EXPECT_EQ(again.run().descriptors.at(0), identity_of(0));
      Inspection once;
      configure(once.command);
      const auto same = must(std::move(once.command).prepare());

      const OwnedFd file = some_file();
      ::dup2(file.get(), 2);
      for (const int stream : {0, 1})
        if (close_on_exec)
          ::fcntl(stream, F_SETFD, FD_CLOEXEC);
        else
          ::close(stream);
      EXPECT_TRUE(must(same.spawn()).wait()->success());
      for (const Report& report : {again.run(), once.read()}) {
        for (const int stream : {0, 1, 2})
          EXPECT_EQ(report.descriptors.at(stream), identity_of_null()) << stream;
        EXPECT_EQ(report.descriptors.size(), 3U);
      }
      EXPECT_TRUE(must(kept.status()).success());
      EXPECT_TRUE(must(prepared.status()).success());
    });
}

struct Owner {
  uid_t user;
  gid_t group;
  bool operator==(const Owner&) const = default;
};

Owner owner_of(const OwnedFd& fd) {
  struct stat status{};
  EXPECT_EQ(::fstat(fd.get(), &status), 0);
  return {status.st_uid, status.st_gid};
}

const Identity other_user{.user = 1234, .group = 2345};

TEST(ChildStreams, ThatAreNewPipesCanBeOpenedAgainByAChildOfAnotherUser) {
  SYSFD_REQUIRE_ROOT();
  const auto open_again = [&](const Identity& identity, const Namespaces& namespaces) {
    Command command = shell("cat /dev/stdin >/dev/stdout; echo error >/dev/stderr");
    command.identity(identity).namespaces(namespaces);
    const auto output = must(command.output({.input = bytes("input\n")}));
    EXPECT_EQ(output.out, "input\n");
    EXPECT_EQ(output.err, "error\n");
    EXPECT_TRUE(output.status->success());
  };
  open_again(other_user, {});
  open_again({.user = 5, .group = 6}, {.create = Namespace::user,
                                       .user_map = {{0, 100'000, 3}, {4, 200'000, 10}},
                                       .group_map = {{0, 100'000, 10}}});

  Command command = shell("read line");
  command.stdin_from(Stdio::pipe()).stderr_to(Stdio::pipe()).identity(other_user);
  auto child = must(command.spawn());
  EXPECT_EQ(owner_of(*child.stdin_pipe()), (Owner{1234, 2345}));
  EXPECT_EQ(owner_of(*child.stderr_pipe()), (Owner{1234, 2345}));
  child.stdin_pipe().reset();
  EXPECT_FALSE(child.wait()->success());
}

TEST(ChildStreams, ThatAreNewTerminalsCanBeOpenedAgainByAChildOfAnotherUser) {
  SYSFD_REQUIRE_ROOT();
  auto child = must(shell("echo again >\"$(tty)\" && stat -c '%u %g' \"$(tty)\"")
                        .identity(other_user)
                        .terminal()
                        .spawn());
  std::string text;
  char buffer[256];
  for (ssize_t size; (size = ::read(child.terminal()->get(), buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(size));
  EXPECT_TRUE(child.wait()->success()) << text;
  EXPECT_TRUE(text.starts_with("again\r\n1234 ")) << text;
  EXPECT_FALSE(text.contains("2345")) << "who may write to terminals stays the same: " << text;
}

TEST(ChildStreams, OfAPipelineOfAnotherUserCanBeOpenedAgain) {
  SYSFD_REQUIRE_ROOT();
  const auto reopen = [] {
    return shell("cat /dev/stdin >/dev/stdout; echo error >/dev/stderr").identity(other_user);
  };
  const auto output = must((reopen() | reopen() | reopen()).output({.input = bytes("x")}));
  EXPECT_EQ(output.out, "x");
  EXPECT_EQ(output.err, "error\nerror\nerror\n");
}

TEST(ChildStreams, ThatAreBorrowedStayOpenHere) {
  SYSFD_REQUIRE_ROOT();
  const auto pipe = must(sysfd::pipe());
  auto owned = must(sysfd::pipe());
  const Owner before = owner_of(pipe.write);
  EXPECT_TRUE(must(Command("true")
                       .stdin_from(std::move(owned.read))
                       .stdout_to(pipe.write)
                       .pass(pipe.read, 7)
                       .identity(other_user)
                       .status())
                  .success());
  EXPECT_EQ(owner_of(pipe.write), before);
  EXPECT_EQ(owner_of(owned.write), before);
}

TEST(ChildStreams, StartAlsoIfTheirOwnerCannotBeChanged) {
  SYSFD_REQUIRE_ROOT();
  std::thread([] {
    refuse_calls({{SYS_fchown, EPERM}});
    EXPECT_EQ(must(Command("echo").arg("text").identity(other_user).output()).out, "text\n");
  }).join();
}

TEST(ChildStreams, GoThroughPipes) {
  auto child =
      Command("tr").args({"a-z", "A-Z"}).stdin_from(Stdio::pipe()).stdout_to(Stdio::pipe()).spawn();
  ASSERT_TRUE(child) << child.error().describe();
  ASSERT_TRUE(child->stdin_pipe() && child->stdout_pipe());
  EXPECT_FALSE(child->stderr_pipe());
  ASSERT_EQ(::write(child->stdin_pipe()->get(), "pipe\n", 5), 5);
  EXPECT_TRUE(child->wait()->success()) << "wait() closes the pipe that the child reads to its end";
  char text[16];
  ASSERT_EQ(::read(child->stdout_pipe()->get(), text, sizeof text), 5);
  EXPECT_EQ(std::string(text, 5), "PIPE\n");
  EXPECT_EQ(::read(child->stdout_pipe()->get(), text, sizeof text), 0);
}

TEST(ChildStreams, OfASecondChildAreNewPipes) {
  Command command("/bin/true");
  command.stdout_to(Stdio::pipe());
  for (int round = 0; round < 2; ++round) {
    auto child = command.spawn();
    ASSERT_TRUE(child);
    char byte;
    EXPECT_EQ(::read(child->stdout_pipe()->get(), &byte, 1), 0);
    EXPECT_TRUE(child->wait()->success());
  }
}

TEST(ChildStreams, ThatCannotBeMadeAreReported) {
  run_apart([] {
    const rlimit limit{4, 4};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    const auto child = Command("/bin/true").stderr_to(Stdio::pipe()).spawn();
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().step, SpawnStep::standard_stream);
    EXPECT_EQ(child.error().index, 2);
    EXPECT_EQ(child.error().describe(), "stderr of the child: Too many open files");
  });
}

TEST(ChildStreams, OfStderrCanBeThatOfStdout) {
  const OwnedFd file = some_file();
  const auto both_are = [](const Report& report, const auto& expected) {
    EXPECT_EQ(report.descriptors.at(1), expected);
    EXPECT_EQ(report.descriptors.at(2), expected);
  };
  both_are(inspect([](Command& command) { command.stderr_to(Stdio::like_stdout()); }),
           identity_of(1));
  both_are(inspect([](Command& command) {
             command.stderr_to(Stdio::like_stdout()).stdout_to(Stdio::null());
           }),
           identity_of_null());
  both_are(
      inspect([&](Command& command) { command.stdout_to(file).stderr_to(Stdio::like_stdout()); }),
      identity_of(file.get()));
  both_are(
      inspect([&](Command& command) { command.stderr_to(Stdio::like_stdout()).pass(file, 1); }),
      identity_of(file.get()));

  const auto output = Command("sh")
                          .args({"-c", "printf out; printf err >&2"})
                          .stderr_to(Stdio::like_stdout())
                          .output();
  ASSERT_TRUE(output) << output.error().describe();
  EXPECT_EQ(output->out, "outerr");
  EXPECT_EQ(output->err, "");
}

TEST(ChildStreams, OfStdinAndStdoutAreNotLikeStdout) {
  for (const int number : {0, 1}) {
    Command command("/bin/true");
    if (number == 0)
      command.stdin_from(Stdio::like_stdout());
    else
      command.stdout_to(Stdio::like_stdout());
    const auto child = command.spawn();
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().step, SpawnStep::standard_stream);
    EXPECT_EQ(child.error().index, number);
    EXPECT_EQ(child.error().code, std::errc::invalid_argument);
  }
}

}  // namespace
}  // namespace sysfd_test
