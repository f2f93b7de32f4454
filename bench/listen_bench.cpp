// SPDX-License-Identifier: MIT
//
// Every operation of listen that calls the kernel, beside the raw calls. Left out:
// ListenFds::take(), which a process can do once, and notify_barrier(), which waits for the
// manager.
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

#include <sysfd/create.hpp>
#include <sysfd/fd_type.hpp>
#include <sysfd/notify.hpp>

#include "support/pair.hpp"

namespace {

using sysfd::BorrowedFd;
using sysfd::FdType;
using sysfd::OwnedFd;
using sysfd_bench::add_pair;

bool is_socket_raw(int number, int type, bool listens) {
  struct stat answer{};
  if (::fstat(number, &answer) != 0 || !S_ISSOCK(answer.st_mode)) return false;
  int value = 0;
  socklen_t size = sizeof value;
  if (::getsockopt(number, SOL_SOCKET, SO_TYPE, &value, &size) != 0 || value != type) return false;
  if (type == SOCK_DGRAM) return true;
  ::getsockopt(number, SOL_SOCKET, SO_ACCEPTCONN, &value, &size);
  return (value != 0) == listens;
}

bool is_bound_raw(int number, in_port_t port) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  return is_socket_raw(number, SOCK_STREAM, true) &&
         ::getsockname(number, reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
         address.sin_family == AF_INET && address.sin_port == port;
}

bool is_raw(int number, mode_t type) {
  struct stat answer{};
  return ::fstat(number, &answer) == 0 && (answer.st_mode & S_IFMT) == type;
}

bool is_at_raw(int number, const char* path) {
  struct stat answer{};
  struct stat named{};
  return ::fstat(number, &answer) == 0 && S_ISCHR(answer.st_mode) && ::stat(path, &named) == 0 &&
         answer.st_rdev == named.st_rdev;
}

auto matches(FdType type, BorrowedFd fd) {
  return [type = std::move(type), fd] { return type.matches(fd).value_or(false); };
}

void add_types(BorrowedFd listener, BorrowedFd datagram, BorrowedFd pipe, BorrowedFd null) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size);
  const in_port_t port = address.sin_port;
  add_pair(
      "FdType::stream_listener", [=] { return is_socket_raw(listener.get(), SOCK_STREAM, true); },
      matches(FdType::stream_listener(), listener));
  add_pair(
      "FdType::stream_listener.inet with a port",
      [=] { return is_bound_raw(listener.get(), port); },
      matches(FdType::stream_listener().inet(ntohs(port)), listener));
  add_pair(
      "FdType::datagram", [=] { return is_socket_raw(datagram.get(), SOCK_DGRAM, false); },
      matches(FdType::datagram(), datagram));
  add_pair(
      "FdType::fifo", [=] { return is_raw(pipe.get(), S_IFIFO); }, matches(FdType::fifo(), pipe));
  add_pair(
      "FdType::special_file", [=] { return is_raw(null.get(), S_IFCHR); },
      matches(FdType::special_file(), null));
  add_pair(
      "FdType::special_file.at", [=] { return is_at_raw(null.get(), "/dev/null"); },
      matches(FdType::special_file().at("/dev/null"), null));
}

bool notify_raw(const sockaddr_un& address, socklen_t size) {
  const int sender = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const char text[] = "READY=1\nSTATUS=serving";
  const bool sent = ::connect(sender, reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
                    ::send(sender, text, sizeof text - 1, MSG_NOSIGNAL) > 0;
  ::close(sender);
  return sent;
}

// `manager` is what NOTIFY_SOCKET names; its queue is emptied, as it does not hold many.
void add_notify(BorrowedFd manager) {
  sockaddr_un address{};
  socklen_t size = sizeof address;
  ::getsockname(manager.get(), reinterpret_cast<sockaddr*>(&address), &size);
  std::string name(address.sun_path, size - offsetof(sockaddr_un, sun_path));
  name.front() = '@';  // of an abstract name; it begins with a null byte
  ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  const auto drain = [=] {
    char text[64];
    return ::recv(manager.get(), text, sizeof text, 0);
  };
  add_pair(
      "notify ready and a status; received",
      [=] {
        notify_raw(address, size);
        return drain();
      },
      [=] {
        (void)sysfd::notify({.ready = true, .status = "serving"});
        return drain();
      });
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  add_pair(
      "watchdog_interval",
      [] {
        const char* const text = ::getenv("WATCHDOG_USEC");
        const char* const pid = ::getenv("WATCHDOG_PID");
        return text && pid && std::strtol(pid, nullptr, 10) == ::getpid() &&
               std::strtoll(text, nullptr, 10) > 0;
      },
      [] { return sysfd::watchdog_interval(); });
}

// Bound to an address that the kernel chooses.
OwnedFd bound(int family, int type) {
  auto made = *OwnedFd::from_syscall(::socket(family, type | SOCK_CLOEXEC, 0));
  sockaddr_storage address{};
  address.ss_family = static_cast<sa_family_t>(family);
  const socklen_t size = family == AF_UNIX ? sizeof(sa_family_t) : sizeof(sockaddr_in);
  if (::bind(made.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) std::abort();
  if (type == SOCK_STREAM && ::listen(made.get(), 1) != 0) std::abort();
  return made;
}

}  // namespace

int main(int argc, char** argv) {
  const OwnedFd listener = bound(AF_INET, SOCK_STREAM);
  const OwnedFd manager = bound(AF_UNIX, SOCK_DGRAM);
  const auto pipe = *sysfd::pipe();
  const auto null = *sysfd::open(sysfd::cwd(), "/dev/null", O_RDONLY);
  add_types(listener, manager, pipe.read, null);
  add_notify(manager);
  return sysfd_bench::run_pairs(argc, argv);
}
