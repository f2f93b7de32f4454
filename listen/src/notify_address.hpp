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

// Where a service manager wants to be told. The forms are those of sd_notify(3).
struct NotifyAddress {
  sockaddr_storage address{};
  socklen_t size = 0;
  int type = 0;  // SOCK_DGRAM, ...; 0: whichever there is
  bool is_vsock() const noexcept;
};

// Errors: EINVAL.
Result<NotifyAddress> parse_notify_address(std::string_view text) noexcept;

// A socket, with O_NONBLOCK, that what is sent on goes there. Errors: ETIMEDOUT, ECANCELED; of
// connect(2).
Result<OwnedFd> connect_to(const NotifyAddress& address, const Deadline& deadline) noexcept;

// Until there is room in the queue that it sends to. Errors: ETIMEDOUT, ECANCELED.
Result<> wait_to_write(BorrowedFd socket, const Deadline& deadline) noexcept;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_LISTEN_SRC_NOTIFY_ADDRESS_HPP
