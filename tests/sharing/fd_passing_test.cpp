// SPDX-License-Identifier: MIT
//
// Sends and receives descriptors between programs that follow the rules.
#include <sysfd/fd_passing.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <sysfd/description.hpp>

#include "support/prelude.hpp"

#include "sharing/files.hpp"
#include "sharing/second_holder.hpp"
#include "sharing/waiting_thread.hpp"
#include "support/interruptions.hpp"
#include "support/kernel_features.hpp"

namespace sysfd_test {
namespace {

constexpr int socket_types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};

std::span<const BorrowedFd> none() {
  return {};
}

class FdPassing : public testing::TestWithParam<int> {
 public:
  const SocketPair pair = must(socket_pair(GetParam()));
  std::array<std::byte, 100> payload{};
  std::string received(const ReceivedMessage& message) const {
    return text(std::span(payload).first(message.size));
  }
};
INSTANTIATE_TEST_SUITE_P(OnEachSocket, FdPassing, testing::ValuesIn(socket_types),
                         [](const auto& type) {
                           return type.param == SOCK_STREAM  ? "Stream"
                                  : type.param == SOCK_DGRAM ? "Datagram"
                                                             : "Seqpacket";
                         });

TEST_P(FdPassing, GivesTheSameDescriptionsInTheirOrder) {
  const OwnedFd file = some_file();
  for (const std::size_t count : {0U, 1U, 3U, 253U}) {
    const std::vector<OwnedFd> kept = [&] {
      std::vector<OwnedFd> fds;
      for (std::size_t i = 0; i < std::min<std::size_t>(count, 3); ++i)
        fds.push_back(some_file());
      return fds;
    }();
    std::vector<BorrowedFd> fds;
    for (std::size_t i = 0; i < count; ++i)
      fds.emplace_back(kept[i % kept.size()]);
    EXPECT_EQ(send_fds(pair.first, fds, bytes("message")), 7U);
    const auto message = must(receive_fds(pair.second, payload));
    EXPECT_EQ(received(message), "message");
    ASSERT_EQ(message.fds.size(), count);
    EXPECT_FALSE(message.credentials);
    EXPECT_EQ(error_of(message.pidfd).value(), ENODATA);
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_TRUE(same_file(message.fds[i].get(), fds[i].get())) << i;
      EXPECT_EQ(::fcntl(message.fds[i].get(), F_GETFD), FD_CLOEXEC) << i;
    }
  }
}

TEST_P(FdPassing, TakesNoMoreThanTheKernelDoesAndNotWithoutAByte) {
  const OwnedFd file = some_file();
  const std::vector<BorrowedFd> many(254, file);
  EXPECT_EQ(error_of(send_fds(pair.first, many, bytes("x"))).value(), E2BIG);
  EXPECT_EQ(error_of(send_fds(pair.first, std::span(many).first(1), {})).value(), EINVAL);
  EXPECT_EQ(error_of(send_fds(pair.first, none(), {})).value(), EINVAL);
  EXPECT_EQ(error_of(receive_fds(pair.second, payload, {.nowait = true})).value(), EAGAIN)
      << "and nothing was sent";
}

TEST_P(FdPassing, OfWhatIsNotOpenSendsNothing) {
  const OwnedFd file = some_file();
  const int number = must(file.duplicate()).get();  // closed again
  const BorrowedFd closed[] = {file, BorrowedFd::unsafe_borrow(number)};
  const BorrowedFd directory[] = {file, cwd()};
  EXPECT_EQ(error_of(send_fds(pair.first, closed, bytes("x"))).value(), EBADF);
  EXPECT_EQ(error_of(send_fds(pair.first, directory, bytes("x"))).value(), EBADF);
  EXPECT_EQ(error_of(receive_fds(pair.second, payload, {.nowait = true})).value(), EAGAIN);
}

// The kernel uses the lowest free number.
TEST_P(FdPassing, LeavesTheNumbersOfStandardStreamsAlone) {
  run_apart([&] {
    const OwnedFd file = some_file();
    const BorrowedFd fds[] = {file, file};
    const bool has_pidfd = pass_pidfd(pair.second).has_value();
    EXPECT_EQ(send_fds(pair.first, fds, bytes("x")), 1U);
    for (const int number : {0, 1, 2})
      ::close(number);
    const auto message = must(receive_fds(pair.second, payload));
    const auto is_above = [](const OwnedFd& fd) { return fd.get() > 2; };
    const bool is_right = message.fds.size() == 2 && std::ranges::all_of(message.fds, is_above) &&
                          (!has_pidfd || is_above(*message.pidfd)) && !is_open(0) && !is_open(1) &&
                          !is_open(2);
    std::_Exit(is_right ? 0 : 1);  // there is no stream for a message
  });
}

// The kernel has given out the number of a standard stream, and there is no other one.
TEST_P(FdPassing, WhereOnlyNumbersOfStandardStreamsAreLeftTheLimitIsReached) {
  run_apart([this] {
    const OwnedFd file = some_file();
    const BorrowedFd fds[] = {file};
    ASSERT_TRUE(send_fds(pair.first, fds, bytes("x")));
    ::close(STDIN_FILENO);
    const auto most = static_cast<rlim_t>(*open_descriptors().rbegin()) + 1;
    std::vector<OwnedFd> rest;
    for (auto next = file.duplicate(); next->get() < static_cast<int>(most);
         next = file.duplicate())
      rest.push_back(*std::move(next));
    const rlimit limit{.rlim_cur = most, .rlim_max = most};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    const auto message = must(receive_fds(pair.second, payload));
    EXPECT_EQ(message.size, 1U);
    EXPECT_TRUE(message.fds.empty());
    EXPECT_EQ(message.fds_error, std::errc::too_many_files_open);
    EXPECT_FALSE(is_open(STDIN_FILENO));
  });
}

TEST_P(FdPassing, ComesFromAnotherProcess) {
  const OwnedFd file = some_file();
  SecondHolder holder(file, pair.first);
  EXPECT_EQ(holder(Do::send, "from there", 2), 10);
  const auto message = must(receive_fds(pair.second, payload, {.max_fds = 2}));
  EXPECT_EQ(received(message), "from there");
  ASSERT_EQ(message.fds.size(), 2U);
  EXPECT_EQ(holder(Do::seek, 5), 5);
  EXPECT_EQ(::lseek(message.fds[1].get(), 0, SEEK_CUR), 5) << "both sides have one offset";
}

TEST_P(FdPassing, WaitsForAMessageUnlessNowaitIsSet) {
  EXPECT_EQ(error_of(receive_fds(pair.second, payload, {.nowait = true})).value(), EAGAIN);
  const OwnedFd file = some_file();
  {
    WaitingThread waiting([&] {
      const auto message = must(receive_fds(pair.second, payload));
      EXPECT_EQ(message.fds.size(), 1U);
    });
    EXPECT_TRUE(waiting.waits());
    const BorrowedFd fds[] = {file};
    EXPECT_EQ(send_fds(pair.first, fds, bytes("x")), 1U);
  }
  EXPECT_EQ(send_fds(pair.first, none(), bytes("y")), 1U);
  EXPECT_EQ(must(receive_fds(pair.second, payload, {.nowait = true})).size, 1U);
  EXPECT_TRUE(set_nonblocking(pair.second, true));
  EXPECT_EQ(error_of(receive_fds(pair.second, payload)).value(), EAGAIN);
}

TEST_P(FdPassing, IsFullAtSomeTime) {
  EXPECT_TRUE(set_nonblocking(pair.first, true));
  const std::vector<std::byte> much(4096);
  int error = 0;
  for (int i = 0; i < 10'000 && error == 0; ++i)
    error = error_of(send_fds(pair.first, none(), much)).value();
  EXPECT_EQ(error, EAGAIN);
}

// Descriptor numbers are limited: without a limit, messages could fill the memory of the system.
TEST_P(FdPassing, HasALimitOfDescriptorsOnTheirWay) {
  SYSFD_REQUIRE_ROOT();
  run_apart([&] {
    const OwnedFd file = some_file();
    const std::vector<BorrowedFd> fds(100, file);
    const rlimit limit{250, 250};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    ASSERT_EQ(::setresuid(65534, 65534, 65534), 0);
    EXPECT_TRUE(set_nonblocking(pair.first, true));
    int error = 0;
    for (int i = 0; i < 20 && error == 0; ++i)
      error = error_of(send_fds(pair.first, fds, bytes("x"))).value();
    EXPECT_EQ(error, ETOOMANYREFS);
  });
}

TEST_P(FdPassing, WithoutAPeerIsAnErrorAndNoSignal) {
  const OwnedFd file = some_file();
  auto gone = must(socket_pair(GetParam()));
  (void)std::move(gone.second).close();
  const BorrowedFd fds[] = {file};
  const int error = error_of(send_fds(gone.first, fds, bytes("x"))).value();
  EXPECT_EQ(error, GetParam() == SOCK_DGRAM ? ECONNREFUSED : EPIPE);
}

TEST_P(FdPassing, GoesOnAfterInterruptions) {
  SYSFD_REQUIRE_ISOLATION();
  const OwnedFd file = some_file();
  const Interruptions interruptions;
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    interruptions.interrupt(20);
    const BorrowedFd fds[] = {file};
    ::_exit(send_fds(pair.first, fds, bytes("x")) ? 0 : 1);
  }
  const auto message = receive_fds(pair.second, payload);
  ASSERT_TRUE(message) << message.error().message();
  EXPECT_EQ(message->fds.size(), 1U);
  EXPECT_EQ(interruptions.seen(), 20);
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST_P(FdPassing, SendsAgainAfterInterruptions) {
  SYSFD_REQUIRE_ISOLATION();
  const std::vector<std::byte> much(4096);
  EXPECT_TRUE(set_nonblocking(pair.first, true));
  for (int i = 0; i < 10'000; ++i)
    if (!send_fds(pair.first, none(), much)) break;
  EXPECT_TRUE(set_nonblocking(pair.first, false));
  const Interruptions interruptions;
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    interruptions.interrupt(20);
    std::vector<std::byte> room(4096);
    bool is_read = false;
    for (int i = 0; i < 10'000 && receive_fds(pair.second, room, {.nowait = true}); ++i)
      is_read = true;
    ::_exit(is_read ? 0 : 1);
  }
  EXPECT_TRUE(send_fds(pair.first, none(), bytes("x")));
  EXPECT_EQ(interruptions.seen(), 20);
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(FdPassingErrors, OfWhatIsNoSocketForIt) {
  const OwnedFd file = some_file();
  std::array<std::byte, 10> payload{};
  const BorrowedFd fds[] = {file};
  EXPECT_EQ(error_of(send_fds(file, fds, bytes("x"))).value(), ENOTSOCK);
  EXPECT_EQ(error_of(receive_fds(file, payload)).value(), ENOTSOCK);
  const auto plain = [](int domain, int type) {
    return must(OwnedFd::from_syscall(::socket(domain, type | SOCK_CLOEXEC, 0)));
  };
  const OwnedFd unconnected = plain(AF_UNIX, SOCK_STREAM);
  EXPECT_EQ(error_of(send_fds(unconnected, fds, bytes("x"))).value(), ENOTCONN);
  EXPECT_EQ(error_of(receive_fds(unconnected, payload)).value(), EINVAL);
  const OwnedFd packets = plain(AF_UNIX, SOCK_SEQPACKET);
  EXPECT_EQ(error_of(receive_fds(packets, payload)).value(), ENOTCONN);
  for (const int type :
       {SOCK_STREAM, SOCK_DGRAM})  // they would send the byte, and lose the descriptor
    for (const int family : {AF_INET, AF_INET6})
      EXPECT_EQ(error_of(send_fds(plain(family, type).borrow(), fds, bytes("x"))).value(),
                EOPNOTSUPP);
  const int number = must(file.duplicate()).get();  // closed again
  const auto closed = BorrowedFd::unsafe_borrow(number);
  EXPECT_EQ(error_of(send_fds(closed, fds, bytes("x"))).value(), EBADF);
  EXPECT_EQ(error_of(receive_fds(closed, payload)).value(), EBADF);
  const auto datagrams = must(socket_pair(SOCK_DGRAM));
  const std::vector<std::byte> too_much(10 << 20);
  EXPECT_EQ(error_of(send_fds(datagrams.first, fds, too_much)).value(), EMSGSIZE);
}

TEST(FdPassingOnAStream, EndsAMessageWhereItsDescriptorsDo) {
  const auto pair = must(socket_pair(SOCK_STREAM));
  const OwnedFd one = some_file();
  const OwnedFd two = some_file();
  const BorrowedFd first[] = {one};
  const BorrowedFd second[] = {two, one};
  EXPECT_EQ(send_fds(pair.first, none(), bytes("before ")), 7U);
  EXPECT_EQ(send_fds(pair.first, first, bytes("first")), 5U);
  EXPECT_EQ(send_fds(pair.first, second, bytes("second")), 6U);
  EXPECT_EQ(send_fds(pair.first, none(), bytes("after")), 5U);
  std::array<std::byte, 100> payload{};
  const auto next = [&](std::size_t room) {
    auto message = must(receive_fds(pair.second, std::span(payload).first(room)));
    return std::pair(text(std::span(payload).first(message.size)), std::move(message.fds));
  };
  const auto [text_1, fds_1] = next(100);
  EXPECT_EQ(text_1, "before first");
  ASSERT_EQ(fds_1.size(), 1U);
  EXPECT_TRUE(same_file(fds_1[0].get(), one.get()));
  const auto [text_2, fds_2] = next(3);
  EXPECT_EQ(text_2, "sec");
  ASSERT_EQ(fds_2.size(), 2U) << "with the first byte";
  EXPECT_TRUE(same_file(fds_2[0].get(), two.get()));
  std::string rest;
  while (rest.size() < 8) {
    const auto [part, fds] = next(100);
    rest += part;
    EXPECT_TRUE(fds.empty());
  }
  EXPECT_EQ(rest, "ondafter");
}

TEST(FdPassingOnAStream, MaySendAPartOnly) {
  const auto pair = must(socket_pair(SOCK_STREAM | SOCK_NONBLOCK));
  const OwnedFd file = some_file();
  const BorrowedFd fds[] = {file};
  const std::vector<std::byte> much(10 << 20);
  const auto sent = must(send_fds(pair.first, fds, much));
  EXPECT_GT(sent, 0U);
  EXPECT_LT(sent, much.size());
  std::array<std::byte, 100> payload{};
  EXPECT_EQ(must(receive_fds(pair.second, payload)).fds.size(), 1U);
}

TEST(FdPassingOnAStream, EndsWithNoBytes) {
  for (const int type : {SOCK_STREAM, SOCK_SEQPACKET}) {
    auto pair = must(socket_pair(type));
    std::array<std::byte, 100> payload{};
    EXPECT_EQ(send_fds(pair.first, none(), bytes("last")), 4U);
    (void)std::move(pair.first).close();
    EXPECT_EQ(must(receive_fds(pair.second, payload)).size, 4U);
    const auto end = must(receive_fds(pair.second, payload));
    EXPECT_EQ(end.size, 0U);
    EXPECT_TRUE(end.fds.empty());
  }
}

// The other end was closed while it had unread data.
TEST(FdPassingOnAStream, IsResetByAReceiverThatDoesNotRead) {
  auto pair = must(socket_pair(SOCK_STREAM));
  std::array<std::byte, 100> payload{};
  EXPECT_EQ(send_fds(pair.first, none(), bytes("unread")), 6U);
  (void)std::move(pair.second).close();
  EXPECT_EQ(error_of(receive_fds(pair.first, payload)).value(), ECONNRESET);
  EXPECT_EQ(must(receive_fds(pair.first, payload)).size, 0U);
}

TEST(FdPassingOnAStream, WithoutRoomForAByteStillOwnsWhatComes) {
  const auto pair = must(socket_pair(SOCK_STREAM));
  const OwnedFd file = some_file();
  const BorrowedFd fds[] = {file};
  EXPECT_EQ(send_fds(pair.first, fds, bytes("x")), 1U);
  const auto message = must(receive_fds(pair.second, {}));
  EXPECT_EQ(message.size, 0U);
  EXPECT_EQ(message.fds.size(), 1U);
}

TEST(PassFds, OffMakesSendersFail) {
  SYSFD_REQUIRE_KERNEL("SO_PASSRIGHTS");
  for (const int type : socket_types) {
    const auto pair = must(socket_pair(type));
    const OwnedFd file = some_file();
    SecondHolder holder(file, pair.first);
    ASSERT_TRUE(pass_fds(pair.second, false));
    EXPECT_EQ(holder(Do::send, "x", 1), -EPERM);
    const BorrowedFd fds[] = {file};
    EXPECT_EQ(error_of(send_fds(pair.first, fds, bytes("x"))).value(), EPERM);
    EXPECT_EQ(send_fds(pair.first, none(), bytes("x")), 1U) << "bytes alone are accepted";
    ASSERT_TRUE(pass_fds(pair.second, true));
    EXPECT_EQ(holder(Do::send, "x", 1), 1);
  }
}

}  // namespace
}  // namespace sysfd_test
