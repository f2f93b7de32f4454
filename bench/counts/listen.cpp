// SPDX-License-Identifier: MIT
//
// Socket activation, and what is told to a service manager.
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <sysfd/create.hpp>
#include <sysfd/detail/fork_mark.hpp>
#include <sysfd/fd_type.hpp>
#include <sysfd/listen_fds.hpp>
#include <sysfd/notify.hpp>

#include "counts/operation.hpp"

namespace sysfd_bench {
namespace {

using sysfd::FdType;
using sysfd::ListenFds;

std::array<std::string, 3> texts;
std::array<const char*, 3> variables;

// The numbers from 3 on are sockets, and the variables say that this process was given them.
void activate(int count) {
  if (!sysfd::detail::fork_mark()) give_up("fork_mark");  // which a process gets once
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  checked(socket);
  sockaddr_un any{};
  any.sun_family = AF_UNIX;
  checked(::bind(socket, reinterpret_cast<const sockaddr*>(&any), sizeof any.sun_family));
  checked(::listen(socket, 1));
  std::string names;
  for (int i = 0; i < count; ++i) {
    checked(::dup2(socket, ListenFds::first_number + i));
    names.append(i == 0 ? "web" : ":web").push_back(static_cast<char>('a' + i));
  }
  texts = {"LISTEN_PID=" + std::to_string(::getpid()), "LISTEN_FDS=" + std::to_string(count),
           "LISTEN_FDNAMES=" + names};
  for (std::size_t i = 0; i < texts.size(); ++i)
    variables[i] = texts[i].c_str();
}

const char* value_of(std::string_view name) {
  for (const char* variable : variables)
    if (std::strncmp(variable, name.data(), name.size()) == 0 && variable[name.size()] == '=')
      return variable + name.size() + 1;
  give_up("no such variable");
}

// As sd_listen_fds(3) does it, but that it looks first whether all are there. The names stay what
// they are.
int take_raw() {
  if (std::strtol(value_of("LISTEN_PID"), nullptr, 10) != ::getpid()) give_up("not for us");
  const auto count = static_cast<int>(std::strtol(value_of("LISTEN_FDS"), nullptr, 10));
  for (int i = 0; i < count; ++i)
    checked(::fcntl(ListenFds::first_number + i, F_GETFD));
  for (int i = 0; i < count; ++i)
    checked(::fcntl(ListenFds::first_number + i, F_SETFD, FD_CLOEXEC));
  return count;
}

void add_taking(Operations& operations) {
  const auto activated = [](int count) {
    return Around{.before = [count] { activate(count); }, .once = true};
  };
  const auto take = [] { return ListenFds::take(variables); };
  operations.push_back(
      compare("listen: ListenFds::take, 1 descriptor", take_raw, take, activated(1)));
  operations.push_back(
      compare("listen: ListenFds::take, 16 descriptors", take_raw, take, activated(16)));

  static std::optional<ListenFds> taken;
  const Around with_taken{.before =
                              [] {
                                activate(16);
                                auto fds = ListenFds::take(variables);
                                if (!fds) give_up("ListenFds::take");
                                taken = *std::move(fds);
                              },
                          .once = true};
  operations.push_back(
      alone("listen: ListenFds::take_one", [] { return taken->take_one("webp"); }, with_taken));
  operations.push_back(alone(
      "listen: ListenFds::take_one, a listener",
      [] { return taken->take_one("webp", FdType::stream_listener()); }, with_taken));
}

void add_types(Operations& operations) {
  static const auto pair = require(sysfd::socket_pair(SOCK_STREAM), "socketpair");
  static const int raw = pair.first.get();
  operations.push_back(compare(
      "listen: is_listening_stream",
      [] {
        struct stat status;
        checked(::fstat(raw, &status));
        if (!S_ISSOCK(status.st_mode)) return false;
        int type = 0, listens = 0;
        socklen_t size = sizeof type;
        checked(::getsockopt(raw, SOL_SOCKET, SO_TYPE, &type, &size));
        checked(::getsockopt(raw, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size));
        return type == SOCK_STREAM && listens != 0;
      },
      [] { return sysfd::is_listening_stream(pair.first); }));
}

bool is_file_raw(int fd, mode_t type) {
  struct stat status;
  checked(::fstat(fd, &status));
  return (status.st_mode & S_IFMT) == type;
}

bool is_socket_raw(int fd, int wanted) {
  if (!is_file_raw(fd, S_IFSOCK)) return false;
  int type = 0;
  socklen_t size = sizeof type;
  checked(::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size));
  return type == wanted;
}

bool is_listener_raw(int fd) {
  if (!is_socket_raw(fd, SOCK_STREAM)) return false;
  int listens = 0;
  socklen_t size = sizeof listens;
  checked(::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size));
  return listens != 0;
}

// Of an address that the kernel chooses.
sysfd::OwnedFd listen_on_any_port() {
  auto made = require(
      sysfd::OwnedFd::from_syscall(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), "socket");
  checked(::listen(made.get(), 1));
  return made;
}

// Each is what it is to be.
void add_expected_types(Operations& operations) {
  static const auto pipe = require(sysfd::pipe(), "pipe2");
  static const auto null = require(sysfd::open(sysfd::cwd(), "/dev/null", O_RDONLY), "/dev/null");
  static const auto datagram = require(sysfd::socket_pair(SOCK_DGRAM), "socketpair");
  static const auto listener = listen_on_any_port();
  static sockaddr_in address{};
  socklen_t size = sizeof address;
  checked(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size));
  const auto add = [&](const char* name, auto raw, FdType type, sysfd::BorrowedFd fd) {
    operations.push_back(
        compare(name, raw, [type = std::move(type), fd] { return type.matches(fd); }));
  };
  add(
      "listen: FdType::fifo", [] { return is_file_raw(pipe.read.get(), S_IFIFO); }, FdType::fifo(),
      pipe.read);
  add(
      "listen: FdType::special_file", [] { return is_file_raw(null.get(), S_IFCHR); },
      FdType::special_file(), null);
  add(
      "listen: FdType::special_file.at",
      [] {
        struct stat opened, named;
        checked(::fstat(null.get(), &opened));
        checked(::stat("/dev/null", &named));
        return S_ISCHR(opened.st_mode) && opened.st_rdev == named.st_rdev;
      },
      FdType::special_file().at("/dev/null"), null);
  add(
      "listen: FdType::datagram", [] { return is_socket_raw(datagram.first.get(), SOCK_DGRAM); },
      FdType::datagram(), datagram.first);
  add(
      "listen: FdType::stream_listener", [] { return is_listener_raw(listener.get()); },
      FdType::stream_listener(), listener);
  add(
      "listen: FdType::stream_listener.inet",
      [] {
        sockaddr_in bound;
        socklen_t room = sizeof bound;
        if (!is_listener_raw(listener.get())) return false;
        checked(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&bound), &room));
        return bound.sin_family == AF_INET && bound.sin_port == address.sin_port;
      },
      FdType::stream_listener().inet(ntohs(address.sin_port)), listener);
}

// Whom it is told: a socket in the abstract namespace, whose name the kernel chooses, five
// characters.
struct Manager {
  Manager() : socket(static_cast<int>(checked(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)))) {
    address.sun_family = AF_UNIX;
    checked(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address.sun_family));
    checked(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size));
    name = '@' + std::string(address.sun_path + 1, size - offsetof(sockaddr_un, sun_path) - 1);
  }
  int socket;
  sockaddr_un address{};
  socklen_t size = sizeof address;
  std::string name;
};

void add_notify(Operations& operations) {
  static const Manager manager;
  const Around drain_then{.after = [] {
    std::array<char, 256> message;
    while (::recv(manager.socket, message.data(), message.size(), MSG_DONTWAIT) > 0) {
    }
  }};
  // The text is ready, and the address is an address.
  const auto send_raw = [](std::string_view text) {
    return [text] {
      const auto socket =
          static_cast<int>(checked(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)));
      checked(::connect(socket, reinterpret_cast<const sockaddr*>(&manager.address), manager.size));
      iovec data{const_cast<char*>(text.data()), text.size()};
      msghdr message{};
      message.msg_iov = &data;
      message.msg_iovlen = 1;
      checked(::sendmsg(socket, &message, MSG_NOSIGNAL));
      ::close(socket);
    };
  };
  operations.push_back(compare(
      "listen: notify, ready", send_raw("READY=1\n"),
      [] { return sysfd::notify(manager.name, {.ready = true}); }, drain_then));
  operations.push_back(compare(
      "listen: notify, ready and a status", send_raw("READY=1\nSTATUS=serving on port 443\n"),
      [] { return sysfd::notify(manager.name, {.ready = true, .status = "serving on port 443"}); },
      drain_then));
  operations.push_back(compare(
      "listen: notify, watchdog", send_raw("WATCHDOG=1\n"),
      [] { return sysfd::notify(manager.name, {.watchdog = true}); }, drain_then));
}

}  // namespace

void add_listen(Operations& operations) {
  add_taking(operations);
  add_types(operations);
  add_expected_types(operations);
  add_notify(operations);
}

}  // namespace sysfd_bench
