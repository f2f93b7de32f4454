// SPDX-License-Identifier: MIT
//
// Sealed memory, and descriptors in messages.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <span>

#include <sysfd/create.hpp>
#include <sysfd/fd_passing.hpp>
#include <sysfd/sealed_memory.hpp>

#include "counts/operation.hpp"

namespace sysfd_bench {
namespace {

using sysfd::BorrowedFd;
using sysfd::OwnedFd;
using sysfd::SealedMemory;
using sysfd::SharedMemory;

constexpr int all_seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
constexpr std::array<std::byte, 64> content{};

// A mapping of a raw twin.
struct RawMapping {
  RawMapping(void* address, std::size_t length) : start(address), size(length) {
    if (address == MAP_FAILED) give_up("mmap");
  }
  RawMapping(const RawMapping&) = delete;
  RawMapping& operator=(const RawMapping&) = delete;
  ~RawMapping() { ::munmap(start, size); }
  void* start;
  std::size_t size;
};

std::size_t size_of(int fd) {
  struct stat status;
  checked(::fstat(fd, &status));
  return static_cast<std::size_t>(status.st_size);
}

RawMapping map_raw(int fd, int seals, int protection, int flags) {
  if ((checked(::fcntl(fd, F_GET_SEALS)) & seals) != seals) give_up("not sealed");
  const std::size_t size = size_of(fd);
  return {::mmap(nullptr, size, protection, flags, fd, 0), size};
}

// What there is, in a buffer that is large enough, and then made as small as it can be.
RawMapping copy_raw(int fd, std::size_t max_size) {
  if (size_of(fd) > max_size) give_up("too long");
  constexpr std::size_t most = std::size_t{64} * 1024;
  constexpr int protection = PROT_READ | PROT_WRITE;
  void* const start = ::mmap(nullptr, most, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) give_up("mmap");
  std::size_t got = 0;
  for (long count = 1; count > 0 && got < most; got += static_cast<std::size_t>(count))
    count =
        checked(::pread(fd, static_cast<char*>(start) + got, most - got, static_cast<off_t>(got)));
  return {::mremap(start, most, got, MREMAP_MAYMOVE), got};
}

void add_memory(Operations& operations) {
  operations.push_back(compare(
      "sharing: sealed_memfd",
      [] {
        const long fd = checked(::memfd_create("counts", MFD_CLOEXEC | MFD_ALLOW_SEALING));
        checked(::write(static_cast<int>(fd), content.data(), content.size()));
        checked(::fcntl(static_cast<int>(fd), F_ADD_SEALS, all_seals));
        return RawFd(fd);
      },
      [] { return sysfd::sealed_memfd("counts", content); }));
  operations.push_back(compare(
      "sharing: fixed_memfd",
      [] {
        const long fd = checked(::memfd_create("counts", MFD_CLOEXEC | MFD_ALLOW_SEALING));
        checked(::ftruncate(static_cast<int>(fd), 4096));
        checked(
            ::fcntl(static_cast<int>(fd), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL));
        return RawFd(fd);
      },
      [] { return sysfd::fixed_memfd("counts", 4096); }));

  static const OwnedFd sealed = require(sysfd::sealed_memfd("counts", content), "memfd_create");
  static const OwnedFd fixed = require(sysfd::fixed_memfd("counts", 4096), "memfd_create");
  static const int raw_sealed = sealed.get();
  static const int raw_fixed = fixed.get();
  operations.push_back(compare(
      "sharing: SealedMemory::map",
      [] { return map_raw(raw_sealed, F_SEAL_SHRINK | F_SEAL_WRITE, PROT_READ, MAP_PRIVATE); },
      [] { return SealedMemory::map(sealed); }));
  operations.push_back(compare(
      "sharing: SealedMemory::copy", [] { return copy_raw(raw_sealed, 4096); },
      [] { return SealedMemory::copy(sealed, 4096); }));
  operations.push_back(compare(
      "sharing: SharedMemory::map",
      [] { return map_raw(raw_fixed, F_SEAL_SHRINK, PROT_READ | PROT_WRITE, MAP_SHARED); },
      [] { return SharedMemory::map(fixed); }));
}

// A message with one descriptor.
struct RawMessage {
  explicit RawMessage(std::span<std::byte> payload) : data{payload.data(), payload.size()} {
    header.msg_iov = &data;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
  }
  iovec data;
  msghdr header{};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
};

std::array<std::byte, 64> payload{};

long send_raw(int socket, int fd) {
  int family = 0;
  socklen_t size = sizeof family;
  checked(::getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &family, &size));
  if (family != AF_UNIX) give_up("another family loses descriptors");
  RawMessage message(payload);
  cmsghdr* const header = CMSG_FIRSTHDR(&message.header);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  return checked(::sendmsg(socket, &message.header, MSG_NOSIGNAL));
}

RawFd receive_raw(int socket) {
  RawMessage message(payload);
  checked(::recvmsg(socket, &message.header, MSG_CMSG_CLOEXEC));
  if ((message.header.msg_flags & (MSG_CTRUNC | MSG_TRUNC)) != 0) give_up("truncated");
  const cmsghdr* const header = CMSG_FIRSTHDR(&message.header);
  int fd = -1;
  if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
      header->cmsg_len != CMSG_LEN(sizeof fd))
    give_up("no descriptor");
  std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return RawFd(fd);
}

void add_messages(Operations& operations) {
  static const auto pair = require(sysfd::socket_pair(SOCK_SEQPACKET), "socketpair");
  static const int raw_from = pair.first.get();
  static const int raw_to = pair.second.get();
  const Around receive_then{.after = [] { receive_raw(raw_to); }};
  const Around send_before{.before = [] { send_raw(raw_from, 0); }};
  operations.push_back(compare(
      "sharing: send_fds, 1 descriptor", [] { return send_raw(raw_from, 0); },
      [] {
        const BorrowedFd fds[] = {BorrowedFd::unsafe_borrow(0)};
        return sysfd::send_fds(pair.first, fds, payload);
      },
      receive_then));
  operations.push_back(compare(
      "sharing: receive_fds, 1 descriptor", [] { return receive_raw(raw_to); },
      [] { return sysfd::receive_fds(pair.second, payload, {.max_fds = 1}); }, send_before));

  const auto set_raw = [](int option) {
    return [option] {
      const int on = 1;
      checked(::setsockopt(raw_to, SOL_SOCKET, option, &on, sizeof on));
    };
  };
  constexpr int so_passpidfd = 76, so_passrights = 83;
  operations.push_back(compare("sharing: pass_credentials", set_raw(SO_PASSCRED),
                               [] { return sysfd::pass_credentials(pair.second); }));
  operations.push_back(compare("sharing: pass_pidfd", set_raw(so_passpidfd),
                               [] { return sysfd::pass_pidfd(pair.second); }));
  operations.push_back(compare("sharing: pass_fds", set_raw(so_passrights),
                               [] { return sysfd::pass_fds(pair.second, true); }));
}

}  // namespace

void add_sharing_memory(Operations& operations) {
  add_memory(operations);
  add_messages(operations);
}

}  // namespace sysfd_bench
