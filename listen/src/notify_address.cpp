// SPDX-License-Identifier: MIT
#include "notify_address.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/syscall.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

// Has the layout of struct sockaddr_vm of linux/vm_sockets.h (Linux 3.9), which conflicts with
// libc's headers; the rest is zeros.
struct VsockAddress {
  sa_family_t family;
  std::uint16_t reserved;
  std::uint32_t port;
  std::uint32_t context;
  unsigned char zero[sizeof(sockaddr) - 12];
};
static_assert(sizeof(VsockAddress) == sizeof(sockaddr));
constexpr std::uint32_t any = 0xffffffff;  // VMADDR_CID_ANY, VMADDR_PORT_ANY

std::optional<std::uint32_t> parse_number(std::string_view text) noexcept {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.begin(), text.end(), number);
  if (error != std::errc() || end != text.end() || number == any) return std::nullopt;
  return number;
}

template <class Address>
NotifyAddress to_notify_address(const Address& address, std::size_t size, int type) noexcept {
  NotifyAddress result;
  std::memcpy(&result.address, &address, sizeof address);
  result.size = static_cast<socklen_t>(size);
  result.type = type;
  return result;
}

Result<NotifyAddress> parse_vsock(std::string_view text, int type) noexcept {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return failure(EINVAL);
  const auto context = parse_number(text.substr(0, colon));
  const auto port = parse_number(text.substr(colon + 1));
  if (!context || !port) return failure(EINVAL);
  return to_notify_address(VsockAddress{AF_VSOCK, 0, *port, *context, {}}, sizeof(VsockAddress),
                           type);
}

Result<NotifyAddress> parse_unix(std::string_view text) noexcept {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // A longer text would be cut off, and would then be the name of another socket.
  const bool is_abstract = text.front() == '@';
  const std::size_t room = sizeof address.sun_path - (is_abstract ? 0 : 1);
  if (text.size() < 2 || text.size() > room || text.contains('\0')) return failure(EINVAL);
  text.copy(address.sun_path, text.size());
  if (is_abstract) address.sun_path[0] = '\0';
  const std::size_t size = text.size() + (is_abstract ? 0 : 1);
  return to_notify_address(address, offsetof(sockaddr_un, sun_path) + size, SOCK_DGRAM);
}

bool is_not_supported(std::error_code error) noexcept {
  return error == std::errc::no_such_device || error == std::errc::operation_not_supported ||
         error == std::errc::protocol_not_supported ||
         error == std::error_code(ESOCKTNOSUPPORT, std::system_category());
}

// Managers trust a sender only if its port is below 1024, which needs a privilege. A sender without
// the privilege uses another port.
void bind_to_privileged_port(BorrowedFd socket) noexcept {
  for (std::uint32_t port = 1023; port > 0; --port) {
    const VsockAddress own{AF_VSOCK, 0, port, any, {}};
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own) == 0 ||
        errno != EADDRINUSE)
      return;
  }
}

Result<OwnedFd> make_socket(const NotifyAddress& address) noexcept {
  const auto make = [&](int type) {
    const int flags = type | SOCK_CLOEXEC | SOCK_NONBLOCK;
    return to_owned(to_answer(::socket(address.address.ss_family, flags, 0)));
  };
  if (address.type != 0) return make(address.type);
  auto socket = make(SOCK_DGRAM);
  for (const int type : {SOCK_SEQPACKET, SOCK_STREAM})
    if (!socket && is_not_supported(socket.error())) socket = make(type);
  return socket;
}

}  // namespace

bool NotifyAddress::is_vsock() const noexcept {
  return address.ss_family == AF_VSOCK;
}

Result<NotifyAddress> parse_notify_address(std::string_view text) noexcept {
  if (text.starts_with('/') || text.starts_with('@')) return parse_unix(text);
  struct Form {
    std::string_view prefix;
    int type;
  };
  for (const Form form : {Form{"vsock:", 0},
                          {"vsock-stream:", SOCK_STREAM},
                          {"vsock-dgram:", SOCK_DGRAM},
                          {"vsock-seqpacket:", SOCK_SEQPACKET}})
    if (text.starts_with(form.prefix))
      return parse_vsock(text.substr(form.prefix.size()), form.type);
  return failure(EINVAL);
}

Result<> wait_to_write(BorrowedFd socket, const Deadline& deadline) noexcept {
  pollfd entries[2] = {{socket.get(), POLLOUT, 0}};
  const auto ready = poll_until(entries, 1, deadline);
  if (!ready) return std::unexpected(ready.error());
  if (*ready == 0) return failure(ETIMEDOUT);
  return {};
}

Result<OwnedFd> connect_to(const NotifyAddress& address, const Deadline& deadline) noexcept {
  auto socket = make_socket(address);
  if (!socket) return socket;
  if (address.is_vsock()) bind_to_privileged_port(*socket);
  const long connected =
      system_call_retried(SYS_connect, socket->get(), &address.address, address.size);
  if (connected == 0) return socket;
  if (connected != -EINPROGRESS) return failure(static_cast<int>(-connected));
  if (auto done = wait_to_write(*socket, deadline); !done) return std::unexpected(done.error());
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(socket->get(), SOL_SOCKET, SO_ERROR, &error, &size) == -1) return last_error();
  if (error != 0) return failure(error);
  return socket;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
