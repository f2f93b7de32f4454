// SPDX-License-Identifier: MIT
//
// Descriptors in a message to a socket (SCM_RIGHTS, unix(7)). Not for users.
#ifndef SYSFD_DETAIL_CONTROL_MESSAGE_HPP
#define SYSFD_DETAIL_CONTROL_MESSAGE_HPP

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <span>

namespace sysfd {
inline namespace v0 {
namespace detail {

// SCM_MAX_FD of the kernel's include/net/scm.h: how many one message can take.
inline constexpr std::size_t most_descriptors_in_message = 253;

// Room for the control messages of one message; what it is attached to must not outlive it.
template <std::size_t Size>
class ControlBuffer {
 public:
  void attach(msghdr& message, std::size_t used = Size) noexcept {
    message.msg_control = used == 0 ? nullptr : bytes_.data();
    message.msg_controllen = used;
  }

  // At most most_descriptors_in_message of them; none is no control message.
  void attach_descriptors(msghdr& message, std::span<const int> fds) noexcept {
    attach(message, fds.empty() ? 0 : CMSG_SPACE(fds.size_bytes()));
    if (fds.empty()) return;
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
  }

 private:
  alignas(cmsghdr) std::array<char, Size> bytes_;
};

using DescriptorsBuffer = ControlBuffer<CMSG_SPACE(most_descriptors_in_message * sizeof(int))>;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_DETAIL_CONTROL_MESSAGE_HPP
