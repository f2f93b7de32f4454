// SPDX-License-Identifier: MIT
//
// Tests the addresses that NOTIFY_SOCKET may contain.
#include "notify_address.hpp"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>

#include <sysfd/notify.hpp>
#include <sysfd/pidfd.hpp>

#include "support/prelude.hpp"

#include "listen/manager.hpp"
#include "listen/objects.hpp"
#include "support/refuse_calls.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

using detail::parse_notify_address;

TEST(NotifyAddress, MayBeAnAbstractName) {
  const ScratchDirectory directory;  // nobody else has its name
  const std::string name = directory.path();
  for (const std::string& each : {name, name + std::string(107 - name.size(), 'x')}) {
    const auto manager = unix_socket(SOCK_DGRAM, '\0' + each);
    ASSERT_TRUE(notify('@' + each, {.ready = true}));
    EXPECT_EQ(receive_from(manager).text, "READY=1\n");
  }
}

TEST(NotifyAddress, MayBeAPathAsLongAsAddressesAre) {
  const ScratchDirectory directory;
  std::string path = directory.path() / "";
  path.append(107 - path.size(), 'x');
  const auto manager = unix_socket(SOCK_DGRAM, path);
  ASSERT_TRUE(notify(path, {.ready = true}));
  EXPECT_EQ(receive_from(manager).text, "READY=1\n");
}

// Returns a string of this size: the first character, then x.
std::string filled(char first, std::size_t size) {
  std::string text(size, 'x');
  text.front() = first;
  return text;
}

TEST(NotifyAddress, IsRefusedIfItIsNone) {
  for (const std::string& address : {""s,
                                     "@"s,
                                     "/"s,
                                     "relative"s,
                                     "./relative"s,
                                     " /run/x"s,
                                     "run/x"s,
                                     "~"s,
                                     filled('/', 108),
                                     filled('@', 109),
                                     filled('@', 5001),
                                     "/a\0b"s,
                                     "@a\0b"s,
                                     "unix:/run/x"s,
                                     "tcp:1"s,
                                     "vsock"s,
                                     "vsock:"s,
                                     "vsock:2"s,
                                     "vsock:2:"s,
                                     "vsock::3"s,
                                     "vsock:2:3:4"s,
                                     "vsock:2:3 "s,
                                     "vsock: 2:3"s,
                                     "vsock:+2:3"s,
                                     "vsock:-1:3"s,
                                     "vsock:2:-1"s,
                                     "vsock:0x2:3"s,
                                     "vsock:4294967295:3"s,
                                     "vsock:2:4294967295"s,
                                     "vsock:4294967296:3"s,
                                     "vsock:2:4294967296"s,
                                     "vsock:a:3"s,
                                     "vsock-stream"s,
                                     "vsock-stream:2"s,
                                     "vsock-raw:2:3"s,
                                     "VSOCK:2:3"s}) {
    EXPECT_EQ(error_of(parse_notify_address(address)), std::errc::invalid_argument) << address;
    EXPECT_EQ(error_of(notify(address, {.ready = true})), std::errc::invalid_argument) << address;
    EXPECT_EQ(error_of(notify_barrier(address, 30s)), std::errc::invalid_argument) << address;
  }
  EXPECT_EQ(error_of(notify(static_cast<const char*>(nullptr), {.ready = true})),
            std::errc::invalid_argument);
}

TEST(NotifyAddress, OfAPathIsThatPath) {
  const auto address = must(parse_notify_address("/run/x"));
  EXPECT_EQ(address.type, SOCK_DGRAM);
  EXPECT_FALSE(address.is_vsock());
  sockaddr_un name{};
  std::memcpy(&name, &address.address, sizeof name);
  EXPECT_EQ(name.sun_family, AF_UNIX);
  EXPECT_STREQ(name.sun_path, "/run/x");
  EXPECT_EQ(address.size, offsetof(sockaddr_un, sun_path) + sizeof "/run/x");
}

TEST(NotifyAddress, OfAVirtualMachineIsTheNumbersAndTheType) {
  const std::pair<std::string_view, int> forms[] = {{"vsock", 0},
                                                    {"vsock-stream", SOCK_STREAM},
                                                    {"vsock-dgram", SOCK_DGRAM},
                                                    {"vsock-seqpacket", SOCK_SEQPACKET}};
  for (const auto& [prefix, type] : forms) {
    const auto address = must(parse_notify_address(std::string(prefix) + ":2:4294967294"));
    EXPECT_EQ(address.type, type);
    EXPECT_TRUE(address.is_vsock());
    // Has the layout of linux/vm_sockets.h.
    struct {
      sa_family_t family;
      std::uint16_t reserved;
      std::uint32_t port;
      std::uint32_t context;
      std::array<unsigned char, 4> rest;
    } name{};
    static_assert(sizeof name == 16);
    EXPECT_EQ(address.size, sizeof name);
    std::memcpy(&name, &address.address, sizeof name);
    EXPECT_EQ(name.family, AF_VSOCK);
    EXPECT_EQ(name.reserved, 0);
    EXPECT_EQ(name.port, 4294967294U);
    EXPECT_EQ(name.context, 2U);
    EXPECT_EQ(name.rest, (std::array<unsigned char, 4>{}));
  }
  EXPECT_TRUE(parse_notify_address("vsock:0:0"));
}

TEST(NotifyVirtualMachine, TakesNoDescriptors) {
  const OwnedFd file = some_file();
  const BorrowedFd kept[] = {file};
  for (const char* address : {"vsock:2:3", "vsock-stream:2:3"}) {
    EXPECT_EQ(error_of(notify(address, {.store = kept})), std::errc::operation_not_supported);
    EXPECT_EQ(error_of(notify_barrier(address, 30s)), std::errc::operation_not_supported);
  }
}

TEST(NotifyVirtualMachine, IsSentTheNumberOfTheMainProcessAlone) {
  const auto self = must(PidFd::self());
  EXPECT_NE(error_of(notify("vsock-stream:2:3", {.main_process = &self})),
            std::errc::operation_not_supported)
      << "a pidfd cannot be sent there";
}

// Which types of sockets there are depends on the transport: one after the other is tried.
TEST(NotifyVirtualMachine, IsTriedWithEachTypeOfSocket) {
  for (const int error : {ENODEV, ENOTSUP, EPROTONOSUPPORT, ESOCKTNOSUPPORT, EAFNOSUPPORT})
    run_apart([error] {
      refuse_calls({{SYS_socket, error, RefusedCall::Match{0, AF_VSOCK}}});
      EXPECT_EQ(error_of(notify("vsock:2:3", {.ready = true})).value(), error);
    });
  run_apart([] {
    const auto of_type = [](int type) {
      return RefusedCall::Match{1, static_cast<std::uint32_t>(type | SOCK_CLOEXEC | SOCK_NONBLOCK)};
    };
    refuse_calls({{SYS_socket, ESOCKTNOSUPPORT, of_type(SOCK_DGRAM)},
                  {SYS_socket, ESOCKTNOSUPPORT, of_type(SOCK_SEQPACKET)},
                  {SYS_socket, ENOTNAM, of_type(SOCK_STREAM)}});
    EXPECT_EQ(error_of(notify("vsock:2:3", {.ready = true})).value(), ENOTNAM);
  });
}

TEST(NotifyVirtualMachine, IsReachedFromAnyPortWithoutThePrivilege) {
  SYSFD_REQUIRE_ROOT();
  run_apart([] {
    ASSERT_EQ(::setresuid(65534, 65534, 65534), 0);
    EXPECT_NE(error_of(notify("vsock-stream:2:3", {.ready = true})), std::errc::permission_denied);
  });
}

// Listens with AF_VSOCK on this machine's own loopback (vsock_loopback of the kernel), which few
// machines have.
TEST(NotifyVirtualMachine, IsReachedByItsNumbers) {
  constexpr std::uint32_t local = 1, any = 0xffffffff;
  for (const auto& [type, prefix] :
       {std::pair{SOCK_STREAM, "vsock-stream:"}, std::pair{SOCK_SEQPACKET, "vsock-seqpacket:"}}) {
    auto socket = OwnedFd::from_syscall(::socket(AF_VSOCK, type | SOCK_CLOEXEC, 0));
    if (!socket) GTEST_SKIP() << "needs AF_VSOCK (CONFIG_VSOCKETS)";
    std::array<std::uint32_t, 4> name{AF_VSOCK, any, local, 0};  // any port
    if (::bind(socket->get(), reinterpret_cast<const sockaddr*>(name.data()), sizeof name) != 0)
      GTEST_SKIP() << "needs the loopback of AF_VSOCK (CONFIG_VSOCKETS_LOOPBACK)";
    socklen_t size = sizeof name;
    ASSERT_EQ(::getsockname(socket->get(), reinterpret_cast<sockaddr*>(name.data()), &size), 0);
    const auto listener = listening(*std::move(socket));
    ASSERT_TRUE(
        notify(prefix + std::to_string(local) + ':' + std::to_string(name[1]), {.ready = true}));
    const auto connection =
        must(OwnedFd::from_syscall(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)));
    EXPECT_EQ(receive_from(connection).text, "READY=1\n");
  }
}

}  // namespace
}  // namespace sysfd_test
