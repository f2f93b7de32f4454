// SPDX-License-Identifier: MIT
//
// Opens the process at the other end of a socket.
#include <sysfd/pidfd.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/prelude.hpp"

#include "pidfd/child.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

OwnedFd make_socket(int domain, int type) {
  return must(OwnedFd::from_syscall(::socket(domain, type | SOCK_CLOEXEC, 0)));
}

// Listens at an abstract address that the kernel chooses: nothing is left behind.
class Listener {
 public:
  explicit Listener(int type) : type_(type), socket_(make_socket(AF_UNIX, type)) {
    address_.sun_family = AF_UNIX;
    size_ = sizeof address_.sun_family;
    auto* const address = reinterpret_cast<sockaddr*>(&address_);
    if (::bind(socket_.get(), address, size_) != 0) std::abort();
    size_ = sizeof address_;
    if (::getsockname(socket_.get(), address, &size_) != 0) std::abort();
    if (::listen(socket_.get(), 8) != 0) std::abort();
  }

  BorrowedFd fd() const { return socket_; }
  OwnedFd connect() const {
    OwnedFd client = make_socket(AF_UNIX, type_);
    if (::connect(client.get(), reinterpret_cast<const sockaddr*>(&address_), size_) != 0)
      std::abort();
    return client;
  }
  OwnedFd accept() const {
    return must(OwnedFd::from_syscall(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC)));
  }

 private:
  int type_;
  OwnedFd socket_;
  sockaddr_un address_{};
  socklen_t size_ = 0;
};

class Peer : public testing::Test {
 protected:
  void SetUp() override { SYSFD_REQUIRE_KERNEL("SO_PEERPIDFD"); }
};

TEST_F(Peer, OfAConnectionIsWhoConnectedAndWhoListens) {
  for (const int type : {SOCK_STREAM, SOCK_SEQPACKET}) {
    const Listener listener(type);
    const pid_t here = ::getpid();
    ForkedChild client([&] {
      const OwnedFd connection = listener.connect();
      const auto server = PidFd::of_peer(connection);
      if (!server || server->pid() != here) ::_exit(9);
    });
    const OwnedFd connection = listener.accept();
    const auto peer = PidFd::of_peer(connection);
    ASSERT_TRUE(peer) << peer.error().message();
    EXPECT_EQ(peer->pid(), client.pid());
    EXPECT_EQ(is_close_on_exec(*peer), true);
    client.tell_to_end(5);
    EXPECT_EQ(peer->wait(), ExitStatus::exited(5)) << "9: the client did not find its server";
  }
}

TEST_F(Peer, OfASocketPairIsWhoMadeIt) {
  for (const int type : {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM}) {
    const auto pair = must(socket_pair(type));
    const pid_t maker = ::getpid();
    EXPECT_EQ(must(PidFd::of_peer(pair.first)).pid(), maker);
    ForkedChild heir([&] {
      const auto peer = PidFd::of_peer(pair.second);
      if (!peer || peer->pid() != maker) ::_exit(9);
    });
    heir.end(0);
    EXPECT_EQ(must(heir.pidfd().wait()), ExitStatus::exited(0));
  }
}

TEST_F(Peer, OfAListenerIsItself) {
  const Listener listener(SOCK_STREAM);
  EXPECT_EQ(must(PidFd::of_peer(listener.fd())).pid(), ::getpid());
}

TEST_F(Peer, IsFoundAsAZombie) {
  const Listener listener(SOCK_STREAM);
  ForkedChild client([&] { static_cast<void>(listener.connect().release()); });
  const OwnedFd connection = listener.accept();
  client.end(3);
  EXPECT_EQ(must(PidFd::of_peer(connection)).wait(), ExitStatus::exited(3));
}

TEST_F(Peer, ThatWasReapedIsFoundOrIsAnError) {
  const Listener listener(SOCK_STREAM);
  ForkedChild client([&] { static_cast<void>(listener.connect().release()); });
  const OwnedFd connection = listener.accept();
  const PidFd before = must(PidFd::of_peer(connection));
  client.end_and_reap(3);
  const auto peer = PidFd::of_peer(connection);
  if (!peer) {
    EXPECT_EQ(peer.error(), std::errc::no_such_process);
    return;
  }
  EXPECT_EQ(same_process(*peer, before), true);
  EXPECT_EQ(error_of(peer->pid()), std::errc::no_such_process);
  EXPECT_EQ(peer->wait(), ExitStatus::exited(3));
}

TEST_F(Peer, ASocketWithoutOneIsAnError) {
  for (const int domain : {AF_UNIX, AF_INET})
    for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
      const OwnedFd unconnected = make_socket(domain, type);
      EXPECT_EQ(error_of(PidFd::of_peer(unconnected)).value(), ENODATA) << domain << ' ' << type;
    }
}

TEST_F(Peer, WhatIsNoSocketIsAnError) {
  const OwnedFd file = some_file();
  EXPECT_EQ(error_of(PidFd::of_peer(file)), std::errc::not_a_socket);
  const PidFd self = must(PidFd::self());
  EXPECT_EQ(error_of(PidFd::of_peer(self)), std::errc::not_a_socket);
}

TEST_F(Peer, OtherErrorsArePassedOn) {
  run_apart([] {
    const auto pair = must(socket_pair(SOCK_STREAM));
    refuse_calls({{SYS_getsockopt, ENOTNAM}});
    EXPECT_EQ(error_of(PidFd::of_peer(pair.first)).value(), ENOTNAM);
  });
}

TEST(PeerOfOldKernels, IsAnErrorWhereTheyCannotTell) {
  run_apart([] {
    const auto pair = must(socket_pair(SOCK_STREAM));
    refuse_calls({{SYS_getsockopt, ENOPROTOOPT}});
    EXPECT_EQ(error_of(PidFd::of_peer(pair.first)), std::errc::operation_not_supported);
  });
}

TEST(PeerOfOldKernels, ThatWasReapedIsAnError) {
  run_apart([] {
    const auto pair = must(socket_pair(SOCK_STREAM));
    refuse_calls({{SYS_getsockopt, EINVAL}});
    EXPECT_EQ(error_of(PidFd::of_peer(pair.first)), std::errc::no_such_process);
  });
}

}  // namespace
}  // namespace sysfd_test
