// SPDX-License-Identifier: MIT
//
// Fuzzes the control messages of a hostile sender. The kernel checks what is sent, and writes what
// is received: so an input is what a sender sends, and which options the receiver has set on the
// socket. The first byte: the options; the second: how many descriptors it accepts; the third: its
// room; then the control messages as they are given to sendmsg(2).
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <vector>

#include <sysfd/create.hpp>
#include <sysfd/fd_passing.hpp>

#include "fuzz/seeded.hpp"

namespace sysfd_test {

using namespace sysfd;

namespace {

void set(BorrowedFd socket, int option, bool on) {
  const int value = on ? 1 : 0;
  (void)::setsockopt(socket.get(), SOL_SOCKET, option, &value, sizeof value);
}

// Whether a descriptor was leaked or closed, the numbers tell: the lowest that are free.
std::array<int, 4> lowest_free() {
  std::array<int, 4> free{};
  for (int& fd : free) {
    fd = ::fcntl(0, F_DUPFD_CLOEXEC, 3);
    promise(fd >= 3, "there are free numbers");
  }
  for (const int fd : free)
    ::close(fd);
  return free;
}

void send(BorrowedFd socket, std::span<const std::uint8_t> control, std::size_t size) {
  alignas(cmsghdr) std::array<std::uint8_t, 4096> room{};
  std::array<char, 64> payload{};
  iovec data{payload.data(), size};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  if (!control.empty()) {
    std::ranges::copy(control.first(std::min(control.size(), room.size())), room.begin());
    message.msg_control = room.data();
    message.msg_controllen = std::min(control.size(), room.size());
  }
  // Of what the kernel does not take, the bytes alone are sent.
  if (::sendmsg(socket.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return;
  message.msg_control = nullptr;
  message.msg_controllen = 0;
  (void)::sendmsg(socket.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void check(const ReceivedMessage& message, std::size_t room, const ReceiveOptions& options) {
  promise(message.size <= room, "no more bytes than there is room");
  promise(message.fds.size() <= options.max_fds, "no more descriptors than were asked for");
  if (message.fds_error) promise(message.fds.empty(), "an error, and no descriptors");
  for (const OwnedFd& fd : message.fds)
    promise((::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0, "close-on-exec");
}

void receive(int type, unsigned bits, std::size_t most, std::size_t room,
             std::span<const std::uint8_t> control) {
  constexpr int passes_security = 34, timestamps = 29, passes_pidfd = 76;
  const auto pair = socket_pair(type);
  promise(pair.has_value(), "a pair of sockets");
  set(pair->second, SO_PASSCRED, bits & 1);
  set(pair->second, passes_pidfd, bits & 2);
  set(pair->second, passes_security, bits & 4);
  set(pair->second, timestamps, bits & 8);
  send(pair->first, control, bits >> 4 & 1 ? 64 : 1);
  if (bits & 32) send(pair->first, control, 1);
  std::vector<OwnedFd> unwanted;
  ReceiveOptions options;
  options.max_fds = most;
  options.nowait = true;
  if (bits & 64) options.unwanted = &unwanted;
  std::array<std::byte, 64> payload{};
  for (int i = 0; i < 2; ++i) {
    const auto received = receive_fds(pair->second, std::span(payload).first(room), options);
    if (received) check(*received, room, options);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const auto free = lowest_free();
  for (const int type : {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET})
    receive(type, data[0], data[1], data[2] % 65, {data + 3, size - 3});
  promise(lowest_free() == free, "no descriptor is leaked, and no other one is closed");
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
  const std::size_t count = seed / 16 % 8;
  std::vector<std::uint8_t> valid = {static_cast<std::uint8_t>(seed >> 8),
                                     static_cast<std::uint8_t>(seed >> 16 & 7), 64};
  const auto append = [&](int type, const void* content, std::size_t content_size) {
    cmsghdr header{};
    header.cmsg_level = SOL_SOCKET;
    header.cmsg_type = type;
    header.cmsg_len = CMSG_LEN(content_size);
    const std::size_t start = valid.size();
    valid.resize(start + CMSG_SPACE(content_size));
    std::memcpy(valid.data() + start, &header, sizeof header);
    std::memcpy(valid.data() + start + CMSG_LEN(0), content, content_size);
  };
  const std::array<int, 8> fds = {0, 1, 2, 0, 1, 2, 0, 1};
  if (count > 0) append(SCM_RIGHTS, fds.data(), count * sizeof(int));
  const std::array<int, 3> credentials = {::getpid(), 0, 0};
  if (seed >> 20 & 1) append(SCM_CREDENTIALS, credentials.data(), sizeof credentials);
  if (seed >> 21 & 1) append(SCM_RIGHTS, fds.data(), sizeof(int));
  return mutate(data, size, max_size, seed, std::as_bytes(std::span(valid)));
}

}  // namespace sysfd_test
