// SPDX-License-Identifier: MIT
//
// Of what type a descriptor is.
#include "convert.hpp"
#include "listen_objects.hpp"

using namespace sysfd_c;  // NOLINT(google-build-using-namespace)
using sysfd::FdType;

namespace {

int matches(const FdType& type, int fd) noexcept {
  return fd < 0 ? -EBADF : code_of(type.matches(lent(fd)));
}

}  // namespace

int sysfd_fd_type_matches(const sysfd_fd_type* type, int fd) {
  return type ? matches(type->type, fd) : matches(FdType::any(), fd);
}

int sysfd_is_socket(int fd) {
  return matches(FdType::socket(), fd);
}

int sysfd_is_listening_stream(int fd) {
  return matches(FdType::stream_listener(), fd);
}

int sysfd_is_datagram(int fd) {
  return matches(FdType::datagram(), fd);
}

int sysfd_is_fifo(int fd) {
  return matches(FdType::fifo(), fd);
}

int sysfd_is_special_file(int fd) {
  return matches(FdType::special_file(), fd);
}

int sysfd_is_message_queue(int fd) {
  return matches(FdType::message_queue(), fd);
}
