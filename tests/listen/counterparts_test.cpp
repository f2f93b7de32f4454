// SPDX-License-Identifier: MIT
//
// Tests with programs of other projects: systemd-socket-activate(1), which activates, and uuidd(8),
// which is activated.
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <utility>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "listen/manager.hpp"
#include "listen/objects.hpp"
#include "listen/receive.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

constexpr const char* activator = "/usr/bin/systemd-socket-activate";
constexpr const char* uuid_daemon = "/usr/sbin/uuidd";

#define SYSFD_REQUIRE_PROGRAM(path) \
  if (::access(path, X_OK) != 0) GTEST_SKIP() << "needs " << path

// Runs listen_receiver when a client connects to one of its sockets.
class Activator {
 public:
  Activator(std::initializer_list<const char*> options, int sockets)
      : child_(must(Command(activator)
                        .args(options)
                        .args({receiver_path(), "answer"})
                        .stderr_to(Stdio::pipe())
                        .spawn())) {
    wait_for_lines(sockets);
  }

  // Waits for the end of the receiver, which the activator has become.
  void expect_success() {
    const auto status = child_.wait();
    ASSERT_TRUE(status);
    EXPECT_TRUE(status->success()) << to_string(*status) << ": " << output_;
  }

 private:
  // The activator prints a line for each socket after it listens there.
  void wait_for_lines(int count) {
    char c = 0;
    while (count > 0 && ::read(child_.stderr_pipe()->get(), &c, 1) == 1) {
      output_ += c;
      if (c == '\n') --count;
    }
    EXPECT_EQ(count, 0) << output_;
  }

  Child child_;
  std::string output_;
};

OwnedFd connect_to(const std::string& path, int type) {
  OwnedFd socket = must(OwnedFd::from_syscall(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0)));
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, sizeof name.sun_path - 1);
  EXPECT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0)
      << std::strerror(errno);
  return socket;
}

std::string read_all(BorrowedFd connection) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t size = 0; (size = ::read(connection.get(), buffer.data(), buffer.size())) > 0;)
    text.append(buffer.data(), static_cast<std::size_t>(size));
  return text;
}

// Returns the number, name and kind of each line: the client cannot know which socket it is. It
// depends on the version whether the activator sets LISTEN_PIDFDID; if it does, the receiver has
// compared it.
std::string without_files(std::string report) {
  constexpr std::string_view identified = "identified\n";
  if (report.starts_with(identified)) report.erase(0, identified.size());
  return std::regex_replace(report, std::regex("\" [0-9]+:[0-9]+ "), "\" ");
}

TEST(SocketActivate, GivesAListenerToTheReceiver) {
  SYSFD_REQUIRE_PROGRAM(activator);
  const ScratchDirectory directory;
  const std::string path = directory.path() / "socket";
  Activator activator_of_ours({"-l", path.c_str(), "--fdname=web"}, 1);
  const OwnedFd client = connect_to(path, SOCK_STREAM);
  EXPECT_EQ(without_files(read_all(client)), "3 \"web\" stream listener\n");
  activator_of_ours.expect_success();
}

TEST(SocketActivate, GivesSeveralWithTheirNames) {
  SYSFD_REQUIRE_PROGRAM(activator);
  const ScratchDirectory directory;
  const std::string first = directory.path() / "first", second = directory.path() / "second";
  Activator activator_of_ours({"-l", first.c_str(), "-l", second.c_str(), "--fdname=ctl:data"}, 2);
  const OwnedFd client = connect_to(first, SOCK_STREAM);
  EXPECT_EQ(without_files(read_all(client)),
            "3 \"ctl\" stream listener\n4 \"data\" stream listener\n");
  activator_of_ours.expect_success();
}

TEST(SocketActivate, GivesAListenerOfTheLoopback) {
  SYSFD_REQUIRE_PROGRAM(activator);
  // Finds a port that was free a moment ago.
  std::optional<OwnedFd> reserved = loopback_socket(AF_INET, SOCK_STREAM);
  if (!reserved) GTEST_SKIP() << "needs the loopback device";
  const std::uint16_t port = port_of(*reserved);
  reserved.reset();
  const std::string address = "127.0.0.1:" + std::to_string(port);
  Activator activator_of_ours({"-l", address.c_str()}, 1);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const OwnedFd client =
      must(OwnedFd::from_syscall(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)));
  ASSERT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  EXPECT_EQ(without_files(read_all(client)), "3 \"unknown\" stream listener\n");
  activator_of_ours.expect_success();
}

TEST(SocketActivate, GivesADatagramSocket) {
  SYSFD_REQUIRE_PROGRAM(activator);
  const ScratchDirectory directory;
  const std::string path = directory.path() / "socket";
  Activator activator_of_ours({"--datagram", "-l", path.c_str(), "--fdname=log"}, 1);
  // The reply needs a destination.
  const OwnedFd client = unix_socket(SOCK_DGRAM, std::string(directory.path() / "client"));
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, sizeof name.sun_path - 1);
  ASSERT_EQ(
      ::sendto(client.get(), "?", 1, 0, reinterpret_cast<const sockaddr*>(&name), sizeof name), 1);
  EXPECT_EQ(without_files(receive_from(client).text), "3 \"log\" datagram\n");
  activator_of_ours.expect_success();
}

TEST(SocketActivate, GivesASeqpacketListener) {
  SYSFD_REQUIRE_PROGRAM(activator);
  const ScratchDirectory directory;
  const std::string path = directory.path() / "socket";
  Activator activator_of_ours({"--seqpacket", "-l", path.c_str()}, 1);
  const OwnedFd client = connect_to(path, SOCK_SEQPACKET);
  EXPECT_EQ(without_files(receive_from(client).text), "3 \"unknown\" seqpacket listener\n");
  activator_of_ours.expect_success();
}

// The activator starts a child for each connection and goes on until it is killed.
TEST(SocketActivate, GivesConnections) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_PROGRAM(activator);
  const ScratchDirectory directory;
  const std::string path = directory.path() / "socket";
  const Activator activator_of_ours({"--accept", "-l", path.c_str(), "--fdname=conn"}, 1);
  for (int i = 0; i < 3; ++i) {
    const OwnedFd client = connect_to(path, SOCK_STREAM);
    EXPECT_EQ(without_files(read_all(client)), "3 \"conn\" stream\n");
  }
}

// Its own descriptors come through activation too: from an activator of its own.
TEST(SocketActivate, PassesOnWhatCommandGivesIt) {
  SYSFD_REQUIRE_PROGRAM(activator);
  const ScratchDirectory directory;
  const std::string path = directory.path() / "socket";
  const OwnedFd listener = listening(unix_socket(SOCK_STREAM, path));
  auto child = must(Command(activator)
                        .args({receiver_path(), "answer"})
                        .listen_fds("ours", listener)
                        .stderr_to(Stdio::null())
                        .spawn());
  const OwnedFd client = connect_to(path, SOCK_STREAM);
  EXPECT_EQ(without_files(read_all(client)), "3 \"unknown\" stream listener\n");
  EXPECT_TRUE(must(child.wait()).success());
}

// Passes a socket from sysfd::Command to the daemon of libuuid.
TEST(UuidDaemon, AnswersAtThePassedSocket) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_PROGRAM(uuid_daemon);
  const ScratchDirectory directory;
  const std::string path = directory.path() / "request";
  const OwnedFd listener = listening(unix_socket(SOCK_STREAM, path));
  const Child daemon = must(Command(uuid_daemon)
                                .args({"--socket-activation", "--timeout", "0"})
                                .listen_fds("uuidd.socket", listener)
                                .stderr_to(Stdio::null())
                                .spawn());
  std::string last;
  for (const char* kind : {"--random", "--time", "--random"}) {
    const auto run = must(Command(uuid_daemon)
                              .args({kind, "--socket", path})
                              .output({.timeout = std::chrono::seconds(60)}));
    EXPECT_TRUE(run.success()) << run.describe() << run.err;
    const std::regex uuid("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\n");
    EXPECT_TRUE(std::regex_match(run.out, uuid)) << run.out;
    EXPECT_NE(run.out, last);
    last = run.out;
  }
}

}  // namespace
}  // namespace sysfd_test
