// SPDX-License-Identifier: MIT
#include <sysfd/fd_passing.hpp>

#include <sys/socket.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <sysfd/detail/control_message.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/syscall.hpp>

#include "kernel.hpp"

namespace sysfd {
inline namespace v0 {

using detail::failure;
using detail::last_error;

static_assert(max_fds_in_message == detail::most_descriptors_in_message);

namespace {

// struct ucred, which <sys/socket.h> has for _GNU_SOURCE only.
struct Credentials {
  pid_t pid;
  uid_t uid;
  gid_t gid;
};
static_assert(sizeof(Credentials) == 12);

// All that may come with one message: also a security label (SO_PASSSEC) and times, which somebody else
// may have asked this socket for.
constexpr std::size_t others = 1024;
using ReceiveBuffer =
    detail::ControlBuffer<CMSG_SPACE(max_fds_in_message * sizeof(int)) +
                          CMSG_SPACE(sizeof(Credentials)) + CMSG_SPACE(sizeof(int)) + others>;

template <class T>
T content(const cmsghdr* header) noexcept {
  T value;
  std::memcpy(&value, CMSG_DATA(header), sizeof value);
  return value;
}

bool has(const cmsghdr* header, std::size_t size) noexcept {
  return header->cmsg_len >= CMSG_LEN(size);
}

// Takes what came: every descriptor is owned from here on. Answers how many there were for nobody.
std::size_t take_descriptors(const cmsghdr* header, std::size_t max, std::vector<OwnedFd>& fds) {
  const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  std::size_t surplus = 0;
  for (std::size_t i = 0; i < count; ++i) {
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
    if (fd < 0) continue;
    OwnedFd owned = OwnedFd::adopt(fd);
    if (fds.size() < max)
      fds.push_back(std::move(owned));
    else
      ++surplus;
  }
  return surplus;
}

Result<OwnedFd> take_pidfd(const cmsghdr* header) noexcept {
  const int fd = content<int>(header);
  if (fd < 0) return failure(-fd);  // the kernel's way to say that there is none
  return OwnedFd::adopt(fd);
}

// Answers how many descriptors were one too many, or more.
std::size_t take_control(msghdr& message, std::size_t max_fds, ReceivedMessage& received) {
  std::size_t surplus = 0;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET) continue;
    if (header->cmsg_type == SCM_RIGHTS) {
      surplus += take_descriptors(header, max_fds, received.fds);
    } else if (header->cmsg_type == detail::kernel::scm_pidfd && has(header, sizeof(int))) {
      received.pidfd = take_pidfd(header);
    } else if (header->cmsg_type == detail::kernel::scm_credentials &&
               has(header, sizeof(Credentials))) {
      const auto [pid, uid, gid] = content<Credentials>(header);
      received.credentials = PeerCredentials{pid, uid, gid};
    }
  }
  return surplus;
}

// Other families ignore descriptors in silence.
Result<> check_family(BorrowedFd socket) noexcept {
  int family = 0;
  socklen_t size = sizeof family;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_DOMAIN, &family, &size) == -1) return last_error();
  if (family != AF_UNIX) return failure(EOPNOTSUPP);
  return {};
}

Result<> set_option(BorrowedFd socket, int option, bool on) noexcept {
  const int value = on ? 1 : 0;
  if (::setsockopt(socket.get(), SOL_SOCKET, option, &value, sizeof value) == 0) return {};
  return errno == ENOPROTOOPT ? failure(EOPNOTSUPP) : last_error();
}

}  // namespace

Result<std::size_t> send_fds(BorrowedFd socket, std::span<const BorrowedFd> fds,
                             std::span<const std::byte> payload) noexcept {
  if (payload.empty()) return failure(EINVAL);
  if (fds.size() > max_fds_in_message) return failure(E2BIG);
  if (!fds.empty())
    if (auto right = check_family(socket); !right) return std::unexpected(right.error());
  std::array<int, max_fds_in_message> numbers;
  std::ranges::transform(fds, numbers.begin(), &BorrowedFd::get);

  iovec data{const_cast<std::byte*>(payload.data()), payload.size()};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  detail::DescriptorsBuffer control;
  control.attach_descriptors(message, std::span(numbers).first(fds.size()));
  const long sent = detail::system_call_retried(SYS_sendmsg, socket.get(), &message, MSG_NOSIGNAL);
  if (sent < 0) return failure(static_cast<int>(-sent));
  return static_cast<std::size_t>(sent);
}

Result<ReceivedMessage> receive_fds(BorrowedFd socket, std::span<std::byte> payload,
                                    ReceiveOptions options) {
  ReceivedMessage received;
  received.fds.reserve(std::min(options.max_fds, max_fds_in_message));
  iovec data{payload.data(), payload.size()};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  ReceiveBuffer control;
  const int flags = MSG_CMSG_CLOEXEC | (options.nowait ? MSG_DONTWAIT : 0);
  control.attach(message);
  const long size = detail::system_call_retried(SYS_recvmsg, socket.get(), &message, flags);
  if (size < 0) return failure(static_cast<int>(-size));
  received.size = static_cast<std::size_t>(size);

  const std::size_t surplus = take_control(message, options.max_fds, received);
  if ((message.msg_flags & (MSG_CTRUNC | MSG_TRUNC)) != 0) return failure(EMSGSIZE);
  if (surplus > 0) return failure(E2BIG);
  return received;
}

Result<> pass_credentials(BorrowedFd socket, bool on) noexcept {
  return set_option(socket, SO_PASSCRED, on);
}

Result<> pass_pidfd(BorrowedFd socket, bool on) noexcept {
  return set_option(socket, detail::kernel::so_passpidfd, on);
}

Result<> pass_fds(BorrowedFd socket, bool on) noexcept {
  return set_option(socket, detail::kernel::so_passrights, on);
}

}  // namespace v0
}  // namespace sysfd
