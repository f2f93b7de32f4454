// SPDX-License-Identifier: MIT
//
// Finds out who has sent a message.
#include <sysfd/fd_passing.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include <sysfd/pidfd.hpp>

#include "support/prelude.hpp"

#include "sharing/files.hpp"
#include "sharing/second_holder.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

class SenderIdentity : public testing::Test {
 public:
  const SocketPair pair = must(socket_pair(SOCK_DGRAM));
  const OwnedFd file = some_file();
  SecondHolder sender{file, pair.first};
  std::array<std::byte, 100> payload{};
  ReceivedMessage receive() { return must(receive_fds(pair.second, payload)); }
};

TEST_F(SenderIdentity, IsKnownFromCredentials) {
  EXPECT_EQ(sender(Do::send, "x"), 1);
  EXPECT_FALSE(receive().credentials);
  ASSERT_TRUE(pass_credentials(pair.second));
  EXPECT_EQ(sender(Do::send, "x"), 1);
  const auto message = receive();
  ASSERT_TRUE(message.credentials);
  EXPECT_EQ(message.credentials->pid, sender.pid());
  EXPECT_EQ(message.credentials->uid, ::getuid());
  EXPECT_EQ(message.credentials->gid, ::getgid());
  ASSERT_TRUE(pass_credentials(pair.second, false));
  EXPECT_EQ(sender(Do::send, "x"), 1);
  EXPECT_FALSE(receive().credentials);
}

// The kernel fills in zeros there, which are also root's IDs.
TEST(SenderIdentityOnAStream, IsMissingAtTheEnd) {
  for (const std::size_t room : {100U, 0U}) {
    auto pair = must(socket_pair(SOCK_STREAM));
    ASSERT_TRUE(pass_credentials(pair.second));
    std::array<std::byte, 100> payload{};
    EXPECT_EQ(send_fds(pair.first, {}, bytes("last")), 4U);
    (void)std::move(pair.first).close();
    EXPECT_EQ(must(receive_fds(pair.second, payload)).credentials->pid, ::getpid());
    const auto end = must(receive_fds(pair.second, std::span(payload).first(room)));
    EXPECT_EQ(end.size, 0U);
    EXPECT_FALSE(end.credentials);
    EXPECT_EQ(error_of(end.pidfd).value(), ENODATA);
  }
}

TEST_F(SenderIdentity, IsKnownForAMessageWithoutBytes) {
  ASSERT_TRUE(pass_credentials(pair.second));
  EXPECT_EQ(sender(Do::send_nothing, 1), 0);
  const auto message = receive();
  EXPECT_EQ(message.size, 0U);
  ASSERT_TRUE(message.credentials);
  EXPECT_EQ(message.credentials->pid, sender.pid());
}

TEST_F(SenderIdentity, IsMissingIfTheMessageWasSentBefore) {
  EXPECT_EQ(sender(Do::send, "x"), 1);
  ASSERT_TRUE(pass_credentials(pair.second));
  EXPECT_FALSE(receive().credentials);
}

TEST_F(SenderIdentity, IsThatOfAnotherUser) {
  SYSFD_REQUIRE_ROOT();
  ASSERT_TRUE(pass_credentials(pair.second));
  run_apart([&] {
    ASSERT_EQ(::setresgid(65533, 65533, 65533), 0);
    ASSERT_EQ(::setresuid(65534, 65534, 65534), 0);
    EXPECT_EQ(send_fds(pair.first, {}, bytes("x")), 1U);
  });
  const auto message = receive();
  ASSERT_TRUE(message.credentials);
  EXPECT_EQ(message.credentials->uid, 65534U);
  EXPECT_EQ(message.credentials->gid, 65533U);
}

// From there, the number is zero, and the IDs tell more than that.
TEST(SenderIdentityFromOutside, OfThePidNamespaceIsThatOfTheUser) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_ROOT();
  const auto pair = must(socket_pair(SOCK_DGRAM));
  ASSERT_TRUE(pass_credentials(pair.second));
  struct Sender {
    uid_t uid;
    gid_t gid;
    std::string_view text;
  };
  constexpr Sender senders[] = {
      {0, 0, ""}, {0, 0, "x"}, {0, 65533, "x"}, {65533, 0, "x"}, {65534, 65533, "x"}};
  for (const Sender& each : senders)
    run_apart([&] {
      ASSERT_EQ(::setresgid(each.gid, each.gid, each.gid), 0);
      ASSERT_EQ(::setresuid(each.uid, each.uid, each.uid), 0);
      EXPECT_EQ(::send(pair.first.get(), each.text.data(), each.text.size(), 0),
                static_cast<ssize_t>(each.text.size()));
    });
  run_apart([&] {
    ASSERT_EQ(::unshare(CLONE_NEWPID), 0);
    run_apart([&] {
      std::array<std::byte, 8> payload{};
      for (const Sender& each : senders) {
        const auto message = must(receive_fds(pair.second, payload));
        ASSERT_TRUE(message.credentials) << each.uid;
        EXPECT_EQ(message.credentials->pid, 0);
        EXPECT_EQ(message.credentials->uid, each.uid);
        EXPECT_EQ(message.credentials->gid, each.gid);
      }
    });
  });
}

TEST_F(SenderIdentity, IsKnownFromAPidfd) {
  SYSFD_REQUIRE_KERNEL("SO_PASSPIDFD");
  ASSERT_TRUE(pass_pidfd(pair.second));
  EXPECT_EQ(sender(Do::send, "x", 1), 1);
  auto message = receive();
  EXPECT_EQ(message.fds.size(), 1U) << "it is not one of those that were sent";
  ASSERT_TRUE(message.pidfd);
  EXPECT_EQ(is_close_on_exec(*message.pidfd), true);
  const PidFd process = PidFd::unsafe_adopt(must(std::move(message.pidfd)));
  EXPECT_EQ(process.pid(), sender.pid());
  ASSERT_TRUE(pass_pidfd(pair.second, false));
  EXPECT_EQ(sender(Do::send, "x"), 1);
  EXPECT_EQ(error_of(receive().pidfd).value(), ENODATA);
}

TEST_F(SenderIdentity, OfOneThatWasReapedIsAnErrorOrItsPidfd) {
  SYSFD_REQUIRE_KERNEL("SO_PASSPIDFD");
  ASSERT_TRUE(pass_pidfd(pair.second));
  ASSERT_TRUE(pass_credentials(pair.second));
  EXPECT_EQ(sender(Do::send, "x", 1), 1);
  const pid_t number = sender.pid();
  sender.exit();
  const auto message = receive();
  EXPECT_EQ(message.fds.size(), 1U) << "the message is as good as any";
  ASSERT_TRUE(message.credentials);
  EXPECT_EQ(message.credentials->pid, number);
  if (message.pidfd) {
    pollfd entry{message.pidfd->get(), POLLIN, 0};
    EXPECT_EQ(::poll(&entry, 1, 0), 1) << "the process has ended";
  } else {
    const int error = message.pidfd.error().value();
    EXPECT_TRUE(error == ESRCH || error == EINVAL) << message.pidfd.error().message();
  }
}

TEST_F(SenderIdentity, WithoutANumberLeftForThePidfdIsAnError) {
  SYSFD_REQUIRE_KERNEL("SO_PASSPIDFD");
  ASSERT_TRUE(pass_pidfd(pair.second));
  EXPECT_EQ(sender(Do::send, "x"), 1);
  run_apart([&] {
    const rlimit none{0, 0};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    const auto message = receive_fds(pair.second, payload);
    if (message)
      EXPECT_EQ(error_of(message->pidfd).value(), EMFILE);
    else
      EXPECT_EQ(message.error().value(), EMSGSIZE);
  });
}

TEST(SenderIdentityOptions, OfWhatIsNoSocketAreErrors) {
  const OwnedFd file = some_file();
  EXPECT_EQ(error_of(pass_credentials(file)).value(), ENOTSOCK);
  EXPECT_EQ(error_of(pass_pidfd(file)).value(), ENOTSOCK);
  EXPECT_EQ(error_of(pass_fds(file, false)).value(), ENOTSOCK);
}

TEST(SenderIdentityOptions, OfOldKernelsAreErrors) {
  run_apart([] {
    const auto pair = must(socket_pair(SOCK_STREAM));
    refuse_calls({{SYS_setsockopt, ENOPROTOOPT}});
    EXPECT_EQ(error_of(pass_credentials(pair.first)).value(), EOPNOTSUPP);
    EXPECT_EQ(error_of(pass_pidfd(pair.first)).value(), EOPNOTSUPP);
    EXPECT_EQ(error_of(pass_fds(pair.first, false)).value(), EOPNOTSUPP);
  });
  const auto pair = must(socket_pair(SOCK_STREAM));
  const auto pidfd = pass_pidfd(pair.first);
  const auto fds = pass_fds(pair.first, true);
  EXPECT_EQ(pidfd.has_value(), kernel_has("SO_PASSPIDFD"));
  EXPECT_EQ(fds.has_value(), kernel_has("SO_PASSRIGHTS"));
}

}  // namespace
}  // namespace sysfd_test
