// SPDX-License-Identifier: MIT
//
// Tests types that are narrowed to an address or a path.
#include <sysfd/fd_type.hpp>

#include <fcntl.h>
#include <mqueue.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "listen/objects.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

namespace fs = std::filesystem;

constexpr std::uint16_t other(std::uint16_t port) {
  return static_cast<std::uint16_t>(port ^ 1);
}

TEST(SocketOfAnAddress, OfIpIsMatchedByFamilyAndPort) {
  for (const int family : {AF_INET, AF_INET6})
    for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
      const auto socket = loopback_socket(family, type);
      if (!socket) GTEST_SKIP() << "needs the loopback device";
      const FdType base = type == SOCK_STREAM ? FdType::stream() : FdType::datagram();
      const std::uint16_t port = port_of(*socket);
      ASSERT_NE(port, 0);
      const bool is_v4 = family == AF_INET;
      EXPECT_EQ(base.inet().matches(*socket), is_v4);
      EXPECT_EQ(base.inet(port).matches(*socket), is_v4);
      EXPECT_EQ(base.inet6().matches(*socket), !is_v4);
      EXPECT_EQ(base.inet6(port).matches(*socket), !is_v4);
      EXPECT_EQ(base.ip().matches(*socket), true);
      EXPECT_EQ(base.ip(port).matches(*socket), true);
      EXPECT_EQ(FdType::socket().ip(port).matches(*socket), true);
      for (const FdType& wrong :
           {base.ip(other(port)), base.inet(other(port)), base.inet6(other(port)), base.ip(0),
            base.unix_path("/x"), base.unix_abstract("x"), FdType::seqpacket().ip(port),
            FdType::stream_listener().ip(port)})
        EXPECT_EQ(wrong.matches(*socket), false) << wrong.describe();
    }
}

TEST(SocketOfAnAddress, IsMatchedByTheLastOneThatIsSet) {
  const auto socket = loopback_socket(AF_INET, SOCK_DGRAM);
  if (!socket) GTEST_SKIP() << "needs the loopback device";
  const FdType type = FdType::datagram();
  EXPECT_EQ(type.unix_path("/x").inet().matches(*socket), true);
  EXPECT_EQ(type.inet(other(port_of(*socket))).inet().matches(*socket), true);
  EXPECT_EQ(type.inet().inet6().matches(*socket), false);
  EXPECT_EQ(type.matches(*socket), true) << "each is a type of its own";
}

TEST(SocketOfAnAddress, OfAConnectionIsItsOwnEnd) {
  auto bound = loopback_socket(AF_INET, SOCK_STREAM);
  if (!bound) GTEST_SKIP() << "needs the loopback device";
  const OwnedFd listener = listening(*std::move(bound));
  const OwnedFd client = connected(AF_INET, SOCK_STREAM, listener);
  const OwnedFd server =
      must(OwnedFd::from_syscall(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)));
  const FdType type = FdType::stream().inet(port_of(listener));
  EXPECT_EQ(type.matches(server), true);
  EXPECT_EQ(type.matches(client), false);
  EXPECT_EQ(FdType::stream().inet(port_of(client)).matches(client), true);
  EXPECT_EQ(FdType::stream_listener().inet(port_of(listener)).matches(listener), true);
}

TEST(SocketOfAnAddress, ThatIsNotBoundHasPortZero) {
  const OwnedFd socket = must(OwnedFd::from_syscall(::socket(AF_INET, SOCK_STREAM, 0)));
  EXPECT_EQ(FdType::stream().inet(0).matches(socket), true);
  EXPECT_EQ(FdType::stream().inet(1).matches(socket), false);
}

TEST(SocketOfAnAddress, OfAnotherFamilyIsOfNone) {
  const OwnedFd socket = must(OwnedFd::from_syscall(::socket(AF_NETLINK, SOCK_RAW, 0)));
  const FdType type = FdType::socket();
  EXPECT_EQ(type.matches(socket), true);
  for (const FdType& narrow : {type.ip(), type.unix_path("/x"), type.unix_abstract("")})
    EXPECT_EQ(narrow.matches(socket), false);
}

TEST(SocketOfAPath, IsMatchedByThePathThatItWasBoundTo) {
  const ScratchDirectory directory;
  const std::string path = directory.path() / "socket";
  for (const std::string& bound : {path, path + '\0'}) {
    const OwnedFd socket = listening(unix_socket(SOCK_STREAM, bound));
    const FdType type = FdType::stream_listener();
    EXPECT_EQ(type.unix_path(path).matches(socket), true);
    for (const std::string& wrong :
         {path.substr(1), path + "x", path.substr(0, path.size() - 1), path + '/', ""s, "/"s,
          (directory.path() / "." / "socket").string()})
      EXPECT_EQ(type.unix_path(wrong).matches(socket), false) << wrong;
    EXPECT_EQ(type.unix_abstract(path).matches(socket), false);
    EXPECT_EQ(type.unix_abstract(path.substr(1)).matches(socket), false);
    EXPECT_EQ(type.ip().matches(socket), false);
    fs::rename(path, path + "-moved");
    EXPECT_EQ(type.unix_path(path).matches(socket), true)
        << "the file that is there now does not matter";
    fs::remove(path + "-moved");
  }
}

TEST(SocketOfAPath, MayBeRelative) {
  const ScratchDirectory directory;
  run_apart([&] {
    fs::current_path(directory.path());
    const OwnedFd socket = unix_socket(SOCK_DGRAM, "relative");
    EXPECT_EQ(FdType::datagram().unix_path("relative").matches(socket), true);
    EXPECT_EQ(FdType::datagram().unix_path("./relative").matches(socket), false);
    EXPECT_EQ(FdType::datagram().unix_path(directory.path() / "relative").matches(socket), false);
  });
}

TEST(SocketOfAPath, MayBeAsLongAsAddressesAre) {
  const ScratchDirectory directory;
  run_apart([&] {
    fs::current_path(directory.path());
    for (const std::size_t length : {106UZ, 107UZ, 108UZ}) {  // the last leaves no room for a NUL
      const std::string path(length, 'x');
      const OwnedFd socket = unix_socket(SOCK_STREAM, path);
      EXPECT_EQ(FdType::stream().unix_path(path).matches(socket), true) << length;
      EXPECT_EQ(FdType::stream().unix_path(path + 'x').matches(socket), false);
      EXPECT_EQ(FdType::stream().unix_path(path.substr(1)).matches(socket), false);
    }
  });
}

TEST(SocketOfAnAbstractName, IsMatchedByAllOfIt) {
  const ScratchDirectory directory;  // nobody else has its name
  const std::string base = directory.path().filename();
  for (const std::string& name : {base, base + "\0"s, base + "\0\0x"s, "\0"s + base,
                                  base + std::string(107 - base.size(), 'x')}) {
    const OwnedFd socket = unix_socket(SOCK_DGRAM, '\0' + name);
    const FdType type = FdType::datagram();
    EXPECT_EQ(type.unix_abstract(name).matches(socket), true);
    for (const std::string& wrong : {name + "\0"s, name.substr(1), name.substr(0, name.size() - 1),
                                     '@' + name, '\0' + name, ""s})
      EXPECT_EQ(type.unix_abstract(wrong).matches(socket), false);
    EXPECT_EQ(type.unix_path("").matches(socket), false);
  }
}

TEST(SocketWithoutAName, IsAtNoPathAndHasNoAbstractName) {
  const auto pair = must(socket_pair(SOCK_STREAM));
  const FdType type = FdType::stream();
  for (const FdType& narrow :
       {type.unix_path(""), type.unix_path("/"), type.unix_abstract(""), type.ip()})
    EXPECT_EQ(narrow.matches(pair.first), false);
}

TEST(FileAtAPath, IsTheOneThatThePathLeadsTo) {
  const ScratchDirectory directory;
  const fs::path file = directory.path() / "file", fifo = directory.path() / "fifo";
  const OwnedFd opened = must(sysfd::open(cwd(), file, O_CREAT | O_RDWR, 0600));
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  const OwnedFd end = must(sysfd::open(cwd(), fifo, O_RDWR));
  fs::create_symlink("fifo", directory.path() / "link");
  fs::create_hard_link(file, directory.path() / "hard");

  EXPECT_EQ(FdType::special_file().at(file).matches(opened), true);
  EXPECT_EQ(FdType::special_file().at(directory.path() / "hard").matches(opened), true);
  EXPECT_EQ(FdType::fifo().at(fifo).matches(end), true);
  EXPECT_EQ(FdType::fifo().at(directory.path() / "link").matches(end), true);
  for (const fs::path& wrong : {fifo, directory.path(), directory.path() / "absent", file / "below",
                                fs::path("/dev/null"), fs::path("")})
    EXPECT_EQ(FdType::special_file().at(wrong).matches(opened), false) << wrong;
  EXPECT_EQ(FdType::fifo().at(file).matches(end), false);
  EXPECT_EQ(FdType::fifo().at(fifo).matches(opened), false);

  fs::remove(file);
  EXPECT_EQ(FdType::special_file().at(file).matches(opened), false) << "it does not exist any more";
}

TEST(FileAtAPath, MayBeOneThatCannotBeAccessed) {
  const ScratchDirectory directory;
  const OwnedFd null = must(sysfd::open(cwd(), "/dev/null", O_RDWR));
  fs::create_symlink("loop", directory.path() / "loop");
  EXPECT_EQ(error_of(FdType::special_file().at(directory.path() / "loop").matches(null)),
            std::errc::too_many_symbolic_link_levels);
  EXPECT_EQ(error_of(FdType::special_file().at(std::string(300, 'x')).matches(null)),
            std::errc::filename_too_long);
}

TEST(FileAtAPath, OfADeviceIsAnyThatStandsForIt) {
  SYSFD_REQUIRE_ROOT();
  const ScratchDirectory directory;
  const fs::path node = directory.path() / "node", fifo = directory.path() / "block";
  if (::mknod(node.c_str(), S_IFCHR | 0600, ::makedev(1, 3)) != 0)
    GTEST_SKIP() << "needs to be allowed to make device files";
  ASSERT_EQ(::mknod(fifo.c_str(), S_IFBLK | 0600, ::makedev(1, 3)), 0);
  const OwnedFd null = must(sysfd::open(cwd(), "/dev/null", O_RDWR));
  EXPECT_EQ(FdType::special_file().at(node).matches(null), true);
  EXPECT_EQ(FdType::special_file().at("/dev/zero").matches(null), false);
  EXPECT_EQ(FdType::special_file().at(fifo).matches(null), false)
      << "a block device is an exception";
}

TEST(MessageQueueOfAName, IsLookedUpWhereTheyAreMounted) {
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ISOLATION();
  const ScratchDirectory directory;
  const std::string base = '/' + directory.path().filename().string();
  const auto queue = message_queue(base), another = message_queue(base + "-another");
  if (!queue) GTEST_SKIP() << "needs message queues (CONFIG_POSIX_MQUEUE)";
  run_apart([&] {
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::mount("tmpfs", "/dev", "tmpfs", 0, nullptr), 0);
    const FdType type = FdType::message_queue();
    EXPECT_EQ(type.at(base).matches(*queue), false) << "there is no /dev/mqueue";
    ASSERT_EQ(::mkdir("/dev/mqueue", 0700), 0);
    EXPECT_EQ(type.at(base).matches(*queue), false) << "nothing is mounted there";
    ASSERT_EQ(::mount("mqueue", "/dev/mqueue", "mqueue", 0, nullptr), 0);
    EXPECT_EQ(type.at(base).matches(*queue), true);
    EXPECT_EQ(type.at(base).matches(*another), false);
    EXPECT_EQ(type.at("/no-such-queue").matches(*queue), false);
    EXPECT_EQ(type.at('/' + std::string(256, 'x')).matches(*queue), false) << "too long for one";
    EXPECT_EQ(type.matches(*queue), true);
    const OwnedFd root = must(sysfd::open(cwd(), "/dev/mqueue", O_RDONLY | O_DIRECTORY));
    EXPECT_EQ(type.matches(root), false);
    const OwnedFd null = must(memfd("x"));
    EXPECT_EQ(type.at(base).matches(null), false);
    const OwnedFd opened = must(sysfd::open(cwd(), "/dev/mqueue" + base, O_RDONLY));
    EXPECT_EQ(type.at(base).matches(opened), true) << "in whichever way it was opened";
  });
  ::mq_unlink(base.c_str());
  ::mq_unlink((base + "-another").c_str());
}

}  // namespace
}  // namespace sysfd_test
