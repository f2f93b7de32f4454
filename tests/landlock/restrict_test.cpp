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
#include <sys/sysmacros.h>
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

int errno_of_making(const std::string& path, mode_t type, dev_t device = 0) {
  return ::mknod(path.c_str(), type | 0600, device) == 0 ? 0 : errno;
}

// What a right allows is tried in a directory with a "file" and a directory "empty".
struct Attempt {
  FileRight right;
  const char* below;  // what explain() is asked about
  int (*run)(const std::string& directory);
};
constexpr Attempt attempts[] = {
    {FileRight::read_file, "/file",
     [](const std::string& in) { return errno_of_opening(in + "/file", O_RDONLY); }},
    {FileRight::write_file, "/file",
     [](const std::string& in) { return errno_of_opening(in + "/file", O_WRONLY); }},
    {FileRight::truncate, "/file",
     [](const std::string& in) { return ::truncate((in + "/file").c_str(), 1) == 0 ? 0 : errno; }},
    {FileRight::execute, "/file",
     [](const std::string& in) {
       char* none[] = {nullptr};
       ::execve((in + "/file").c_str(), none, none);
       return errno == ENOEXEC ? 0 : errno;  // it is no program, which is found later
     }},
    {FileRight::read_dir, "",
     [](const std::string& in) { return errno_of_opening(in, O_RDONLY | O_DIRECTORY); }},
    {FileRight::remove_dir, "",
     [](const std::string& in) { return ::rmdir((in + "/empty").c_str()) == 0 ? 0 : errno; }},
    {FileRight::make_dir, "",
     [](const std::string& in) { return ::mkdir((in + "/d").c_str(), 0700) == 0 ? 0 : errno; }},
    {FileRight::make_sym, "",
     [](const std::string& in) { return ::symlink("x", (in + "/s").c_str()) == 0 ? 0 : errno; }},
    {FileRight::make_reg, "",
     [](const std::string& in) { return errno_of_making(in + "/regular", S_IFREG); }},
    {FileRight::make_fifo, "",
     [](const std::string& in) { return errno_of_making(in + "/fifo", S_IFIFO); }},
    {FileRight::make_sock, "",
     [](const std::string& in) { return errno_of_making(in + "/socket", S_IFSOCK); }},
    {FileRight::make_char, "",
     [](const std::string& in) { return errno_of_making(in + "/c", S_IFCHR, ::makedev(1, 3)); }},
    {FileRight::make_block, "",
     [](const std::string& in) { return errno_of_making(in + "/b", S_IFBLK, ::makedev(7, 0)); }},
    {FileRight::remove_file, "",
     [](const std::string& in) { return ::unlink((in + "/file").c_str()) == 0 ? 0 : errno; }},
};

TEST(RestrictSelf, DoesWhatExplainTells) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  SYSFD_REQUIRE_ROOT();  // devices are made
  const ScratchDirectory scratch;
  const Rights handled{.files = must(landlock_support()).known.files & rights::of_abi(3).files};
  const std::vector<std::string> directories = {scratch.path() / "none", scratch.path() / "read",
                                                scratch.path() / "all",
                                                scratch.path() / "read/write"};
  for (const auto& directory : directories) {
    std::filesystem::create_directories(directory + "/empty");
    std::ofstream(directory + "/file") << "text";
    ASSERT_EQ(::chmod((directory + "/file").c_str(), 0700), 0);
  }
  run_apart([&] {
    Ruleset ruleset = must(Ruleset::create(handled));
    ASSERT_TRUE(ruleset.allow(directories[1], rights::read));
    ASSERT_TRUE(ruleset.allow(directories[2], handled.files));
    ASSERT_TRUE(ruleset.allow(directories[3], FileRight::write_file | FileRight::make_fifo));
    std::vector<std::vector<bool>> told;
    for (const std::string& directory : directories) {
      auto& of_directory = told.emplace_back();
      for (const Attempt& each : attempts)
        of_directory.push_back(
            !handled.files.contains(each.right) ||
            must(explain(ruleset, directory + each.below, each.right)).denied.empty());
    }
    ASSERT_TRUE(ruleset.restrict_self());
    for (std::size_t i = 0; i < directories.size(); ++i)
      for (std::size_t k = 0; k < std::size(attempts); ++k)
        EXPECT_EQ(attempts[k].run(directories[i]), told[i][k] ? 0 : EACCES)
            << Rights{.files = attempts[k].right}.text() << " of " << directories[i];
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
