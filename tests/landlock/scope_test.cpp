// SPDX-License-Identifier: MIT
//
// Tests scopes: what a restricted thread cannot reach outside of its restriction.
#include <sysfd/landlock.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>

#include <sysfd/command.hpp>
#include <sysfd/pidfd.hpp>

#include "support/prelude.hpp"

#include "landlock/attempts.hpp"
#include "support/kernel_features.hpp"

namespace sysfd_test {
namespace {

const Rights signal_scope{.scopes = Scope::signal};
const Rights socket_scope{.scopes = Scope::abstract_unix_socket};

TEST(LandlockScope, OfSignalsIsTheRestriction) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  SYSFD_REQUIRE_RIGHTS(signal_scope, "6.12");
  SYSFD_REQUIRE_ISOLATION();
  const pid_t outside = ::getpid();
  ASSERT_GT(outside, 0);
  run_apart([&] {
    const PidFd pidfd = must(PidFd::open(outside));
    EXPECT_EQ(errno_of(::kill(outside, 0)), 0);
    ASSERT_TRUE(must(Ruleset::create(signal_scope)).restrict_self());
    EXPECT_EQ(errno_of(::kill(outside, 0)), EPERM);
    EXPECT_EQ(error_of(pidfd.send_signal(0)), std::errc::operation_not_permitted);
    EXPECT_EQ(errno_of(::kill(::getpid(), 0)), 0);

    const pid_t inside = ::fork();
    ASSERT_GE(inside, 0);
    if (inside == 0)
      for (;;)
        ::pause();
    EXPECT_EQ(errno_of(::kill(inside, SIGKILL)), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(inside, &status, 0), inside);
    EXPECT_EQ(WTERMSIG(status), SIGKILL);
  });
}

TEST(LandlockScope, OfAChildKeepsItFromSignallingItsParent) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  SYSFD_REQUIRE_RIGHTS(signal_scope, "6.12");
  SYSFD_REQUIRE_ISOLATION();
  const Ruleset ruleset = must(Ruleset::create(signal_scope));
  const char* const line = "kill -0 $$ && { kill -0 $PPID 2>/dev/null || exit 7; }";
  EXPECT_EQ(must(Command::shell(line).status()).code(), 0);
  EXPECT_EQ(must(Command::shell(line).landlock(ruleset).status()).code(), 7);
}

// A socket whose abstract name the kernel chooses.
struct AbstractSocket {
  explicit AbstractSocket(int type) : fd(new_socket(type)) {
    sockaddr_un chosen{};
    chosen.sun_family = AF_UNIX;
    EXPECT_EQ(::bind(fd.get(), generic(chosen), offsetof(sockaddr_un, sun_path)), 0);
    EXPECT_EQ(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    if (type != SOCK_DGRAM) {
      EXPECT_EQ(::listen(fd.get(), 8), 0);
    }
  }
  static OwnedFd new_socket(int type) {
    return OwnedFd::adopt(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  }
  int errno_of_connecting(const OwnedFd& from) const {
    return errno_of(::connect(from.get(), generic(address), size));
  }
  int errno_of_sending() const {
    const OwnedFd from = new_socket(SOCK_DGRAM);
    return ::sendto(from.get(), "x", 1, 0, generic(address), size) == 1 ? 0 : errno;
  }

  OwnedFd fd;
  sockaddr_un address{};
  socklen_t size = sizeof address;

 private:
  static const sockaddr* generic(const sockaddr_un& address) {
    return reinterpret_cast<const sockaddr*>(&address);
  }
};

TEST(LandlockScope, OfAbstractSocketsIsTheRestriction) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  SYSFD_REQUIRE_RIGHTS(socket_scope, "6.12");
  for (const int type : {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM}) {
    run_apart([type] {
      const AbstractSocket outside(type);
      const OwnedFd connected = AbstractSocket::new_socket(type);
      EXPECT_EQ(outside.errno_of_connecting(connected), 0);
      ASSERT_TRUE(must(Ruleset::create(socket_scope)).restrict_self());
      EXPECT_EQ(outside.errno_of_connecting(AbstractSocket::new_socket(type)), EPERM);
      if (type == SOCK_DGRAM) {
        EXPECT_EQ(outside.errno_of_sending(), EPERM);
      }
      EXPECT_EQ(::write(connected.get(), "x", 1), 1) << "was connected before";

      const AbstractSocket inside(type);
      EXPECT_EQ(inside.errno_of_connecting(AbstractSocket::new_socket(type)), 0);
      run_apart([&] {  // below it, with a restriction of its own
        ASSERT_TRUE(must(Ruleset::create(socket_scope)).restrict_self());
        EXPECT_EQ(inside.errno_of_connecting(AbstractSocket::new_socket(type)), EPERM);
      });
    });
  }
}

// Each of the two scopes is one of its own.
TEST(LandlockScope, OfOneKindLeavesTheOtherAlone) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  SYSFD_REQUIRE_RIGHTS(socket_scope | signal_scope, "6.12");
  SYSFD_REQUIRE_ISOLATION();
  const pid_t outside = ::getpid();
  ASSERT_GT(outside, 0);
  const AbstractSocket listener(SOCK_STREAM);
  run_apart([&] {
    ASSERT_TRUE(must(Ruleset::create(socket_scope)).restrict_self());
    EXPECT_EQ(errno_of(::kill(outside, 0)), 0);
  });
  run_apart([&] {
    ASSERT_TRUE(must(Ruleset::create(signal_scope)).restrict_self());
    EXPECT_EQ(listener.errno_of_connecting(AbstractSocket::new_socket(SOCK_STREAM)), 0);
  });
}

}  // namespace
}  // namespace sysfd_test
