// SPDX-License-Identifier: MIT
//
// Compares with sd_is_socket(3) and the other functions of its page, for the same descriptors.
#include <sysfd/fd_type.hpp>

#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include <cerrno>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/prelude.hpp"

#include "listen/objects.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

// The same question for both libraries.
struct Question {
  std::string what;
  FdType ours;
  std::function<int(int)> theirs;
};

struct Kind {
  std::string_view name;
  FdType ours;
  int type;
  int listening;
};

std::vector<Kind> kinds_of_sockets() {
  return {{"socket", FdType::socket(), 0, -1},
          {"stream_listener", FdType::stream_listener(), SOCK_STREAM, 1},
          {"stream", FdType::stream(), SOCK_STREAM, 0},
          {"seqpacket_listener", FdType::seqpacket_listener(), SOCK_SEQPACKET, 1},
          {"seqpacket", FdType::seqpacket(), SOCK_SEQPACKET, 0},
          {"datagram", FdType::datagram(), SOCK_DGRAM, -1}};
}

void add_addresses(std::vector<Question>& questions, const Kind& kind, std::uint16_t port) {
  const auto add = [&](const FdType& ours, int family, std::uint16_t number) {
    questions.push_back({ours.describe(), ours, [=](int fd) {
                           return ::sd_is_socket_inet(fd, family, kind.type, kind.listening,
                                                      number);
                         }});
  };
  add(kind.ours.ip(), 0, 0);
  add(kind.ours.inet(), AF_INET, 0);
  add(kind.ours.inet6(), AF_INET6, 0);
  for (const auto number : {port, static_cast<std::uint16_t>(port ^ 1)}) {
    if (number == 0) continue;
    add(kind.ours.ip(number), 0, number);
    add(kind.ours.inet(number), AF_INET, number);
    add(kind.ours.inet6(number), AF_INET6, number);
  }
}

void add_paths(std::vector<Question>& questions, const Kind& kind, const std::string& path) {
  const auto add = [&](const FdType& ours, const std::string& name) {
    questions.push_back({ours.describe(), ours, [=](int fd) {
                           return ::sd_is_socket_unix(fd, kind.type, kind.listening, name.data(),
                                                      name.size());
                         }});
  };
  add(kind.ours.unix_path(path), path);
  add(kind.ours.unix_abstract(path), '\0' + path);
}

std::vector<Question> questions_about(const std::filesystem::path& directory, std::uint16_t port) {
  std::vector<Question> questions;
  for (const Kind& kind : kinds_of_sockets()) {
    questions.push_back({std::string(kind.name), kind.ours, [kind](int fd) {
                           return ::sd_is_socket(fd, AF_UNSPEC, kind.type, kind.listening);
                         }});
    add_addresses(questions, kind, port);
    for (const char* file : {"stream", "stream-listener", "seqpacket", "datagram", "fifo", "d"})
      add_paths(questions, kind, directory / file);
  }
  const std::string paths[] = {directory / "fifo",
                               directory / "file",
                               directory,
                               directory / "absent",
                               directory / "absent" / "below",
                               directory / "file" / "below",
                               "/dev/null",
                               "/dev/zero",
                               "/proc/self/status",
                               std::string(300, 'x')};
  for (const std::string& path : paths) {
    questions.push_back({"FIFO at " + path, FdType::fifo().at(path),
                         [path](int fd) { return ::sd_is_fifo(fd, path.c_str()); }});
    questions.push_back({"special file at " + path, FdType::special_file().at(path),
                         [path](int fd) { return ::sd_is_special(fd, path.c_str()); }});
  }
  questions.push_back({"FIFO", FdType::fifo(), [](int fd) { return ::sd_is_fifo(fd, nullptr); }});
  questions.push_back({"special file", FdType::special_file(),
                       [](int fd) { return ::sd_is_special(fd, nullptr); }});
  questions.push_back(
      {"message queue", FdType::message_queue(), [](int fd) { return ::sd_is_mq(fd, nullptr); }});
  return questions;
}

void expect_the_same(const Question& question, BorrowedFd fd, int& yes) {
  const int theirs = question.theirs(fd.get());
  const auto ours = question.ours.matches(fd);
  if (theirs < 0) {
    EXPECT_EQ(error_of(ours).value(), -theirs);
    return;
  }
  ASSERT_TRUE(ours.has_value()) << ours.error().message();
  EXPECT_EQ(*ours, theirs > 0);
  yes += *ours ? 1 : 0;
}

TEST(ComparedWithLibsystemdFdType, EveryQuestionHasTheSameAnswer) {
  const ScratchDirectory directory;
  int yes = 0, all = 0;
  for (const Object& object : all_objects(directory.path())) {
    const bool has_port = object.what.contains("bound") || object.what.contains("TCP");
    const std::uint16_t port = has_port ? port_of(object.fd) : 0;
    for (const Question& question : questions_about(directory.path(), port)) {
      SCOPED_TRACE(object.what + ", " + question.what);
      expect_the_same(question, object.fd, yes);
      ++all;
    }
  }
  EXPECT_GT(yes, 100);
  EXPECT_GT(all, 3000);
}

TEST(ComparedWithLibsystemdFdType, WhatIsNotOpenIsAnErrorForBoth) {
  const BorrowedFd closed = BorrowedFd::unsafe_borrow(900);
  for (const Question& question : questions_about("/tmp", 443)) {
    SCOPED_TRACE(question.what);
    EXPECT_EQ(error_of(question.ours.matches(closed)), std::errc::bad_file_descriptor);
    // Some versions take it for something else than a message queue.
    const int theirs = question.theirs(closed.get());
    EXPECT_TRUE(theirs == -EBADF || (question.what == "message queue" && theirs == 0)) << theirs;
  }
}

// The README lists this difference.
TEST(ComparedWithLibsystemdFdType, PortZeroAndTheEmptyPathMeanThemselvesHere) {
  const auto bound = loopback_socket(AF_INET, SOCK_DGRAM);
  if (!bound) GTEST_SKIP() << "needs the loopback device";
  EXPECT_EQ(::sd_is_socket_inet(bound->get(), AF_INET, SOCK_DGRAM, -1, 0), 1);
  EXPECT_EQ(FdType::datagram().inet(0).matches(*bound), false);
  const auto unnamed = must(OwnedFd::from_syscall(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)));
  EXPECT_EQ(::sd_is_socket_unix(unnamed.get(), SOCK_DGRAM, -1, "", 0), 1);
  EXPECT_EQ(FdType::datagram().unix_path("").matches(unnamed), false);
}

}  // namespace
}  // namespace sysfd_test
