// SPDX-License-Identifier: MIT
//
// Sends and receives descriptors in a message to a socket (SCM_RIGHTS, unix(7)). Not for users.
#ifndef SYSFD_DETAIL_CONTROL_MESSAGE_HPP
#define SYSFD_DETAIL_CONTROL_MESSAGE_HPP
#include <sysfd/detail/cxx23.hpp>

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <span>

#include <sysfd/owned_fd.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// SCM_MAX_FD of the kernel's include/net/scm.h: the limit for one message.
inline constexpr std::size_t most_descriptors_in_message = 253;

// Provides memory for the control messages of one message. Do not use the message after this is
// destroyed.
template <std::size_t Size>
class ControlBuffer {
 public:
  void attach(msghdr& message, std::size_t used = Size) noexcept {
    message.msg_control = used == 0 ? nullptr : bytes_.data();
    message.msg_controllen = used;
  }

  // Adds up to most_descriptors_in_message descriptors. For none, adds no control message.
  void attach_descriptors(msghdr& message, std::span<const BorrowedFd> fds) noexcept {
    const std::size_t size = fds.size() * sizeof(int);
    attach(message, fds.empty() ? 0 : CMSG_SPACE(size));
    if (fds.empty()) return;
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(size);
    unsigned char* place = CMSG_DATA(header);
    for (const BorrowedFd fd : fds) {
      const int number = fd.get();
      std::memcpy(place, &number, sizeof number);
      place += sizeof number;
    }
    std::memset(place, 0,
                CMSG_SPACE(size) - CMSG_LEN(size));  // the kernel reads these bytes too
  }

  // Adds one more control message (SCM_CREDENTIALS, ...) after the others. There must be room for
  // it.
  void append(msghdr& message, int type, const void* content, std::size_t size) noexcept {
    const std::size_t used = message.msg_controllen;
    unsigned char* const place = reinterpret_cast<unsigned char*>(bytes_.data()) + used;
    std::memset(place, 0, CMSG_SPACE(size));
    cmsghdr header{};
    header.cmsg_level = SOL_SOCKET;
    header.cmsg_type = type;
    header.cmsg_len = CMSG_LEN(size);
    std::memcpy(place, &header, sizeof header);
    std::memcpy(place + CMSG_LEN(0), content, size);
    attach(message, used + CMSG_SPACE(size));
  }

 private:
  alignas(cmsghdr) std::array<char, Size> bytes_;
};

using DescriptorsBuffer = ControlBuffer<CMSG_SPACE(most_descriptors_in_message * sizeof(int))>;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_DETAIL_CONTROL_MESSAGE_HPP
