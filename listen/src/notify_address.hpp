// SPDX-License-Identifier: MIT
#ifndef SYSFD_LISTEN_SRC_NOTIFY_ADDRESS_HPP
#define SYSFD_LISTEN_SRC_NOTIFY_ADDRESS_HPP

#include <sys/socket.h>

#include <string_view>

#include <sysfd/detail/deadline.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// Is the address of a service manager, in one of the forms of sd_notify(3).
struct NotifyAddress {
  sockaddr_storage address{};
  socklen_t size = 0;
  int type = 0;  // SOCK_DGRAM, ...; 0: any that is supported
  bool is_vsock() const noexcept;
};

// Parses an address. Fails with EINVAL.
Result<NotifyAddress> parse_notify_address(std::string_view text) noexcept;

// Returns a socket with O_NONBLOCK that is connected to the address.
// Errors: ETIMEDOUT, ECANCELED; those of connect(2).
Result<OwnedFd> connect_to(const NotifyAddress& address, const Deadline& deadline) noexcept;

// Waits until the receiver's queue has room.
// Errors: ETIMEDOUT, ECANCELED.
Result<> wait_to_write(BorrowedFd socket, const Deadline& deadline) noexcept;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_LISTEN_SRC_NOTIFY_ADDRESS_HPP
