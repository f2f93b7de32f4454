// SPDX-License-Identifier: MIT
//
// FdType: a condition on a descriptor that another program has opened: a listening socket, a FIFO,
// ... Checking it at the start gives a clear error if the service manager is configured to pass
// something else.
//
//     auto web = sysfd::FdType::stream_listener().ip(443);
//     auto matches = web.matches(socket);
//     if (matches != true) return fail("not " + web.describe());
#ifndef SYSFD_FD_TYPE_HPP
#define SYSFD_FD_TYPE_HPP
#include <sysfd/detail/cxx23.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <sysfd/attributes.hpp>
#include <sysfd/cstr.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {

class FdType {
 public:
  // Any open descriptor.
  static FdType any() noexcept { return FdType(Kind::any); }
  // Sockets: any; of SOCK_STREAM or SOCK_SEQPACKET, either listening (for accept(2)) or not
  // listening, such as a connection; of SOCK_DGRAM.
  static FdType socket() noexcept { return FdType(Kind::socket); }
  static FdType stream_listener() noexcept { return FdType(Kind::stream_listener); }
  static FdType stream() noexcept { return FdType(Kind::stream); }
  static FdType seqpacket_listener() noexcept { return FdType(Kind::seqpacket_listener); }
  static FdType seqpacket() noexcept { return FdType(Kind::seqpacket); }
  static FdType datagram() noexcept { return FdType(Kind::datagram); }
  // A fifo(7) or pipe.
  static FdType fifo() noexcept { return FdType(Kind::fifo); }
  // A character device or a regular file, such as those of /proc and /sys (ListenSpecial= of
  // systemd.socket(5)).
  static FdType special_file() noexcept { return FdType(Kind::special_file); }
  // A POSIX message queue: mq_overview(7).
  static FdType message_queue() noexcept { return FdType(Kind::message_queue); }

  // For sockets only, also requires the address that the socket is bound to: AF_INET, AF_INET6 or
  // either (ip), with this port if it is set; AF_UNIX with this path; or AF_UNIX with this abstract
  // name, given without its leading NUL. A later call replaces an earlier one.
  FdType inet(std::optional<std::uint16_t> port = std::nullopt) const;
  FdType inet6(std::optional<std::uint16_t> port = std::nullopt) const;
  FdType ip(std::optional<std::uint16_t> port = std::nullopt) const;
  SYSFD_API FdType unix_path(CStr path) const;
  SYSFD_API FdType unix_abstract(std::string_view name) const;

  // For FIFOs and special files, also requires that this path leads to the same file at the time of
  // the check. For message queues `path` is the name, which begins with '/'. It is looked up in
  // /dev/mqueue.
  SYSFD_API FdType at(CStr path) const;

  // fstat(2), getsockopt(2), getsockname(2), stat(2): returns true if `fd` meets the condition.
  //
  // Errors:
  //   EBADF: `fd` is not open.
  //   EINVAL: a path contains a NUL, or the type does not have such an address or path.
  //   Others of stat(2): the path exists but cannot be accessed.
  // Blocks: where stat(2) does (network file systems, FUSE).
  // Cost: at most four system calls.
  [[nodiscard]] SYSFD_API Result<bool> matches(BorrowedFd fd) const noexcept;

  // Describes the condition in words: "a listening stream socket of IP, port 443".
  //
  // Allocates: the text.
  SYSFD_API std::string describe() const;

 private:
  enum class Kind {
    any,
    socket,
    stream_listener,
    stream,
    seqpacket_listener,
    seqpacket,
    datagram,
    fifo,
    special_file,
    message_queue,
  };
  enum class Place { anywhere, inet, inet6, ip, unix_path, unix_abstract, path };

  explicit FdType(Kind kind) noexcept : kind_(kind) {}
  SYSFD_API FdType narrowed(Place place, std::optional<std::uint16_t> port, std::string name) const;
  FdType narrowed(Place place, CStr path) const;
  bool is_socket() const noexcept;
  Result<bool> matches_socket(BorrowedFd fd) const noexcept;
  Result<bool> is_bound_there(BorrowedFd fd) const noexcept;

  Kind kind_;
  Place place_ = Place::anywhere;
  bool is_wrong_ = false;  // has an address or path that is invalid or not for this type
  std::optional<std::uint16_t> port_;
  std::string name_;
};

inline FdType FdType::inet(std::optional<std::uint16_t> port) const {
  return narrowed(Place::inet, port, {});
}
inline FdType FdType::inet6(std::optional<std::uint16_t> port) const {
  return narrowed(Place::inet6, port, {});
}
inline FdType FdType::ip(std::optional<std::uint16_t> port) const {
  return narrowed(Place::ip, port, {});
}

// FdType::matches() of the type without an address or path.
[[nodiscard]] inline Result<bool> is_socket(BorrowedFd fd) noexcept {
  return FdType::socket().matches(fd);
}
[[nodiscard]] inline Result<bool> is_listening_stream(BorrowedFd fd) noexcept {
  return FdType::stream_listener().matches(fd);
}
[[nodiscard]] inline Result<bool> is_datagram(BorrowedFd fd) noexcept {
  return FdType::datagram().matches(fd);
}
[[nodiscard]] inline Result<bool> is_fifo(BorrowedFd fd) noexcept {
  return FdType::fifo().matches(fd);
}
[[nodiscard]] inline Result<bool> is_special_file(BorrowedFd fd) noexcept {
  return FdType::special_file().matches(fd);
}
[[nodiscard]] inline Result<bool> is_message_queue(BorrowedFd fd) noexcept {
  return FdType::message_queue().matches(fd);
}

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_FD_TYPE_HPP
