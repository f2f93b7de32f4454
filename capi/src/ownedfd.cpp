// SPDX-License-Identifier: MIT
#include "convert.hpp"

using namespace sysfd_c;  // NOLINT(google-build-using-namespace)

namespace {

// Both ends of a pipe or a connection.
template <class Ends>
int write_ends(sysfd::Result<Ends> made, int fds[2]) {
  return code_of(std::move(made), [fds](Ends ends) {
    auto& [first, second] = ends;
    fds[0] = std::move(first).release();
    fds[1] = std::move(second).release();
  });
}

}  // namespace

int sysfd_open(int directory, const char* path, int flags, uint32_t mode) {
  if (!is_directory(directory)) return -EBADF;
  return code_of(sysfd::open(lent(directory), path, flags, mode));
}

int sysfd_open_resolve(int directory, const char* path, int flags, uint32_t mode,
                       uint64_t resolve) {
  if (!is_directory(directory)) return -EBADF;
  return code_of(
      sysfd::open(lent(directory), path, flags, mode, static_cast<sysfd::Resolve>(resolve)));
}

int sysfd_open_missing_standard_streams(void) {
  return code_of(sysfd::open_missing_standard_streams());
}

int sysfd_pipe(int flags, int fds[2]) {
  return fds ? write_ends(sysfd::pipe(flags), fds) : -EINVAL;
}

int sysfd_socket_pair(int type, int fds[2]) {
  return fds ? write_ends(sysfd::socket_pair(type), fds) : -EINVAL;
}

int sysfd_memfd(const char* name, uint32_t flags) {
  return code_of(sysfd::memfd(name, flags));
}

int sysfd_event_fd(uint32_t initial, int flags) {
  return code_of(sysfd::event_fd(initial, flags));
}

int sysfd_duplicate(int fd) {
  return fd < 0 ? -EBADF : code_of(lent(fd).duplicate());
}

int sysfd_replace(int number, int source) {
  if (number < 0 || source < 0) return -EBADF;
  auto slot = sysfd::OwnedFd::adopt(number);
  const int code = code_of(sysfd::replace(slot, lent(source)));
  (void)std::move(slot).release();
  return code;
}

int sysfd_close_take(int fd) {
  return fd < 0 ? -EBADF : code_of(sysfd::OwnedFd::adopt(fd).close());
}

int sysfd_is_open(int fd) {
  if (fd < 0) return -EBADF;
  auto adopted = sysfd::OwnedFd::adopt_open(fd);
  if (!adopted) return adopted.error().value() == EBADF ? 0 : negative(adopted.error());
  (void)(*std::move(adopted)).release();
  return 1;
}

int sysfd_set_nonblocking(int fd, int nonblocking) {
  return fd < 0 ? -EBADF : code_of(sysfd::set_nonblocking(lent(fd), nonblocking != 0));
}

int sysfd_is_nonblocking(int fd) {
  return fd < 0 ? -EBADF : code_of(sysfd::is_nonblocking(lent(fd)));
}

int sysfd_set_close_on_exec(int fd, int close_on_exec) {
  return fd < 0 ? -EBADF : code_of(sysfd::set_close_on_exec(lent(fd), close_on_exec != 0));
}

int sysfd_is_close_on_exec(int fd) {
  return fd < 0 ? -EBADF : code_of(sysfd::is_close_on_exec(lent(fd)));
}
