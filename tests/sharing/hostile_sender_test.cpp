// SPDX-License-Identifier: MIT
//
// What others may send, and what is open here afterwards: nothing that was not asked for. The leak check
// of each test looks, and some look in between.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include <sysfd/fd_passing.hpp>

#include "sharing/files.hpp"
#include "sharing/second_holder.hpp"
#include "support/descriptors.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"
#include "support/requirements.hpp"
#include "support/run_apart.hpp"

namespace sysfd_test {
namespace {

using sysfd::OwnedFd;
using sysfd::receive_fds;

class HostileSender : public testing::TestWithParam<int> {
 public:
  const sysfd::SocketPair pair = must(sysfd::socket_pair(GetParam()));
  const OwnedFd file = some_file();
  SecondHolder sender{file, pair.first};
  std::array<std::byte, 100> payload{};

  void expect_nothing_more() {
    EXPECT_EQ(error_of(receive_fds(pair.second, payload, {.nowait = true})).value(), EAGAIN);
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
      EXPECT_EQ(error_of(receive_fds(pair.second, payload, {.max_fds = most})).value(), E2BIG);
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
  if (is_stream()) {  // which has no empty messages
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

TEST_P(HostileSender, OfTooManyAfterAGoodMessageHarmsThatOneNot) {
  EXPECT_EQ(sender(Do::send, "good", 1), 4);
  EXPECT_EQ(sender(Do::send, "bad", 5), 3);
  EXPECT_EQ(sender(Do::send, "good", 1), 4);
  EXPECT_EQ(must(receive_fds(pair.second, payload, {.max_fds = 1})).fds.size(), 1U);
  EXPECT_EQ(error_of(receive_fds(pair.second, payload, {.max_fds = 1})).value(), E2BIG);
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

// The kernel gives as many as there is room for, and says that it cut the message off.
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
      const auto message = receive_fds(pair.second, payload);
      EXPECT_EQ(error_of(message).value(), room == 4 ? 0 : EMSGSIZE) << room;
      EXPECT_TRUE(!message || message->fds.size() == 4);
      int open = 0;
      for (int fd = 0; fd < static_cast<int>(limit); ++fd)
        open += is_open(fd) ? 1 : 0;
      EXPECT_EQ(open, static_cast<int>(before.size() + (room == 4 ? 4 : 0))) << room;
    });
}

TEST_P(HostileSender, MeetsAllKindsOfControlMessagesAtOnce) {
  const int on = 1;
  ASSERT_TRUE(sysfd::pass_credentials(pair.second));
  const bool has_pidfd = kernel_has("SO_PASSPIDFD");
  EXPECT_EQ(sysfd::pass_pidfd(pair.second).has_value(), has_pidfd);
  // Times only of datagrams, labels only where there is a security module: all that can be had.
  for (const int option : {SO_TIMESTAMP, SO_TIMESTAMPNS, SO_PASSSEC, SO_RXQ_OVFL, SO_MARK})
    (void)::setsockopt(pair.second.get(), SOL_SOCKET, option, &on, sizeof on);
  EXPECT_EQ(sender(Do::send, "x", 253), 1);
  const auto message = must(receive_fds(pair.second, payload));
  EXPECT_EQ(message.fds.size(), 253U);
  ASSERT_TRUE(message.credentials);
  EXPECT_EQ(message.credentials->pid, sender.pid());
  EXPECT_EQ(message.pidfd.has_value(), has_pidfd);
}

TEST_P(HostileSender, OfTooManyGivesNoPidfdEither) {
  SYSFD_REQUIRE_KERNEL("SO_PASSPIDFD");
  ASSERT_TRUE(sysfd::pass_pidfd(pair.second));
  EXPECT_EQ(sender(Do::send, "x", 5), 1);
  const auto before = open_descriptors();
  EXPECT_EQ(error_of(receive_fds(pair.second, payload, {.max_fds = 1})).value(), E2BIG);
  EXPECT_EQ(open_descriptors(), before);
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
