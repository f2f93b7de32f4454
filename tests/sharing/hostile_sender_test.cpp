// SPDX-License-Identifier: MIT
//
// Tests what other processes may send, and that no descriptor that was not requested is open
// afterwards. The leak check of each test looks for them, and some tests look in between.
#include <sysfd/fd_passing.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "support/prelude.hpp"

#include "sharing/files.hpp"
#include "sharing/second_holder.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

class HostileSender : public testing::TestWithParam<int> {
 public:
  const SocketPair pair = must(socket_pair(GetParam()));
  const OwnedFd file = some_file();
  SecondHolder sender{file, pair.first};
  std::array<std::byte, 100> payload{};

  void expect_nothing_more() {
    EXPECT_EQ(error_of(receive_fds(pair.second, payload, {.nowait = true})).value(), EAGAIN);
  }
  // The bytes of a message are delivered even if its descriptors are not.
  void expect_bytes_only(std::string_view content, int why, ReceiveOptions options = {}) {
    const auto message = must(receive_fds(pair.second, payload, options));
    EXPECT_EQ(text(std::span(payload).first(message.size)), content);
    EXPECT_TRUE(message.fds.empty());
    EXPECT_EQ(message.fds_error.value(), why);
  }
  bool is_stream() const { return GetParam() == SOCK_STREAM; }
};
INSTANTIATE_TEST_SUITE_P(OnEachSocket, HostileSender,
                         testing::Values(SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET),
                         [](const auto& type) {
                           return type.param == SOCK_STREAM  ? "Stream"
                                  : type.param == SOCK_DGRAM ? "Datagram"
                                                             : "Seqpacket";
                         });

TEST_P(HostileSender, OfTooManyDescriptorsGivesNone) {
  for (const long count : {2L, 3L, 10L, 253L})
    for (const std::size_t most : {0UL, 1UL}) {
      const auto before = open_descriptors();
      EXPECT_EQ(sender(Do::send, "x", count), 1);
      expect_bytes_only("x", E2BIG, {.max_fds = most});
      EXPECT_EQ(open_descriptors(), before) << "something stays open";
      expect_nothing_more();
    }
  EXPECT_EQ(sender(Do::send, "x", 253), 1);
  constexpr auto no_limit = std::numeric_limits<std::size_t>::max();
  EXPECT_EQ(must(receive_fds(pair.second, payload, {.max_fds = no_limit})).fds.size(), 253U);
  EXPECT_EQ(sender(Do::send, "x", 3), 1);
  EXPECT_EQ(must(receive_fds(pair.second, payload, {.max_fds = 3})).fds.size(), 3U);
}

TEST_P(HostileSender, OfNoDescriptorGivesAMessageWithoutOne) {
  EXPECT_EQ(sender(Do::send, "x", 0), 1);
  const auto message = must(receive_fds(pair.second, payload, {.max_fds = 1}));
  EXPECT_TRUE(message.fds.empty());
  EXPECT_EQ(message.size, 1U);
}

TEST_P(HostileSender, OfDescriptorsWithoutAByte) {
  EXPECT_EQ(sender(Do::send_nothing, 2), 0);
  if (is_stream()) {  // it has no empty messages
    expect_nothing_more();
    return;
  }
  const auto message = must(receive_fds(pair.second, payload));
  EXPECT_EQ(message.size, 0U);
  EXPECT_EQ(message.fds.size(), 2U);
}

TEST_P(HostileSender, OfSeveralMessagesAtOnceGivesEachItsOwn) {
  EXPECT_EQ(sender(Do::send, "a", 1), 1);
  EXPECT_EQ(sender(Do::send, "b", 2), 1);
  EXPECT_EQ(sender(Do::send, "c", 0), 1);
  EXPECT_EQ(sender(Do::send, "d", 4), 1);
  std::string all;
  std::string counts;
  while (all.size() < 4) {
    const auto message = must(receive_fds(pair.second, payload, {.max_fds = 4}));
    all += text(std::span(payload).first(message.size));
    counts += std::to_string(message.fds.size());
  }
  EXPECT_EQ(all, "abcd");
  EXPECT_EQ(counts, is_stream() ? "124" : "1204");
}

TEST_P(HostileSender, OfTooManyAfterAGoodMessageDoesNotHarmThatOne) {
  EXPECT_EQ(sender(Do::send, "good", 1), 4);
  EXPECT_EQ(sender(Do::send, "bad", 5), 3);
  EXPECT_EQ(sender(Do::send, "good", 1), 4);
  EXPECT_EQ(must(receive_fds(pair.second, payload, {.max_fds = 1})).fds.size(), 1U);
  expect_bytes_only("bad", E2BIG, {.max_fds = 1});
  EXPECT_EQ(must(receive_fds(pair.second, payload, {.max_fds = 1})).fds.size(), 1U);
}

TEST_P(HostileSender, OfTooLongAMessageGivesNone) {
  if (is_stream()) return;
  for (const long count : {0L, 1L, 253L}) {
    const auto before = open_descriptors();
    EXPECT_EQ(sender(Do::send, "too long", count), 8);
    EXPECT_EQ(error_of(receive_fds(pair.second, std::span(payload).first(7))).value(), EMSGSIZE);
    EXPECT_EQ(open_descriptors(), before);
    expect_nothing_more();
  }
  EXPECT_EQ(sender(Do::send, "fits", 1), 4);
  EXPECT_EQ(must(receive_fds(pair.second, std::span(payload).first(4))).size, 4U);
  EXPECT_EQ(sender(Do::send, "x", 1), 1);
  EXPECT_EQ(error_of(receive_fds(pair.second, {})).value(), EMSGSIZE);
}

// The kernel delivers as many as fit, and reports that it truncated the message.
TEST_P(HostileSender, OfMoreDescriptorsThanThisProcessCanHaveGivesNone) {
  for (const rlim_t room : {0U, 1U, 2U, 3U, 4U})
    run_apart([&] {
      EXPECT_EQ(sender(Do::send, "x", 4), 1);
      std::vector<OwnedFd> gaps;  // below the highest number
      for (const int highest = *open_descriptors().rbegin();;) {
        OwnedFd filler = must(file.duplicate());
        if (filler.get() > highest) break;
        gaps.push_back(std::move(filler));
      }
      const auto before = open_descriptors();
      const rlim_t limit = before.size() + room;
      const rlimit limits{limit, limit};
      ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limits), 0);
      const auto message = must(receive_fds(pair.second, payload));
      EXPECT_EQ(text(std::span(payload).first(message.size)), "x") << "no byte of a stream is lost";
      EXPECT_EQ(message.fds_error.value(), room == 4 ? 0 : EMFILE) << room;
      EXPECT_EQ(message.fds.size(), room == 4 ? 4U : 0U);
      int open = 0;
      for (int fd = 0; fd < static_cast<int>(limit); ++fd)
        open += is_open(fd) ? 1 : 0;
      EXPECT_EQ(open, static_cast<int>(before.size() + (room == 4 ? 4 : 0))) << room;
    });
}

TEST_P(HostileSender, MeetsAllKindsOfControlMessagesAtOnce) {
  const int on = 1;
  ASSERT_TRUE(pass_credentials(pair.second));
  const bool has_pidfd = kernel_has("SO_PASSPIDFD");
  EXPECT_EQ(pass_pidfd(pair.second).has_value(), has_pidfd);
  // Only datagrams have timestamps, and labels need a security module: the test enables all that
  // are available.
  for (const int option : {SO_TIMESTAMP, SO_TIMESTAMPNS, SO_PASSSEC, SO_RXQ_OVFL, SO_MARK})
    (void)::setsockopt(pair.second.get(), SOL_SOCKET, option, &on, sizeof on);
  EXPECT_EQ(sender(Do::send, "x", 253), 1);
  const auto message = must(receive_fds(pair.second, payload));
  EXPECT_EQ(message.fds.size(), 253U);
  ASSERT_TRUE(message.credentials);
  EXPECT_EQ(message.credentials->pid, sender.pid());
  EXPECT_EQ(message.pidfd.has_value(), has_pidfd);
}

TEST_P(HostileSender, OfTooManyIsKnownFromItsPidfd) {
  SYSFD_REQUIRE_KERNEL("SO_PASSPIDFD");
  ASSERT_TRUE(pass_pidfd(pair.second));
  EXPECT_EQ(sender(Do::send, "x", 5), 1);
  const auto before = open_descriptors();
  {
    const auto message = must(receive_fds(pair.second, payload, {.max_fds = 1}));
    EXPECT_EQ(message.fds_error.value(), E2BIG);
    EXPECT_TRUE(message.pidfd);
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST_P(HostileSender, OfTooManyPassesThemToTheCallerOnRequest) {
  std::vector<OwnedFd> unwanted;
  unwanted.push_back(some_file());
  EXPECT_EQ(sender(Do::send, "x", 3), 1);
  expect_bytes_only("x", E2BIG, {.max_fds = 1, .unwanted = &unwanted});
  ASSERT_EQ(unwanted.size(), 4U) << "after those that were there";
  for (std::size_t i = 1; i < 4; ++i)
    EXPECT_TRUE(same_file(unwanted[i].get(), file.get()));
  EXPECT_EQ(sender(Do::send, "y", 1), 1);
  const auto message = must(receive_fds(pair.second, payload, {.unwanted = &unwanted}));
  EXPECT_EQ(message.fds.size(), 1U);
  EXPECT_EQ(unwanted.size(), 4U);
}

TEST_P(HostileSender, OfTooLongAMessagePassesItsDescriptorsToTheCallerOnRequest) {
  if (is_stream()) return;
  std::vector<OwnedFd> unwanted;
  EXPECT_EQ(sender(Do::send, "too long", 2), 8);
  const auto message =
      receive_fds(pair.second, std::span(payload).first(7), {.unwanted = &unwanted});
  EXPECT_EQ(error_of(message).value(), EMSGSIZE);
  EXPECT_EQ(unwanted.size(), 2U);
}

// close(2) of the last descriptor of such a socket waits until the other end has read its data.
TEST(UnwantedDescriptors, DoNotKeepTheReceiverWaiting) {
  const auto pair = must(socket_pair(SOCK_STREAM));
  const auto plain = [] {
    return must(OwnedFd::from_syscall(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)));
  };
  const OwnedFd listener = plain();
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const where = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener.get(), where, size) != 0) GTEST_SKIP() << "needs the loopback device";
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  ASSERT_EQ(::getsockname(listener.get(), where, &size), 0);
  {
    const OwnedFd lingering = plain();
    ASSERT_EQ(::connect(lingering.get(), where, size), 0);
    const linger minute{1, 60};
    ASSERT_EQ(::setsockopt(lingering.get(), SOL_SOCKET, SO_LINGER, &minute, sizeof minute), 0);
    ASSERT_TRUE(set_nonblocking(lingering, true));
    const std::vector<char> much(1 << 20);
    while (::send(lingering.get(), much.data(), much.size(), 0) > 0) {
    }
    const BorrowedFd fds[] = {lingering};
    ASSERT_EQ(send_fds(pair.first, fds, bytes("x")), 1U);
  }
  std::vector<OwnedFd> unwanted;
  std::array<std::byte, 10> payload{};
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(
      receive_fds(pair.second, payload, {.max_fds = 0, .nowait = true, .unwanted = &unwanted}));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
  ASSERT_EQ(unwanted.size(), 1U);
  const linger at_once{1, 0};  // for the end of this test
  EXPECT_EQ(::setsockopt(unwanted.front().get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once),
            0);
}

TEST_P(HostileSender, ThatIsGoneWithItsMessageUnread) {
  EXPECT_EQ(sender(Do::send, "last", 2), 4);
  sender.exit();
  const auto message = must(receive_fds(pair.second, payload));
  EXPECT_EQ(message.size, 4U);
  ASSERT_EQ(message.fds.size(), 2U);
  EXPECT_TRUE(same_file(message.fds[0].get(), file.get()));
}

}  // namespace
}  // namespace sysfd_test
