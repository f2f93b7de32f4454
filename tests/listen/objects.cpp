// SPDX-License-Identifier: MIT
#include "listen/objects.hpp"

#include <fcntl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

namespace sysfd_test {

namespace {

void check(int answer, const char* what) {
  if (answer != -1) return;
  std::perror(what);
  std::abort();
}

OwnedFd socket_of(int family, int type) {
  return must(OwnedFd::from_syscall(::socket(family, type | SOCK_CLOEXEC, 0)));
}

sockaddr_storage address_of(BorrowedFd socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  check(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  return address;
}

socklen_t size_of(const sockaddr_storage& address) {
  return address.ss_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
}

void add_sockets(std::vector<Object>& objects, const std::filesystem::path& directory) {
  const auto add = [&](const std::string& what, OwnedFd fd, std::set<std::string_view> types) {
    types.insert({"any", "socket"});
    objects.push_back({what, std::move(fd), std::move(types)});
  };
  for (const int family : {AF_INET, AF_INET6}) {
    const std::string suffix = family == AF_INET ? " of IPv4" : " of IPv6";
    auto bound = loopback_socket(family, SOCK_STREAM);
    if (!bound) continue;
    OwnedFd listener = listening(*std::move(bound));
    OwnedFd client = connected(family, SOCK_STREAM, listener);
    OwnedFd server =
        must(OwnedFd::from_syscall(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)));
    add("TCP listener" + suffix, std::move(listener), {"stream_listener"});
    add("TCP client" + suffix, std::move(client), {"stream"});
    add("TCP server" + suffix, std::move(server), {"stream"});
    add("TCP socket" + suffix, socket_of(family, SOCK_STREAM), {"stream"});
    add("bound TCP socket" + suffix, *loopback_socket(family, SOCK_STREAM), {"stream"});
    add("UDP socket" + suffix, socket_of(family, SOCK_DGRAM), {"datagram"});
    add("bound UDP socket" + suffix, *loopback_socket(family, SOCK_DGRAM), {"datagram"});
  }
  for (const auto& [type, name, types] :
       {std::tuple{SOCK_STREAM, "stream", std::set<std::string_view>{"stream"}},
        std::tuple{SOCK_SEQPACKET, "seqpacket", std::set<std::string_view>{"seqpacket"}},
        std::tuple{SOCK_DGRAM, "datagram", std::set<std::string_view>{"datagram"}}}) {
    const std::string suffix = std::string(" of AF_UNIX, ") + name;
    const std::string path = directory / name;
    const std::string abstract = '\0' + path;
    add("path" + suffix, unix_socket(type, path), types);
    add("abstract name" + suffix, unix_socket(type, abstract), types);
    add("no name" + suffix, socket_of(AF_UNIX, type), types);
    auto pair = must(socket_pair(type));
    add("first of a pair" + suffix, std::move(pair.first), types);
    add("second of a pair" + suffix, std::move(pair.second), types);
    if (type == SOCK_DGRAM) continue;
    const std::set<std::string_view> listens{type == SOCK_STREAM ? "stream_listener"
                                                                 : "seqpacket_listener"};
    add("listener at a path" + suffix, listening(unix_socket(type, path + "-listener")), listens);
    add("listener with an abstract name" + suffix,
        listening(unix_socket(type, abstract + "-listener")), listens);
  }
  add("netlink", socket_of(AF_NETLINK, SOCK_RAW), {});
}

}  // namespace

std::span<const NamedType> all_types() {
  static const NamedType types[] = {
      {"any", FdType::any()},
      {"socket", FdType::socket()},
      {"stream_listener", FdType::stream_listener()},
      {"stream", FdType::stream()},
      {"seqpacket_listener", FdType::seqpacket_listener()},
      {"seqpacket", FdType::seqpacket()},
      {"datagram", FdType::datagram()},
      {"fifo", FdType::fifo()},
      {"special_file", FdType::special_file()},
      {"message_queue", FdType::message_queue()},
  };
  return types;
}

OwnedFd unix_socket(int type, std::string_view address) {
  OwnedFd socket = socket_of(AF_UNIX, type);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (address.size() > sizeof name.sun_path) std::abort();
  address.copy(name.sun_path, address.size());
  check(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&name),
               static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size())),
        "bind");
  return socket;
}

std::optional<OwnedFd> loopback_socket(int family, int type) {
  auto socket = OwnedFd::from_syscall(::socket(family, type | SOCK_CLOEXEC, 0));
  if (!socket) return std::nullopt;
  sockaddr_storage address{};
  address.ss_family = static_cast<sa_family_t>(family);
  if (family == AF_INET)
    reinterpret_cast<sockaddr_in&>(address).sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  else
    reinterpret_cast<sockaddr_in6&>(address).sin6_addr = in6addr_loopback;
  if (::bind(socket->get(), reinterpret_cast<const sockaddr*>(&address), size_of(address)) == -1) {
    if (errno == EADDRNOTAVAIL) return std::nullopt;  // IPv6 is disabled
    check(-1, "bind");
  }
  return *std::move(socket);
}

OwnedFd listening(OwnedFd socket) {
  check(::listen(socket.get(), 10), "listen");
  return socket;
}

OwnedFd connected(int family, int type, BorrowedFd listener) {
  OwnedFd socket = socket_of(family, type);
  const sockaddr_storage address = address_of(listener);
  const socklen_t size =
      family == AF_UNIX ? static_cast<socklen_t>(sizeof(sockaddr_un)) : size_of(address);
  check(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), size), "connect");
  return socket;
}

std::uint16_t port_of(BorrowedFd socket) {
  const sockaddr_storage address = address_of(socket);
  return ntohs(address.ss_family == AF_INET
                   ? reinterpret_cast<const sockaddr_in&>(address).sin_port
                   : reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
}

std::optional<OwnedFd> message_queue(const std::string& name) {
  const mqd_t queue = ::mq_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600, nullptr);
  if (queue == -1 && errno == ENOSYS) return std::nullopt;
  check(queue, "mq_open");
  return OwnedFd::adopt(queue);
}

std::vector<Object> all_objects(const std::filesystem::path& directory) {
  std::vector<Object> objects;
  add_sockets(objects, directory);
  const auto add = [&](const std::string& what, OwnedFd fd, std::set<std::string_view> types) {
    types.insert("any");
    objects.push_back({what, std::move(fd), std::move(types)});
  };
  const auto open = [](const std::string& path, int flags) {
    return must(sysfd::open(cwd(), path, flags, 0600));
  };
  const std::string fifo = directory / "fifo";
  check(::mkfifo(fifo.c_str(), 0600), "mkfifo");
  add("FIFO", open(fifo, O_RDWR), {"fifo"});
  add("FIFO that is only named", open(fifo, O_PATH), {"fifo"});
  auto ends = must(sysfd::pipe());
  add("pipe to read", std::move(ends.read), {"fifo"});
  add("pipe to write", std::move(ends.write), {"fifo"});
  add("/dev/null", open("/dev/null", O_RDWR), {"special_file"});
  add("regular file", open(directory / "file", O_CREAT | O_RDWR), {"special_file"});
  add("file of /proc", open("/proc/self/status", O_RDONLY), {"special_file"});
  add("memfd", must(memfd("x")), {"special_file"});
  add("directory", open(directory, O_RDONLY | O_DIRECTORY), {});
  add("eventfd", must(event_fd()), {});
  add("epoll", must(OwnedFd::from_syscall(::epoll_create1(EPOLL_CLOEXEC))), {});
  // The file of a bound socket is not a socket to send through, but looks like one.
  (void)unix_socket(SOCK_STREAM, std::string(directory / "named"));
  add("socket that is only named", open(directory / "named", O_PATH), {"socket"});
  const std::string name = "/sysfd-" + directory.filename().string();
  if (auto queue = message_queue(name)) {
    ::mq_unlink(name.c_str());
    add("message queue", *std::move(queue), {"special_file", "message_queue"});
  }
  return objects;
}

}  // namespace sysfd_test
