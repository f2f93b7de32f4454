// SPDX-License-Identifier: MIT
#include <sysfd/fd_passing.hpp>

#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include "convert.hpp"

using namespace sysfd_c;  // NOLINT(google-build-using-namespace)

struct sysfd_message {
  std::size_t size = 0;
  std::vector<std::optional<sysfd::OwnedFd>> fds{};
  int fds_error = 0;  // -errno
  std::optional<sysfd::PeerCredentials> credentials{};
  std::optional<sysfd::OwnedFd> pidfd{};
  int pidfd_error = 0;  // -errno
  std::vector<sysfd::OwnedFd> unwanted{};
};

namespace {

static_assert(SYSFD_MAX_FDS_IN_MESSAGE == sysfd::max_fds_in_message);

// So an array of descriptors can be lent as it is.
static_assert(sizeof(sysfd::BorrowedFd) == sizeof(int) &&
              std::is_standard_layout_v<sysfd::BorrowedFd>);

template <class Send>
std::int64_t send(int socket, const int* fds, std::size_t count, const void* payload,
                  std::size_t size, Send send_it) noexcept {
  if (socket < 0) return -EBADF;
  if (is_missing(fds, count) || is_missing(payload, size)) return -EINVAL;
  if (count > sysfd::max_fds_in_message) return -E2BIG;
  for (std::size_t i = 0; i < count; ++i)
    if (fds[i] < 0) return -EBADF;
  const std::span borrowed(reinterpret_cast<const sysfd::BorrowedFd*>(fds), count);
  return code_of(
      send_it(lent(socket), borrowed, std::span(static_cast<const std::byte*>(payload), size)));
}

void fill(sysfd_message& message, sysfd::ReceivedMessage& received) {
  message.size = received.size;
  message.fds.reserve(received.fds.size());
  for (auto& fd : received.fds)
    message.fds.emplace_back(std::move(fd));
  if (received.fds_error) message.fds_error = negative(received.fds_error);
  message.credentials = received.credentials;
  if (received.pidfd)
    message.pidfd = *std::move(received.pidfd);
  else
    message.pidfd_error = negative(received.pidfd.error());
}

}  // namespace

int64_t sysfd_send_fds(int socket, const int* fds, size_t count, const void* payload, size_t size) {
  return send(socket, fds, count, payload, size, [](auto to, auto borrowed, auto bytes) {
    return sysfd::send_fds(to, borrowed, bytes);
  });
}

int64_t sysfd_send_fds_for(int socket, const int* fds, size_t count, const void* payload,
                           size_t size, const sysfd_timeout* timeout) {
  auto limit = sysfd::Timeout::forever();
  if (const int error = read_timeout(timeout, limit); error != 0) return error;
  return send(socket, fds, count, payload, size, [limit](auto to, auto borrowed, auto bytes) {
    return sysfd::send_fds(to, borrowed, bytes, limit);
  });
}

int64_t sysfd_receive_fds(int socket, void* payload, size_t size,
                          const sysfd_receive_options* options, sysfd_message** message) {
  sysfd_receive_options read = SYSFD_RECEIVE_OPTIONS_INIT;
  auto limit = sysfd::Timeout::forever();
  if (socket < 0) return -EBADF;
  if (!message || is_missing(payload, size)) return -EINVAL;
  if (const int error = read_struct(options, read); error != 0) return error;
  if (read.reserved != 0 ||
      has_unknown(read.flags, SYSFD_RECEIVE_NOWAIT | SYSFD_RECEIVE_KEEP_UNWANTED))
    return -EINVAL;
  if (const int error = read_timeout(read.timeout, limit); error != 0) return error;
  return without_exceptions([&]() -> std::int64_t {
    auto made = std::make_unique<sysfd_message>();
    sysfd::ReceiveOptions with{.max_fds = read.max_fds,
                               .nowait = (read.flags & SYSFD_RECEIVE_NOWAIT) != 0};
    if (read.timeout) with.timeout = limit;
    if ((read.flags & SYSFD_RECEIVE_KEEP_UNWANTED) != 0) with.unwanted = &made->unwanted;
    made->fds.reserve(read.max_fds);  // the last that can fail: a message must not be lost
    auto received =
        sysfd::receive_fds(lent(socket), std::span(static_cast<std::byte*>(payload), size), with);
    if (!received) return negative(received.error());
    fill(*made, *received);
    *message = made.release();
    return static_cast<std::int64_t>((*message)->size);
  });
}

int64_t sysfd_message_fd_count(const sysfd_message* message) {
  return message ? static_cast<int64_t>(message->fds.size()) : -EINVAL;
}

int sysfd_message_fd_borrow(const sysfd_message* message, size_t index) {
  if (!message || index >= message->fds.size()) return -EINVAL;
  return message->fds[index] ? message->fds[index]->get() : -ENOENT;
}

int sysfd_message_fd_release(sysfd_message* message, size_t index) {
  if (!message || index >= message->fds.size()) return -EINVAL;
  return give(message->fds[index]);
}

int sysfd_message_fds_error(const sysfd_message* message) {
  return message ? message->fds_error : -EINVAL;
}

int sysfd_message_credentials(const sysfd_message* message, int32_t* pid, uint32_t* user,
                              uint32_t* group) {
  if (!message) return -EINVAL;
  if (!message->credentials) return -ENODATA;
  if (pid) *pid = message->credentials->pid;
  if (user) *user = message->credentials->uid;
  if (group) *group = message->credentials->gid;
  return 0;
}

int sysfd_message_pidfd_release(sysfd_message* message) {
  if (!message) return -EINVAL;
  if (!message->pidfd) return message->pidfd_error;
  message->pidfd_error = -ENOENT;
  return give(message->pidfd);
}

void sysfd_message_free(sysfd_message* message) {
  delete message;
}

int sysfd_pass_credentials(int socket, int on) {
  return socket < 0 ? -EBADF : code_of(sysfd::pass_credentials(lent(socket), on != 0));
}

int sysfd_pass_pidfd(int socket, int on) {
  return socket < 0 ? -EBADF : code_of(sysfd::pass_pidfd(lent(socket), on != 0));
}

int sysfd_pass_fds(int socket, int on) {
  return socket < 0 ? -EBADF : code_of(sysfd::pass_fds(lent(socket), on != 0));
}
