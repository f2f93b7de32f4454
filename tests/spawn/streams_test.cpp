// SPDX-License-Identifier: MIT
//
// What the child's 0, 1 and 2 are.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string>
#include <utility>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>

#include "spawn/inspect.hpp"
#include "support/descriptors.hpp"
#include "support/run_apart.hpp"

namespace {

using sysfd::Command;
using sysfd::OwnedFd;
using sysfd::SpawnStep;
using sysfd::Stdio;
using sysfd_test::identity_of;
using sysfd_test::identity_of_null;
using sysfd_test::inspect;
using sysfd_test::Report;
using sysfd_test::run_apart;
using sysfd_test::some_file;

TEST(ChildStreams, CanBeTypedOwners) {
  const auto self = sysfd::PidFd::self();
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

TEST(ChildStreams, CanBeDescriptorsThatAreLentOrGiven) {
  const OwnedFd lent = some_file();
  OwnedFd given = some_file();
  const auto given_file = identity_of(given.get());
  const Report report = inspect([&](Command& command) {
    command.stdin_from(lent).stdout_to(std::move(given)).stderr_to(lent);
  });
  EXPECT_EQ(report.descriptors.at(0), identity_of(lent.get()));
  EXPECT_EQ(report.descriptors.at(1), given_file);
  EXPECT_EQ(report.descriptors.at(2), identity_of(lent.get()));
}

TEST(ChildStreams, ThatAreCloseOnExecHereAreNullThere) {
  run_apart([] {
    ::fcntl(2, F_SETFD, FD_CLOEXEC);
    const Report report = inspect([](Command&) {});
    EXPECT_EQ(report.descriptors.at(2), identity_of_null());
  });
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
