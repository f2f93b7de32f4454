// SPDX-License-Identifier: MIT
#include <sysfd/fd_type.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/syscall.hpp>

namespace sysfd {
inline namespace v0 {
namespace {

constexpr long mqueue_magic = 0x19800202;  // MQUEUE_MAGIC of linux/magic.h, since Linux 2.6.6

constexpr const char* kinds[] = {
    "an open descriptor",
    "a socket",
    "a listening stream socket",
    "a stream socket that does not listen",
    "a listening seqpacket socket",
    "a seqpacket socket that does not listen",
    "a datagram socket",
    "a FIFO",
    "a special file",
    "a message queue",
};

Result<int> socket_option(BorrowedFd fd, int option) noexcept {
  int value = 0;
  socklen_t size = sizeof value;
  if (::getsockopt(fd.get(), SOL_SOCKET, option, &value, &size) == -1) return detail::last_error();
  return value;
}

bool is_same_file(const struct stat& left, const struct stat& right) noexcept {
  return left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}

Result<bool> leads_to(const char* path, const struct stat& file) noexcept {
  struct stat found{};
  const long answer = detail::system_call(SYS_newfstatat, AT_FDCWD, path, &found, 0);
  if (answer == -ENOENT || answer == -ENOTDIR) return false;
  if (answer < 0) return detail::failure(static_cast<int>(-answer));
  // A character device may be opened through any of the device files that refer to it.
  if (S_ISCHR(file.st_mode)) return S_ISCHR(found.st_mode) && found.st_rdev == file.st_rdev;
  return is_same_file(file, found);
}

Result<bool> leads_to_queue(std::string_view name, const struct stat& file) noexcept {
  constexpr std::string_view where = "/dev/mqueue";
  std::array<char, where.size() + 1 + NAME_MAX + 1> path{};
  if (name.size() > 1 + NAME_MAX) return false;
  where.copy(path.data(), where.size());
  name.copy(path.data() + where.size(), name.size());
  return leads_to(path.data(), file);
}

}  // namespace

FdType FdType::narrowed(Place place, std::optional<std::uint16_t> port, std::string name) const {
  FdType type = *this;
  type.place_ = place;
  type.port_ = port;
  type.name_ = std::move(name);
  const bool is_of_socket = place != Place::path;
  const bool has_path =
      kind_ == Kind::fifo || kind_ == Kind::special_file || kind_ == Kind::message_queue;
  type.is_wrong_ |= is_of_socket ? !is_socket() : !has_path;
  return type;
}

FdType FdType::narrowed(Place place, CStr path) const {
  FdType type =
      narrowed(place, std::nullopt, path.get() ? path.get() : "(a path with a NUL inside)");
  if (!path.get()) type.is_wrong_ = true;
  return type;
}

FdType FdType::unix_path(CStr path) const {
  return narrowed(Place::unix_path, path);
}

FdType FdType::unix_abstract(std::string_view name) const {
  return narrowed(Place::unix_abstract, std::nullopt, std::string(name));
}

FdType FdType::at(CStr path) const {
  FdType type = narrowed(Place::path, path);
  if (kind_ == Kind::message_queue && !type.name_.starts_with('/')) type.is_wrong_ = true;
  return type;
}

bool FdType::is_socket() const noexcept {
  return kind_ >= Kind::socket && kind_ <= Kind::datagram;
}

Result<bool> FdType::is_bound_there(BorrowedFd fd) const noexcept {
  if (place_ == Place::anywhere) return true;
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) == -1)
    return detail::last_error();
  const auto port_is = [&](in_port_t port) { return !port_ || port == htons(*port_); };
  switch (address.ss_family) {
    case AF_INET:
      return (place_ == Place::inet || place_ == Place::ip) &&
             port_is(reinterpret_cast<const sockaddr_in&>(address).sin_port);
    case AF_INET6:
      return (place_ == Place::inet6 || place_ == Place::ip) &&
             port_is(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
    case AF_UNIX: {
      const char* text = reinterpret_cast<const sockaddr_un&>(address).sun_path;
      std::string_view name(text, size - offsetof(sockaddr_un, sun_path));
      const bool is_abstract = !name.empty() && name.front() == '\0';
      if (is_abstract) return place_ == Place::unix_abstract && name.substr(1) == name_;
      name = name.substr(0, name.find('\0'));  // the kernel counts a NUL if it fits
      return place_ == Place::unix_path && !name.empty() && name == name_;
    }
    default: return false;
  }
}

Result<bool> FdType::matches_socket(BorrowedFd fd) const noexcept {
  if (kind_ != Kind::socket) {
    const auto type = socket_option(fd, SO_TYPE);
    if (!type) return std::unexpected(type.error());
    const bool is_stream = kind_ == Kind::stream || kind_ == Kind::stream_listener;
    const int wanted = kind_ == Kind::datagram ? SOCK_DGRAM
                       : is_stream             ? SOCK_STREAM
                                               : SOCK_SEQPACKET;
    if (*type != wanted) return false;
  }
  if (kind_ != Kind::socket && kind_ != Kind::datagram) {
    const auto listens = socket_option(fd, SO_ACCEPTCONN);
    if (!listens) return std::unexpected(listens.error());
    const bool shall_listen = kind_ == Kind::stream_listener || kind_ == Kind::seqpacket_listener;
    if ((*listens != 0) != shall_listen) return false;
  }
  return is_bound_there(fd);
}

Result<bool> FdType::matches(BorrowedFd fd) const noexcept {
  if (is_wrong_) return detail::failure(EINVAL);
  struct stat status{};
  if (const long answer = detail::system_call(SYS_fstat, fd.get(), &status); answer < 0)
    return detail::failure(static_cast<int>(-answer));
  switch (kind_) {
    case Kind::any: return true;
    case Kind::fifo:
      if (!S_ISFIFO(status.st_mode)) return false;
      break;
    case Kind::special_file:
      if (!S_ISCHR(status.st_mode) && !S_ISREG(status.st_mode)) return false;
      break;
    case Kind::message_queue: {
      struct statfs file_system{};
      if (detail::retry_eintr([&] { return ::fstatfs(fd.get(), &file_system); }) == -1)
        return detail::last_error();
      if (file_system.f_type != mqueue_magic || !S_ISREG(status.st_mode)) return false;
      break;
    }
    default:
      if (!S_ISSOCK(status.st_mode)) return false;
      return matches_socket(fd);
  }
  if (place_ == Place::anywhere) return true;
  return kind_ == Kind::message_queue ? leads_to_queue(name_, status)
                                      : leads_to(name_.c_str(), status);
}

std::string FdType::describe() const {
  std::string text = kinds[static_cast<std::size_t>(kind_)];
  switch (place_) {
    case Place::anywhere: return text;
    case Place::inet: text += " of IPv4"; break;
    case Place::inet6: text += " of IPv6"; break;
    case Place::ip: text += " of IP"; break;
    case Place::unix_abstract: return text + " with the abstract name \"" + name_ + '"';
    case Place::unix_path:
    case Place::path: return text + " at \"" + name_ + '"';
  }
  if (port_) text += ", port " + std::to_string(*port_);
  return text;
}

}  // namespace v0
}  // namespace sysfd
