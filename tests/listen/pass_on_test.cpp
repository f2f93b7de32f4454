// SPDX-License-Identifier: MIT
//
// Passes the descriptors of a process on: to a child, and to itself across exec.
#include <sys/socket.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <utility>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "listen/activated.hpp"
#include "listen/objects.hpp"
#include "listen/receive.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

struct Sockets {
  ScratchDirectory directory;
  OwnedFd listener =
      beyond_the_passed(listening(unix_socket(SOCK_STREAM, std::string(directory.path() / "l"))));
  OwnedFd datagrams =
      beyond_the_passed(unix_socket(SOCK_DGRAM, std::string(directory.path() / "d")));
  OwnedFd file = beyond_the_passed(some_file());
};

std::string output_of(Command command) {
  const auto run = must(command.output());
  EXPECT_TRUE(run.success()) << run.describe() << run.err;
  return run.out;
}

TEST(PassOn, EverythingArrivesWithTheNewProcesssOwnNumbers) {
  const Sockets sockets;
  for (const char* how : {"report", "borrow", "own", "exec"}) {
    SCOPED_TRACE(how);
    Command command(receiver_path());
    command.arg(how);
    if (std::string_view(how) != "report") command.arg("-1");
    command.listen_fds({{"", sockets.listener}, {"dgram", sockets.datagrams}, {"", sockets.file}});
    EXPECT_EQ(output_of(std::move(command)), identified() +
                                                 line(3, "", sockets.listener, "stream listener") +
                                                 line(4, "dgram", sockets.datagrams, "datagram") +
                                                 line(5, "", sockets.file, "file"));
  }
}

TEST(PassOn, WhatWasTakenOutIsLeftOut) {
  const Sockets sockets;
  for (const char* how : {"borrow", "own", "exec"}) {
    SCOPED_TRACE(how);
    EXPECT_EQ(output_of(Command(receiver_path())
                            .args({how, "1"})
                            .listen_fds({{"a", sockets.listener},
                                         {"b", sockets.datagrams},
                                         {"c", sockets.file}})),
              identified() + line(3, "a", sockets.listener, "stream listener") +
                  line(4, "c", sockets.file, "file"));
    EXPECT_EQ(output_of(Command(receiver_path())
                            .args({how, "0"})
                            .listen_fds({{"a", sockets.file}, {"b", sockets.datagrams}})),
              identified() + line(3, "b", sockets.datagrams, "datagram"));
  }
}

TEST(PassOn, WithNothingLeftIsNoActivation) {
  const OwnedFd file = some_file();
  const auto run =
      must(Command(receiver_path()).args({"borrow", "0"}).listen_fds("a", file).output());
  EXPECT_FALSE(run.success());
  EXPECT_TRUE(run.err.starts_with("listen_receiver: LISTEN_PID: not set\n")) << run.err;
}

TEST(PassOn, BorrowedDescriptorsStayHere) {
  run_apart([] {
    const Sockets sockets;
    pass_files({sockets.listener, sockets.file});
    const auto fds = must(take(Way::environment, activation_for_us(2, "a:b")));
    const std::string expected = identified() + line(3, "a", sockets.listener, "stream listener") +
                                 line(4, "b", sockets.file, "file");
    Command command(receiver_path());
    command.arg("report").listen_fds(fds);
    for (int i = 0; i < 2; ++i)
      EXPECT_EQ(must(command.output()).out, expected);
    EXPECT_TRUE(fds.has(0));
    EXPECT_TRUE(is_open(3));
    EXPECT_TRUE(is_open(4));
  });
}

TEST(PassOn, MovedDescriptorsAreGoneHereOnceTheChildHasThem) {
  run_apart([] {
    const Sockets sockets;
    pass_files({sockets.listener, sockets.file});
    auto fds = must(take(Way::environment, activation_for_us(2, "a:b")));
    const std::string expected = identified() + line(3, "a", sockets.listener, "stream listener") +
                                 line(4, "b", sockets.file, "file");
    EXPECT_EQ(output_of(Command(receiver_path()).arg("report").listen_fds(std::move(fds))),
              expected);
    EXPECT_FALSE(is_open(3));
    EXPECT_FALSE(is_open(4));
  });
}

TEST(PassOn, OurOwnDescriptorsComeAfterThePassedOnes) {
  run_apart([] {
    const Sockets sockets;
    pass_files({sockets.listener});
    const auto fds = must(take(Way::environment, activation_for_us(1, "given")));
    EXPECT_EQ(
        output_of(
            Command(receiver_path()).arg("report").listen_fds(fds).listen_fds("own", sockets.file)),
        identified() + line(3, "given", sockets.listener, "stream listener") +
            line(4, "own", sockets.file, "file"));
  });
}

// The variables name the new process: a program between the two must not take them.
TEST(PassOn, IsOnlyForTheStartedProcess) {
  const OwnedFd file = some_file();
  const auto run = must(Command("/bin/sh")
                            .args({"-c", "\"$0\" report; echo $?", receiver_path()})
                            .listen_fds("a", file)
                            .output());
  EXPECT_EQ(run.out, "1\n");
  EXPECT_TRUE(run.err.starts_with("listen_receiver: LISTEN_PID=\"")) << run.err;
  EXPECT_TRUE(run.err.contains("\": this process is ")) << run.err;
}

TEST(PassOn, AnIdentityTellsProcessesWithOneNumberApart) {
  SYSFD_REQUIRE_KERNEL("inode numbers of pidfds");
  const OwnedFd file = some_file();
  // It is the same process, but the identity of another one.
  const auto run = must(Command("/bin/sh")
                            .args({"-c", "LISTEN_PIDFDID=1 exec \"$0\" report", receiver_path()})
                            .listen_fds("a", file)
                            .output());
  EXPECT_FALSE(run.success());
  EXPECT_TRUE(run.err.starts_with("listen_receiver: LISTEN_PIDFDID=\"1\": this process is "))
      << run.err;
}

}  // namespace
}  // namespace sysfd_test
