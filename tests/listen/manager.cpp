// SPDX-License-Identifier: MIT
#include "listen/manager.hpp"

#include <poll.h>
#include <sys/uio.h>

#include <array>
#include <cstring>
#include <sstream>

#include "support/prelude.hpp"

#include "listen/objects.hpp"

namespace sysfd_test {

namespace {

bool is_readable(BorrowedFd socket, int milliseconds) {
  pollfd entry{socket.get(), POLLIN, 0};
  return ::poll(&entry, 1, milliseconds) == 1;
}

}  // namespace

std::set<std::string> Received::lines() const {
  std::set<std::string> found;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    found.insert(line);
  return found;
}

Manager::Manager() : socket_(unix_socket(SOCK_DGRAM, address())) {
  const int on = 1;
  EXPECT_EQ(::setsockopt(socket_.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on), 0);
}

bool Manager::has_message() const {
  return is_readable(socket_, 0);
}

Received Manager::receive() const {
  return receive_from(socket_);
}

Received receive_from(BorrowedFd socket) {
  Received received;
  if (!is_readable(socket, 20'000)) {
    ADD_FAILURE() << "nothing was sent";
    return received;
  }
  std::array<char, 65536> buffer{};
  constexpr std::size_t most = 253;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(most * sizeof(int)) + CMSG_SPACE(sizeof(ucred))>
      control{};
  iovec content{buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_iov = &content;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t size = ::recvmsg(socket.get(), &message, MSG_CMSG_CLOEXEC);
  EXPECT_GE(size, 0);
  EXPECT_EQ(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC), 0);
  if (size > 0) received.text.assign(buffer.data(), static_cast<std::size_t>(size));
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    const std::size_t length = header->cmsg_len - CMSG_LEN(0);
    if (header->cmsg_type == SCM_CREDENTIALS)
      std::memcpy(&received.sender, CMSG_DATA(header), sizeof received.sender);
    if (header->cmsg_type != SCM_RIGHTS) continue;
    std::vector<int> numbers(length / sizeof(int));
    std::memcpy(numbers.data(), CMSG_DATA(header), length);
    for (const int number : numbers)
      received.fds.push_back(OwnedFd::adopt(number));
  }
  return received;
}

}  // namespace sysfd_test
