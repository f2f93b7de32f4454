// SPDX-License-Identifier: MIT
//
// Tests what a restricted thread can do, and that what explain() tells is what the kernel does.
#include <sysfd/landlock.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "landlock/attempts.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

const Rights basic = rights::of_abi(1);

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
  return errno_of(::mknod(path.c_str(), type | 0600, device));
}

// FIONREAD of a device like /dev/null, which needs the right; the device does not know it.
int errno_of_asking(const std::filesystem::path& device) {
  const auto opened = open(cwd(), device, O_RDONLY);
  if (!opened) return opened.error().value();
  int count = 0;
  const int error = errno_of(::ioctl(opened->get(), FIONREAD, &count));
  return error == ENOTTY ? 0 : error;
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  return address;
}

template <class Call>
int errno_of_naming(Call call, const OwnedFd& socket, const std::string& path) {
  const sockaddr_un address = address_of(path);
  return errno_of(call(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
}

OwnedFd unix_socket() {
  return OwnedFd::adopt(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

// What rights allow is tried in a directory with a "file", a directory "empty", a device "zero"
// and a socket "listener".
struct Attempt {
  FileRights rights;
  const char* below;  // what explain() is asked about
  int (*run)(const std::string& directory);
};
constexpr Attempt attempts[] = {
    {FileRight::read_file, "/file",
     [](const std::string& in) { return errno_of_opening(in + "/file", O_RDONLY); }},
    {FileRight::write_file, "/file",
     [](const std::string& in) { return errno_of_opening(in + "/file", O_WRONLY); }},
    {FileRight::truncate, "/file",
     [](const std::string& in) { return errno_of(::truncate((in + "/file").c_str(), 1)); }},
    {FileRight::execute, "/file",
     [](const std::string& in) {
       char* none[] = {nullptr};
       ::execve((in + "/file").c_str(), none, none);
       return errno == ENOEXEC ? 0 : errno;  // it is no program, which is found later
     }},
    {FileRight::read_dir, "",
     [](const std::string& in) { return errno_of_opening(in, O_RDONLY | O_DIRECTORY); }},
    {FileRight::remove_dir, "",
     [](const std::string& in) { return errno_of(::rmdir((in + "/empty").c_str())); }},
    {FileRight::make_dir, "",
     [](const std::string& in) { return errno_of(::mkdir((in + "/d").c_str(), 0700)); }},
    {FileRight::make_sym, "",
     [](const std::string& in) { return errno_of(::symlink("x", (in + "/s").c_str())); }},
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
    {FileRight::read_file | FileRight::ioctl_dev, "/zero",
     [](const std::string& in) { return errno_of_asking(in + "/zero"); }},
    {FileRight::resolve_unix, "/listener",
     [](const std::string& in) {
       return errno_of_naming(::connect, unix_socket(), in + "/listener");
     }},
    {FileRight::remove_file, "",
     [](const std::string& in) { return errno_of(::unlink((in + "/file").c_str())); }},
};

TEST(RestrictSelf, DoesWhatExplainTells) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  SYSFD_REQUIRE_ROOT();  // devices are made
  const ScratchDirectory scratch;
  const Rights handled{.files = must(landlock_support()).known.files};
  const std::vector<std::string> directories = {scratch.path() / "none", scratch.path() / "read",
                                                scratch.path() / "all",
                                                scratch.path() / "read/write"};
  std::vector<OwnedFd> listeners;
  for (const auto& directory : directories) {
    std::filesystem::create_directories(directory + "/empty");
    std::ofstream(directory + "/file") << "text";
    ASSERT_EQ(::chmod((directory + "/file").c_str(), 0700), 0);
    ASSERT_EQ(errno_of_making(directory + "/zero", S_IFCHR, ::makedev(1, 5)), 0);
    listeners.push_back(unix_socket());
    ASSERT_EQ(errno_of_naming(::bind, listeners.back(), directory + "/listener"), 0);
    ASSERT_EQ(::listen(listeners.back().get(), 1), 0);
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
            must(explain(ruleset, directory + each.below, each.rights)).denied.empty());
    }
    ASSERT_TRUE(ruleset.restrict_self());
    for (std::size_t i = 0; i < directories.size(); ++i)
      for (std::size_t k = 0; k < std::size(attempts); ++k)
        EXPECT_EQ(attempts[k].run(directories[i]), told[i][k] ? 0 : EACCES)
            << Rights{.files = attempts[k].rights}.text() << " of " << directories[i];
  });
}

TEST(RestrictSelf, ForbidsWhatOneOfSeveralForbids) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const ScratchDirectory scratch;
  const auto in_first = scratch.path() / "first", in_second = scratch.path() / "second",
             in_both = scratch.path() / "both";
  for (const auto& directory : {in_first, in_second, in_both}) {
    std::filesystem::create_directory(directory);
    std::ofstream(directory / "file") << "text";
  }
  run_apart([&] {
    Ruleset first = must(Ruleset::create({.files = FileRight::read_file | FileRight::write_file}));
    ASSERT_TRUE(first.allow(in_first, FileRight::read_file | FileRight::write_file));
    ASSERT_TRUE(first.allow(in_both, FileRight::read_file | FileRight::write_file));
    Ruleset second = must(Ruleset::create({.files = FileRight::read_file | FileRight::make_dir}));
    ASSERT_TRUE(second.allow(in_second, FileRight::read_file | FileRight::make_dir));
    ASSERT_TRUE(second.allow(in_both, FileRight::read_file));
    ASSERT_TRUE(first.restrict_self());
    ASSERT_TRUE(second.restrict_self());

    EXPECT_EQ(errno_of_opening(in_first / "file", O_RDONLY), EACCES);
    EXPECT_EQ(errno_of_opening(in_first / "file", O_WRONLY), 0) << "only the first one handles it";
    EXPECT_EQ(errno_of_opening(in_second / "file", O_RDONLY), EACCES);
    EXPECT_EQ(errno_of_opening(in_second / "file", O_WRONLY), EACCES);
    EXPECT_EQ(errno_of(::mkdir((in_second / "d").c_str(), 0700)), 0);
    EXPECT_EQ(errno_of_opening(in_both / "file", O_RDWR), 0);
    EXPECT_EQ(errno_of(::mkdir((in_both / "d").c_str(), 0700)), EACCES);

    // Nothing is given back by one that allows more.
    Ruleset third = must(Ruleset::create({.files = FileRight::read_file}));
    ASSERT_TRUE(third.allow("/", FileRight::read_file));
    ASSERT_TRUE(third.restrict_self());
    EXPECT_EQ(errno_of_opening(in_first / "file", O_RDONLY), EACCES);
    EXPECT_EQ(errno_of_opening(in_both / "file", O_RDONLY), 0);
  });
}

TEST(RestrictSelf, LeavesAloneWhatIsNotHandled) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const ScratchDirectory scratch;
  const std::string file = scratch.path() / "file", directory = scratch.path() / "directory";
  std::ofstream(file) << "text";
  run_apart([&] {
    Ruleset ruleset = must(Ruleset::create({.files = FileRight::make_dir}));
    const FileRights others = rights::read_write - FileRight::make_dir - FileRight::refer;
    EXPECT_TRUE(must(explain(ruleset, scratch.path(), others)).denied.empty());
    ASSERT_TRUE(ruleset.restrict_self());
    EXPECT_EQ(errno_of_opening(file, O_RDWR | O_TRUNC), 0);
    EXPECT_EQ(errno_of_opening(scratch.path(), O_RDONLY | O_DIRECTORY), 0);
    EXPECT_EQ(errno_of_opening(scratch.path() / "new", O_CREAT | O_WRONLY), 0);
    EXPECT_EQ(errno_of(::symlink("x", (scratch.path() / "link").c_str())), 0);
    EXPECT_EQ(errno_of(::unlink(file.c_str())), 0);
    EXPECT_EQ(errno_of(::mkdir(directory.c_str(), 0700)), EACCES);
  });
}

// The right goes with a descriptor from where it was opened.
TEST(RestrictSelf, ForbidsToTruncateWhatIsOpenedAfterwards) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const Rights handled{.files = FileRight::write_file | FileRight::truncate};
  SYSFD_REQUIRE_RIGHTS(handled, "6.2");
  const ScratchDirectory scratch;
  const std::string whole = scratch.path() / "whole", cut = scratch.path() / "cut";
  for (const std::string& name : {whole, cut})
    std::ofstream(name) << "text";
  run_apart([&] {
    Ruleset ruleset = must(Ruleset::create(handled));
    ASSERT_TRUE(ruleset.allow(whole, FileRight::write_file));
    ASSERT_TRUE(ruleset.allow(cut, FileRight::write_file | FileRight::truncate));
    const OwnedFd before = must(open(cwd(), whole, O_WRONLY));
    ASSERT_TRUE(ruleset.restrict_self());
    EXPECT_EQ(errno_of(::ftruncate(before.get(), 1)), 0);
    const OwnedFd after = must(open(cwd(), whole, O_WRONLY));
    EXPECT_EQ(errno_of(::ftruncate(after.get(), 1)), EACCES);
    EXPECT_EQ(errno_of(::truncate(whole.c_str(), 1)), EACCES);
    EXPECT_EQ(errno_of_opening(whole, O_WRONLY | O_TRUNC), EACCES);
    EXPECT_EQ(errno_of(::ftruncate(must(open(cwd(), cut, O_WRONLY)).get(), 1)), 0);
    EXPECT_EQ(errno_of_opening(cut, O_WRONLY | O_TRUNC), 0);
    EXPECT_EQ(errno_of(::ftruncate(some_file().get(), 1)), 0) << "it has no path";
  });
}

TEST(RestrictSelf, ForbidsIoctlsOfDevicesThatAreOpenedAfterwards) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const Rights handled{.files = FileRight::ioctl_dev};
  SYSFD_REQUIRE_RIGHTS(handled, "6.10");
  const ScratchDirectory scratch;
  const std::string fifo = scratch.path() / "fifo";
  ASSERT_EQ(errno_of_making(fifo, S_IFIFO), 0);
  run_apart([&] {
    Ruleset ruleset = must(Ruleset::create(handled));
    ASSERT_TRUE(ruleset.allow("/dev/zero", FileRight::ioctl_dev));
    const OwnedFd before = must(open(cwd(), "/dev/null", O_RDONLY));
    ASSERT_TRUE(ruleset.restrict_self());
    EXPECT_EQ(errno_of_asking("/dev/zero"), 0);
    EXPECT_EQ(errno_of_asking("/dev/null"), EACCES);
    int count = 0;
    EXPECT_EQ(errno_of(::ioctl(before.get(), FIONREAD, &count)), ENOTTY) << "was open before";
    const OwnedFd after = must(open(cwd(), "/dev/null", O_RDONLY));
    int on = 1;
    EXPECT_EQ(errno_of(::ioctl(after.get(), FIOCLEX)), 0) << "has nothing to do with the device";
    EXPECT_EQ(errno_of(::ioctl(after.get(), FIONBIO, &on)), 0);
    const OwnedFd other = must(open(cwd(), fifo, O_RDWR));
    EXPECT_EQ(errno_of(::ioctl(other.get(), FIONREAD, &count)), 0) << "is no device";
  });
}

int errno_of_exchanging(const std::filesystem::path& one, const std::filesystem::path& other) {
  return errno_of(::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE));
}

struct Tree {
  Tree() {
    for (const char* name : {"one", "other", "fixed", "executable", "full"})
      std::filesystem::create_directories(path(name) / "directory");
    for (const char* name : {"one", "executable"})
      for (const char* file : {"file", "file2"})
        std::ofstream(path(name) / file) << "text";
  }
  std::filesystem::path path(const char* name) const { return scratch.path() / name; }
  int rename(const char* from, const char* to) const {
    return errno_of(::rename(path(from).c_str(), path(to).c_str()));
  }
  int link(const char* from, const char* to) const {
    return errno_of(::link(path(from).c_str(), path(to).c_str()));
  }
  ScratchDirectory scratch;
};

TEST(RestrictSelf, LetsAFileGoWhereItGainsNoRights) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const Rights handled{.files = rights::of_abi(2).files};
  SYSFD_REQUIRE_RIGHTS(handled, "5.19");
  const Tree tree;
  run_apart([&] {
    Ruleset ruleset = must(Ruleset::create(handled));
    const FileRights basic_rights = rights::read_write & handled.files;
    ASSERT_TRUE(ruleset.allow(tree.path("one"), basic_rights));
    ASSERT_TRUE(ruleset.allow(tree.path("other"), basic_rights));
    ASSERT_TRUE(ruleset.allow(tree.path("fixed"), basic_rights - FileRight::refer));
    ASSERT_TRUE(ruleset.allow(tree.path("executable"), basic_rights | FileRight::execute));
    ASSERT_TRUE(ruleset.allow(tree.path("full"), basic_rights - FileRight::make_reg));
    ASSERT_TRUE(ruleset.restrict_self());

    EXPECT_EQ(tree.rename("one/file", "one/renamed"), 0);
    EXPECT_EQ(tree.rename("one/renamed", "other/file"), 0);
    EXPECT_EQ(tree.link("other/file", "one/file"), 0);
    EXPECT_EQ(tree.rename("one/directory", "other/moved"), 0);
    EXPECT_EQ(tree.rename("one/file", "fixed/file"), EXDEV) << "no right to refer";
    EXPECT_EQ(tree.link("one/file", "fixed/file"), EXDEV);
    EXPECT_EQ(tree.rename("one/file", "executable/gained"), EXDEV) << "could be executed there";
    EXPECT_EQ(tree.link("one/file", "executable/gained"), EXDEV);
    EXPECT_EQ(errno_of_exchanging(tree.path("one/file"), tree.path("executable/file")), EXDEV);
    EXPECT_EQ(tree.rename("executable/file", "one/lost"), 0);
    EXPECT_EQ(tree.link("executable/file2", "one/lost2"), 0);
    EXPECT_EQ(tree.rename("one/file", "full/file"), EACCES) << "no right to make it";
    EXPECT_EQ(tree.rename("one/file", "elsewhere"), EACCES);
    EXPECT_EQ(tree.rename("other/directory", "full/moved"), 0);
  });
}

// As in Linux 5.13, whose Landlock does not know the right.
TEST(RestrictSelf, LetsNoFileChangeItsDirectoryIfReferIsNotHandled) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const Tree tree;
  run_apart([&] {
    Ruleset ruleset = must(Ruleset::create(basic));
    ASSERT_TRUE(ruleset.allow(tree.scratch.path(), basic.files));
    EXPECT_EQ(must(explain(ruleset, tree.path("one/file"), FileRight::refer)).denied,
              FileRight::refer);
    ASSERT_TRUE(ruleset.restrict_self());
    EXPECT_EQ(tree.rename("one/file", "one/renamed"), 0);
    EXPECT_EQ(tree.link("one/renamed", "one/file"), 0);
    EXPECT_EQ(tree.rename("one/file", "other/file"), EXDEV);
    EXPECT_EQ(tree.link("one/file", "other/file"), EXDEV);
    EXPECT_EQ(tree.rename("one/directory", "other/moved"), EXDEV);
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

// As before ABI 7, which knows no flags.
TEST(RestrictSelf, LogsNothingWhereTheKernelCannot) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  run_apart([] {
    Ruleset ruleset = must(Ruleset::create(basic));
    refuse_calls({{SYS_landlock_restrict_self, EINVAL, RefusedCall::Match{1, 2}}});
    EXPECT_TRUE(ruleset.restrict_self({.log_after_exec = true}));
    EXPECT_EQ(errno_of_opening("/", O_RDONLY), EACCES);
  });
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
  SYSFD_REQUIRE_RIGHTS(tcp, "6.7");
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
  SYSFD_REQUIRE_RIGHTS(tcp, "6.7");
  std::thread([tcp] {
    Ruleset ruleset = must(Ruleset::create(tcp));
    ASSERT_TRUE(ruleset.allow_port(0, PortRight::bind_tcp));
    ASSERT_TRUE(ruleset.restrict_self());
    const TcpSocket chosen;
    EXPECT_EQ(chosen.bind_to(0), 0);
    EXPECT_EQ(TcpSocket().bind_to(static_cast<std::uint16_t>(chosen.port() ^ 1)), EACCES);
  }).join();
}

TEST(RestrictSelf, ForbidsFilesAndPortsAtOnce) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const Rights handled{.files = FileRight::read_file, .ports = PortRight::connect_tcp};
  SYSFD_REQUIRE_RIGHTS(handled, "6.7");
  const TcpSocket allowed, other;
  for (const TcpSocket* listener : {&allowed, &other}) {
    ASSERT_EQ(listener->bind_to(0), 0);
    ASSERT_EQ(::listen(listener->fd.get(), 1), 0);
  }
  std::thread([&] {
    Ruleset ruleset = must(Ruleset::create(handled));
    ASSERT_TRUE(ruleset.allow("/dev/zero", FileRight::read_file));
    ASSERT_TRUE(ruleset.allow_port(allowed.port(), PortRight::connect_tcp));
    ASSERT_TRUE(ruleset.restrict_self());
    EXPECT_EQ(errno_of_opening("/dev/zero", O_RDONLY), 0);
    EXPECT_EQ(errno_of_opening("/dev/null", O_RDONLY), EACCES);
    EXPECT_EQ(TcpSocket().connect_to(allowed.port()), 0);
    EXPECT_EQ(TcpSocket().connect_to(other.port()), EACCES);
    EXPECT_EQ(TcpSocket().bind_to(0), 0) << "is not handled";
  }).join();
}

}  // namespace
}  // namespace sysfd_test
