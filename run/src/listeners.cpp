// SPDX-License-Identifier: MIT
#include "listeners.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "values.hpp"

namespace sysfd_run {
namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  bool is_wildcard = false;  // of IPv6, which also stands for those of IPv4
};

std::optional<Address> unix_address(std::string_view path) {
  Address address;
  sockaddr_un unix_name{.sun_family = AF_UNIX, .sun_path = {}};
  if (path.size() >= sizeof unix_name.sun_path) return std::nullopt;
  std::memcpy(unix_name.sun_path, path.data(), path.size());
  const bool is_abstract = path.starts_with('@');
  if (is_abstract) unix_name.sun_path[0] = '\0';
  std::memcpy(&address.storage, &unix_name, sizeof unix_name);
  address.size =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (is_abstract ? 0 : 1));
  return address;
}

std::optional<Address> internet_address(std::string_view host, std::uint16_t port) {
  Address address;
  const std::string name(host);
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(port);
  if (::inet_pton(AF_INET, name.c_str(), &four.sin_addr) == 1) {
    std::memcpy(&address.storage, &four, sizeof four);
    address.size = sizeof four;
    return address;
  }
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(port);
  if (!host.empty() && ::inet_pton(AF_INET6, name.c_str(), &six.sin6_addr) != 1)
    return std::nullopt;
  std::memcpy(&address.storage, &six, sizeof six);
  address.size = sizeof six;
  address.is_wildcard = host.empty();
  return address;
}

std::optional<Address> parse(std::string_view text) {
  if (text.starts_with('/') || text.starts_with("./") || text.starts_with('@'))
    return unix_address(text);
  std::string_view host;
  std::string_view port = text;
  if (const std::size_t colon = text.rfind(':'); colon != text.npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']'))
      host = host.substr(1, host.size() - 2);
    else if (host.find(':') != host.npos)
      return std::nullopt;
    if (host == "localhost") host = "127.0.0.1";
  }
  const auto value = to_number(port);
  if (!value || *value < 0 || *value > 65535) return std::nullopt;
  return internet_address(host, static_cast<std::uint16_t>(*value));
}

// True for the path of a socket that no process has open. Connects with another type than that of
// the listeners: if a process has it open, this fails with EPROTOTYPE, and the process gets no
// connection.
bool is_abandoned(const Address& address, bool is_datagram) {
  const auto* const name = reinterpret_cast<const sockaddr_un*>(&address.storage);
  struct stat status{};
  if (::lstat(name->sun_path, &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
  const auto probe = sysfd::OwnedFd::from_syscall(
      ::socket(AF_UNIX, (is_datagram ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0));
  return probe &&
         ::connect(probe->get(), reinterpret_cast<const sockaddr*>(name), address.size) == -1 &&
         errno == ECONNREFUSED;
}

sysfd::Result<sysfd::OwnedFd> make(const Address& address, bool is_datagram) {
  const int type = (is_datagram ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC;
  auto fd = sysfd::OwnedFd::from_syscall(::socket(address.storage.ss_family, type, 0));
  if (!fd) return fd;
  const int on = 1;
  const int off = 0;
  if (address.storage.ss_family != AF_UNIX && !is_datagram)  // else a restart waits for a minute
    ::setsockopt(fd->get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.is_wildcard) ::setsockopt(fd->get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  const auto* const name = reinterpret_cast<const sockaddr*>(&address.storage);
  if (::bind(fd->get(), name, address.size) == -1 ||
      (!is_datagram && ::listen(fd->get(), SOMAXCONN) == -1))
    return std::unexpected(std::error_code(errno, std::system_category()));
  return fd;
}

}  // namespace

Checked<sysfd::OwnedFd> open_listener(const Listener& listener) {
  auto address = parse(listener.address);
  if (!address)
    return complain({listener.where, ": \"", listener.address,
                     "\" is no address: write 8080, 127.0.0.1:80, [::1]:80, /run/x.sock or @name"});
  auto made = make(*address, listener.is_datagram);
  if (!made && made.error() == std::errc::address_family_not_supported && address->is_wildcard)
    // There is no IPv6 here.
    if (const auto port = to_number(listener.address)) {
      address = internet_address("0.0.0.0", static_cast<std::uint16_t>(*port));
      made = make(*address, listener.is_datagram);
    }
  if (!made && made.error() == std::errc::address_in_use && listener.address.front() != '@' &&
      address->storage.ss_family == AF_UNIX && is_abandoned(*address, listener.is_datagram)) {
    ::unlink(reinterpret_cast<const sockaddr_un*>(&address->storage)->sun_path);
    made = make(*address, listener.is_datagram);
  }
  if (made) return std::move(*made);
  std::string_view hint;
  if (made.error() == std::errc::permission_denied)
    hint = ": ports below 1024 need root or CAP_NET_BIND_SERVICE; take a higher one";
  if (made.error() == std::errc::address_in_use)
    hint = ": another program listens there; take another one, or end that program";
  return complain({listener.where, ": ", message_of(made.error()), hint});
}

}  // namespace sysfd_run
