// SPDX-License-Identifier: MIT
//
// Tests what a restricted thread can do, and that what explain() tells is what the kernel does.
#include <sysfd/landlock.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

const Rights basic = rights::of_abi(1);

int errno_of(int answer) {
  if (answer < 0) return errno;
  ::close(answer);
  return 0;
}

int errno_of_opening(const std::filesystem::path& path, int flags) {
  return errno_of(::open(path.c_str(), flags | O_CLOEXEC, 0600));
}

TEST(RestrictSelf, ForbidsWhatNoRuleAllows) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const ScratchDirectory scratch;
  std::filesystem::create_directory(scratch.path() / "inside");
  std::ofstream(scratch.path() / "outside") << "text";
  run_apart([&] {
    Ruleset ruleset = must(Ruleset::create(basic));
    ASSERT_TRUE(ruleset.allow(scratch.path() / "inside", rights::read_write - FileRight::refer));
    const OwnedFd opened = must(open(cwd(), scratch.path() / "outside", O_RDONLY));
    ASSERT_TRUE(ruleset.restrict_self());
    EXPECT_EQ(::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);

    EXPECT_EQ(errno_of_opening(scratch.path() / "inside/new", O_CREAT | O_RDWR), 0);
    EXPECT_EQ(errno_of_opening(scratch.path() / "outside", O_RDONLY), EACCES);
    EXPECT_EQ(errno_of_opening(scratch.path() / "other", O_CREAT | O_RDWR), EACCES);
    char byte = 0;
    EXPECT_EQ(::read(opened.get(), &byte, 1), 1);  // was open before
  });
}

// Seven rights of files, allowed and not.
TEST(RestrictSelf, DoesWhatExplainTells) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const ScratchDirectory scratch;
  const std::vector<std::filesystem::path> directories = {
      scratch.path() / "none", scratch.path() / "read", scratch.path() / "all",
      scratch.path() / "read/write"};
  for (const auto& directory : directories) {
    std::filesystem::create_directory(directory);
    std::ofstream(directory / "file") << "text";
  }
  run_apart([&] {
    Ruleset ruleset = must(Ruleset::create(basic));
    ASSERT_TRUE(ruleset.allow(directories[1], rights::read));
    ASSERT_TRUE(ruleset.allow(directories[2], basic.files));
    ASSERT_TRUE(ruleset.allow(directories[3], FileRight::write_file | FileRight::make_fifo));
    struct Case {
      FileRights rights;
      std::string path;
      int (*attempt)(const char*);
    };
    std::vector<Case> cases;
    for (const auto& directory : directories) {
      const std::string file = directory / "file", name = directory / "new";
      cases.push_back({FileRight::read_file, file,
                       [](const char* path) { return errno_of(::open(path, O_RDONLY)); }});
      cases.push_back({FileRight::write_file, file,
                       [](const char* path) { return errno_of(::open(path, O_WRONLY)); }});
      cases.push_back({FileRight::read_dir, directory, [](const char* path) {
                         return errno_of(::open(path, O_RDONLY | O_DIRECTORY));
                       }});
      cases.push_back({FileRight::make_dir, directory, [](const char* path) {
                         return ::mkdir((path + "/d"s).c_str(), 0700) == 0 ? 0 : errno;
                       }});
      cases.push_back({FileRight::make_fifo, directory, [](const char* path) {
                         return ::mkfifo((path + "/f"s).c_str(), 0600) == 0 ? 0 : errno;
                       }});
      cases.push_back({FileRight::make_sym, directory, [](const char* path) {
                         return ::symlink("x", (path + "/s"s).c_str()) == 0 ? 0 : errno;
                       }});
      cases.push_back({FileRight::remove_file, directory, [](const char* path) {
                         return ::unlink((path + "/file"s).c_str()) == 0 ? 0 : errno;
                       }});
    }
    std::vector<bool> told;
    for (const Case& each : cases)
      told.push_back(must(explain(ruleset, each.path, each.rights)).denied.empty());
    ASSERT_TRUE(ruleset.restrict_self());
    for (std::size_t i = 0; i < cases.size(); ++i) {
      EXPECT_EQ(cases[i].attempt(cases[i].path.c_str()), told[i] ? 0 : EACCES)
          << Rights{.files = cases[i].rights}.text() << " of " << cases[i].path;
    }
  });
}

TEST(RestrictSelf, ConcernsTheCallingThreadOnly) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  std::thread([] {
    Ruleset ruleset = must(Ruleset::create(basic));
    ASSERT_TRUE(ruleset.restrict_self());
    EXPECT_EQ(errno_of_opening("/", O_RDONLY), EACCES);
  }).join();
  EXPECT_EQ(errno_of_opening("/", O_RDONLY), 0);
}

TEST(RestrictSelf, MayBeDoneSixteenTimes) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  std::thread([] {
    Ruleset ruleset = must(Ruleset::create({.files = FileRight::make_block}));
    for (int i = 0; i < 16; ++i)
      ASSERT_TRUE(ruleset.restrict_self()) << i;
    const auto more = ruleset.restrict_self();
    ASSERT_FALSE(more.has_value());
    EXPECT_EQ(more.error().step, LandlockStep::restrict);
    EXPECT_EQ(more.error().code.value(), E2BIG);
    EXPECT_EQ(more.error().describe(),
              "Landlock restriction: the thread is restricted 16 times already");
  }).join();
}

TEST(RestrictSelf, NeedsNoNewPrivilegesOrACapability) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  SYSFD_REQUIRE_ROOT();
  std::thread([] {
    Ruleset ruleset = must(Ruleset::create(basic));
    ASSERT_TRUE(ruleset.restrict_self({.no_new_privileges = false}));  // root
    EXPECT_EQ(::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
    ASSERT_EQ(::syscall(SYS_setresuid, 65534, 65534, 65534), 0);
    const auto refused = ruleset.restrict_self({.no_new_privileges = false});
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code.value(), EPERM);
    EXPECT_EQ(refused.error().describe(),
              "Landlock restriction: needs no-new-privileges or CAP_SYS_ADMIN");
    EXPECT_TRUE(ruleset.restrict_self());
  }).join();
}

TEST(RestrictSelf, LogsAfterExecWhereTheKernelCan) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  std::thread([] {
    Ruleset ruleset = must(Ruleset::create(basic));
    EXPECT_TRUE(ruleset.restrict_self({.log_after_exec = true}));
    EXPECT_EQ(errno_of_opening("/", O_RDONLY), EACCES);
  }).join();
}

TEST(RestrictSelf, ThatIsRefusedIsAnError) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  run_apart([] {
    Ruleset ruleset = must(Ruleset::create(basic));
    refuse_calls({{SYS_landlock_restrict_self, EPERM}});
    EXPECT_FALSE(ruleset.restrict_self().has_value());
    EXPECT_EQ(errno_of_opening("/", O_RDONLY), 0);
  });
}

// A TCP socket of the loopback, and what has become of it.
struct TcpSocket {
  OwnedFd fd = OwnedFd::adopt(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));

  int bind_to(std::uint16_t port) const { return error_of(::bind, port); }
  int connect_to(std::uint16_t port) const { return error_of(::connect, port); }
  std::uint16_t port() const {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
  }

 private:
  template <class Call>
  int error_of(Call call, std::uint16_t port) const {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return call(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
  }
};

TEST(RestrictSelf, ForbidsPorts) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const Rights tcp{.ports = PortRight::bind_tcp | PortRight::connect_tcp};
  if (!must(landlock_support()).known.ports.contains(tcp.ports))
    GTEST_SKIP() << "needs Linux 6.7, which has rights to ports";
  const TcpSocket allowed, other;
  for (const TcpSocket* listener : {&allowed, &other}) {
    ASSERT_EQ(listener->bind_to(0), 0);
    ASSERT_EQ(::listen(listener->fd.get(), 1), 0);
  }
  const auto free_port = [] {
    const TcpSocket closed;
    return closed.bind_to(0) == 0 ? closed.port() : std::uint16_t{0};
  }();
  ASSERT_NE(free_port, 0);
  std::thread([&] {
    Ruleset ruleset = must(Ruleset::create(tcp));
    ASSERT_TRUE(ruleset.allow_port(allowed.port(), PortRight::connect_tcp));
    ASSERT_TRUE(ruleset.allow_port(free_port, PortRight::bind_tcp));
    ASSERT_TRUE(ruleset.restrict_self());
    EXPECT_EQ(TcpSocket().connect_to(allowed.port()), 0);
    EXPECT_EQ(TcpSocket().connect_to(other.port()), EACCES);
    EXPECT_EQ(TcpSocket().connect_to(free_port), EACCES);
    EXPECT_EQ(TcpSocket().bind_to(free_port), 0);
    EXPECT_EQ(TcpSocket().bind_to(allowed.port()), EACCES);
    EXPECT_EQ(TcpSocket().bind_to(0), EACCES);
  }).join();
}

// The kernel chooses one of all.
TEST(RestrictSelf, CanAllowAnyFreePort) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const Rights tcp{.ports = PortRight::bind_tcp};
  if (!must(landlock_support()).known.ports.contains(tcp.ports))
    GTEST_SKIP() << "needs Linux 6.7, which has rights to ports";
  std::thread([tcp] {
    Ruleset ruleset = must(Ruleset::create(tcp));
    ASSERT_TRUE(ruleset.allow_port(0, PortRight::bind_tcp));
    ASSERT_TRUE(ruleset.restrict_self());
    const TcpSocket chosen;
    EXPECT_EQ(chosen.bind_to(0), 0);
    EXPECT_EQ(TcpSocket().bind_to(static_cast<std::uint16_t>(chosen.port() ^ 1)), EACCES);
  }).join();
}

}  // namespace
}  // namespace sysfd_test
