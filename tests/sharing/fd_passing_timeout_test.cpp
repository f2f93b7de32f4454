// SPDX-License-Identifier: MIT
//
// Sends and receives descriptors with a timeout, or until the wait is canceled.
#include <sysfd/fd_passing.hpp>

#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <stop_token>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <sysfd/create.hpp>
#include <sysfd/stop_fd.hpp>

#include "support/prelude.hpp"

#include "sharing/files.hpp"
#include "sharing/waiting_thread.hpp"

namespace sysfd_test {
namespace {

// The parameters are the kind of socket, and whether it is in non-blocking mode.
class FdPassingUpToATime : public testing::TestWithParam<std::tuple<int, bool>> {
 public:
  FdPassingUpToATime() {
    for (const OwnedFd* socket : {&pair.first, &pair.second})
      EXPECT_TRUE(set_nonblocking(*socket, is_nonblocking));
  }
  ~FdPassingUpToATime() override {
    for (const OwnedFd* socket : {&pair.first, &pair.second})
      EXPECT_EQ(sysfd::is_nonblocking(*socket), is_nonblocking) << "nothing changes that";
  }
  void fill() const {
    int messages = 0;
    while (send_fds(pair.first, {}, chunk, 0s) && ++messages < 10'000) {
    }
    EXPECT_LT(messages, 10'000);
  }
  const bool is_nonblocking = std::get<bool>(GetParam());
  const SocketPair pair = must(socket_pair(std::get<int>(GetParam())));
  const OwnedFd file = some_file();
  const BorrowedFd fds[1] = {file};
  const std::vector<std::byte> chunk = std::vector<std::byte>(4096);
  std::vector<std::byte> room = std::vector<std::byte>(4096);
};
std::string name_of(const testing::TestParamInfo<std::tuple<int, bool>>& test) {
  const auto [type, is_nonblocking] = test.param;
  const std::string name = type == SOCK_STREAM  ? "Stream"
                           : type == SOCK_DGRAM ? "Datagram"
                                                : "Seqpacket";
  return name + (is_nonblocking ? "Nonblocking" : "");
}
INSTANTIATE_TEST_SUITE_P(OnEachSocket, FdPassingUpToATime,
                         testing::Combine(testing::Values(SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET),
                                          testing::Bool()),
                         name_of);

TEST_P(FdPassingUpToATime, SendsAtOnceWhereThereIsRoom) {
  for (const Timeout timeout : {Timeout(0s), Timeout(-1h), Timeout(1h), Timeout::forever()}) {
    EXPECT_EQ(send_fds(pair.first, fds, bytes("x"), timeout), 1U);
    const auto message = must(receive_fds(pair.second, room, {.timeout = timeout}));
    EXPECT_EQ(message.size, 1U);
    ASSERT_EQ(message.fds.size(), 1U);
    EXPECT_TRUE(same_file(message.fds[0].get(), file.get()));
  }
}

TEST_P(FdPassingUpToATime, SaysThatTheTimeIsOver) {
  for (const Timeout timeout : {Timeout(0s), Timeout(-1h), Timeout(1ms)})
    EXPECT_EQ(error_of(receive_fds(pair.second, room, {.timeout = timeout})), std::errc::timed_out);
  fill();
  for (const Timeout timeout : {Timeout(0s), Timeout(-1h), Timeout(1ms)})
    EXPECT_EQ(error_of(send_fds(pair.first, fds, chunk, timeout)), std::errc::timed_out);
}

TEST_P(FdPassingUpToATime, DoesNotWaitIfNowaitIsSet) {
  EXPECT_EQ(error_of(receive_fds(pair.second, room, {.nowait = true, .timeout = 1h})).value(),
            EAGAIN);
}

TEST_P(FdPassingUpToATime, GoesOnOnceThereIsRoom) {
  fill();
  WaitingThread waiting(
      [&] { EXPECT_EQ(send_fds(pair.first, fds, bytes("x"), Timeout::forever()), 1U); });
  EXPECT_TRUE(waiting.waits());
  for (;;) {
    const auto message = must(receive_fds(pair.second, room, {.timeout = 1h}));
    if (!message.fds.empty()) break;
  }
}

TEST_P(FdPassingUpToATime, GoesOnOnceThereIsAMessage) {
  WaitingThread waiting([&] {
    const auto message = must(receive_fds(pair.second, room, {.timeout = Timeout::forever()}));
    EXPECT_EQ(message.fds.size(), 1U);
  });
  EXPECT_TRUE(waiting.waits());
  EXPECT_EQ(send_fds(pair.first, fds, bytes("x"), 1h), 1U);
}

TEST_P(FdPassingUpToATime, CanBeCanceled) {
  std::stop_source source;
  const auto stop = must(StopFd::make(source.get_token()));
  const Timeout forever = Timeout::forever().canceled_by(stop);
  WaitingThread waiting([&] {
    EXPECT_EQ(error_of(receive_fds(pair.second, room, {.timeout = forever})),
              std::errc::operation_canceled);
  });
  EXPECT_TRUE(waiting.waits());
  source.request_stop();
  waiting.join();
  EXPECT_EQ(send_fds(pair.first, fds, bytes("x"), forever), 1U) << "there is no need to wait";
  EXPECT_EQ(must(receive_fds(pair.second, room, {.timeout = forever})).fds.size(), 1U);
  fill();
  EXPECT_EQ(error_of(send_fds(pair.first, fds, chunk, forever)), std::errc::operation_canceled);
}

TEST_P(FdPassingUpToATime, WithoutAPeerIsAnErrorAtOnce) {
  auto gone = must(socket_pair(std::get<int>(GetParam())));
  (void)std::move(gone.second).close();
  const int error = error_of(send_fds(gone.first, fds, bytes("x"), Timeout::forever())).value();
  EXPECT_EQ(error, std::get<int>(GetParam()) == SOCK_DGRAM ? ECONNREFUSED : EPIPE);
}

TEST_P(FdPassingUpToATime, RefusesWhatTheOtherFormRefuses) {
  const std::vector<BorrowedFd> many(254, file);
  EXPECT_EQ(error_of(send_fds(pair.first, many, bytes("x"), 1h)).value(), E2BIG);
  EXPECT_EQ(error_of(send_fds(pair.first, fds, {}, 1h)).value(), EINVAL);
  EXPECT_EQ(error_of(send_fds(file, fds, bytes("x"), 1h)).value(), ENOTSOCK);
  EXPECT_EQ(error_of(receive_fds(file, room, {.timeout = 1h})).value(), ENOTSOCK);
}

TEST(FdPassingOnAStreamUpToATime, SendsAllThatIsReadMeanwhileAndItsDescriptorsOnce) {
  const auto pair = must(socket_pair(SOCK_STREAM));
  const OwnedFd file = some_file();
  const BorrowedFd fds[] = {file};
  const std::vector<std::byte> much(4 << 20);
  WaitingThread waiting([&] { EXPECT_EQ(send_fds(pair.first, fds, much, 1h), much.size()); });
  std::vector<std::byte> room(1 << 16);
  std::size_t bytes = 0;
  std::size_t descriptors = 0;
  while (bytes < much.size()) {
    const auto message = must(receive_fds(pair.second, room, {.timeout = 1h}));
    bytes += message.size;
    descriptors += message.fds.size();
  }
  EXPECT_EQ(descriptors, 1U);
}

TEST(FdPassingOnAStreamUpToATime, SaysHowMuchWasSentWhereItWasNotAll) {
  const auto pair = must(socket_pair(SOCK_STREAM));
  const OwnedFd file = some_file();
  const BorrowedFd fds[] = {file};
  const std::vector<std::byte> much(4 << 20);
  const auto sent = must(send_fds(pair.first, fds, much, 1ms));
  EXPECT_GT(sent, 0U);
  EXPECT_LT(sent, much.size());
  std::vector<std::byte> room(1 << 16);
  EXPECT_EQ(must(receive_fds(pair.second, room)).fds.size(), 1U);
}

}  // namespace
}  // namespace sysfd_test
