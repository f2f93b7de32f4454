// SPDX-License-Identifier: MIT
#include "listener.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <utility>

#include <sysfd/create.hpp>
#include <sysfd/result.hpp>

namespace supervise {
namespace {

using sysfd::OwnedFd;
using sysfd::Result;

std::unexpected<std::error_code> last_error() {
  return std::unexpected(std::error_code(errno, std::system_category()));
}

Result<OwnedFd> bind_and_listen(const sockaddr* address, socklen_t size) {
  auto fd = OwnedFd::from_syscall(::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return fd;
  const int on = 1;
  const int off = 0;
  if (address->sa_family != AF_UNIX)  // a restart need not wait until old connections time out
    ::setsockopt(fd->get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address->sa_family == AF_INET6)  // accepts IPv4 too
    ::setsockopt(fd->get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (::bind(fd->get(), address, size) == -1 || ::listen(fd->get(), SOMAXCONN) == -1)
    return last_error();
  return fd;
}

// True if the path is a socket that no process has open. Connects with another type of socket than
// the listeners have: if a process has the socket open, that fails with EPROTOTYPE, so the process
// gets no connection, and a full backlog does not block this.
bool is_abandoned(const sockaddr_un& address, socklen_t size) {
  struct stat status{};
  if (::stat(address.sun_path, &status) == -1 || !S_ISSOCK(status.st_mode)) return false;
  const auto fd = OwnedFd::from_syscall(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  return fd && ::connect(fd->get(), reinterpret_cast<const sockaddr*>(&address), size) == -1 &&
         errno == ECONNREFUSED;
}

Result<Place> take_place(const std::string& path) {
  auto file = sysfd::open(sysfd::cwd(), path + ".lock", O_RDWR | O_CREAT, 0600);
  if (!file) return std::unexpected(file.error());
  auto lock = sysfd::DescriptionLock::try_acquire(*file, sysfd::LockMode::exclusive);
  if (!lock && lock.error() == std::errc::resource_unavailable_try_again)
    return std::unexpected(make_error_code(std::errc::address_in_use));
  if (!lock) return std::unexpected(lock.error());
  return Place{*std::move(file), *std::move(lock)};
}

Result<OwnedFd> listen_on_unix(const std::string& name, std::optional<Place>& place) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.size() >= sizeof address.sun_path)
    return std::unexpected(make_error_code(std::errc::filename_too_long));
  name.copy(address.sun_path, name.size());
  const bool is_abstract = name.starts_with('@');
  if (is_abstract) address.sun_path[0] = '\0';
  const auto size =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + (is_abstract ? 0 : 1));
  if (!is_abstract) {
    auto taken = take_place(name);
    if (!taken) return std::unexpected(taken.error());
    place = *std::move(taken);
    if (is_abandoned(address, size)) ::unlink(address.sun_path);
  }
  return bind_and_listen(reinterpret_cast<const sockaddr*>(&address), size);
}

sysfd::Result<OwnedFd, std::string> listen_on_ip(const std::string& text) {
  const auto colon = text.rfind(':');
  const bool has_host = colon != std::string::npos;
  std::string host = has_host ? text.substr(0, colon) : "::";
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const std::string port = has_host ? text.substr(colon + 1) : text;

  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found); error != 0)
    return std::unexpected(::gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
  auto fd = bind_and_listen(found->ai_addr, found->ai_addrlen);
  if (!fd) return std::unexpected(fd.error().message());
  return *std::move(fd);
}

}  // namespace

sysfd::Result<Listener, std::string> listen_on(std::string_view text) {
  const auto equals = text.find('=');
  const bool has_name =
      equals != std::string_view::npos && text.substr(0, equals).find('/') == text.npos;
  const std::string name(has_name ? text.substr(0, equals) : "socket");
  const std::string address(has_name ? text.substr(equals + 1) : text);

  std::optional<Place> place;
  auto fd = [&]() -> sysfd::Result<OwnedFd, std::string> {
    if (!address.contains('/') && !address.starts_with('@')) return listen_on_ip(address);
    auto made = listen_on_unix(address, place);
    if (!made) return std::unexpected(made.error().message());
    return *std::move(made);
  }();
  if (!fd) return std::unexpected("cannot listen on " + address + ": " + fd.error());
  return Listener{name, address, *std::move(fd), std::move(place)};
}

}  // namespace supervise
