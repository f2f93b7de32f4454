// SPDX-License-Identifier: MIT
//
// Sends descriptors over AF_UNIX sockets, and receives them without losing any. Received
// descriptors are owned, close-on-exec from the start, and have numbers of 3 or above. If some are
// missing, none is delivered, and `fds_error` tells why.
//
//     const sysfd::BorrowedFd fds[] = {file, log};
//     auto sent = sysfd::send_fds(socket, fds, std::as_bytes(std::span("config"sv)));
//     if (!sent) return fail(sent.error());
//
//     std::array<std::byte, 4096> payload;
//     auto message = sysfd::receive_fds(connection, payload, {.max_fds = 2});
//     if (!message) return fail(message.error());
//     if (message->fds_error) return fail(message->fds_error);
//     use(message->fds, std::span(payload).first(message->size));
//
// The sender may be hostile: check the number and the kind of the descriptors
// (<sysfd/fd_type.hpp>). Both sides share the open file descriptions: see
// <sysfd/positioned_file.hpp> and <sysfd/sealed_memory.hpp>.
#ifndef SYSFD_FD_PASSING_HPP
#define SYSFD_FD_PASSING_HPP
#include <sysfd/detail/cxx23.hpp>

#include <sys/types.h>

#include <cerrno>
#include <cstddef>
#include <optional>
#include <span>
#include <system_error>
#include <vector>

#include <sysfd/attributes.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/result.hpp>
#include <sysfd/timeout.hpp>

namespace sysfd {
inline namespace v0 {

// SCM_MAX_FD: the limit of descriptors in one message.
inline constexpr std::size_t max_fds_in_message = 253;

// sendmsg(2) with SCM_RIGHTS: sends duplicates of the descriptors with the first byte of the
// payload.
//
// Returns how many bytes were sent. On a stream, that may be less than all: send the rest without
// the descriptors. The payload must not be empty, since a stream would lose the descriptors.
//
// Errors:
//   EINVAL: no payload.
//   E2BIG: more than max_fds_in_message descriptors.
//   EBADF: a descriptor is not open.
//   EPERM: the receiver accepts no descriptors (pass_fds()).
//   ETOOMANYREFS: too many descriptors are sent and not yet received.
//   EAGAIN: no room, with O_NONBLOCK.
//   EPIPE, ECONNRESET: the other side is closed. There is no SIGPIPE.
//   EOPNOTSUPP: not an AF_UNIX socket (other families drop descriptors silently).
//   EMSGSIZE, ENOTSOCK.
// Blocks: until there is room. EINTR is retried.
// Allocates: nothing.
// Cost: one system call, two with descriptors.
[[nodiscard]] SYSFD_API Result<std::size_t> send_fds(BorrowedFd socket,
                                                     std::span<const BorrowedFd> fds,
                                                     std::span<const std::byte> payload) noexcept;

// sendmsg(2): sends as above, and waits for room up to `timeout`. O_NONBLOCK has no effect and is
// not changed. Returns less than the payload only if a part was sent on a stream before the
// timeout, the cancellation or the end of the receiver.
//
// Errors: as above without EAGAIN; ETIMEDOUT: no room; ECANCELED: see Timeout.
// Cost: two more system calls for each wait.
[[nodiscard]] SYSFD_API Result<std::size_t> send_fds(BorrowedFd socket,
                                                     std::span<const BorrowedFd> fds,
                                                     std::span<const std::byte> payload,
                                                     Timeout timeout) noexcept;

struct ReceiveOptions {
  // The limit of descriptors. If a message has more, none of them is delivered.
  std::size_t max_fds = max_fds_in_message;
  // MSG_DONTWAIT: fails with EAGAIN instead of waiting for a message.
  bool nowait = false;
  // The limit of the wait for a message: then ETIMEDOUT, or ECANCELED (see Timeout). O_NONBLOCK has
  // no effect and is not changed. Ignored with `nowait`.
  std::optional<Timeout> timeout = std::nullopt;
  // Receives the descriptors that arrived but are not delivered, also those of a message that is
  // too long. If not set, they are closed before the call returns, and the sender decides how long
  // close(2) takes: for a socket with SO_LINGER and unsent data, or a file of a FUSE server. A
  // server should close them in a thread that may block.
  std::vector<OwnedFd>* unwanted = nullptr;
};

struct PeerCredentials {
  pid_t pid;  // 0: the sender is not visible in this process's pid namespace
  uid_t uid;
  gid_t gid;
};

struct ReceivedMessage {
  // Bytes of the payload. Zero at the end of a stream or connection, for an empty datagram, and if
  // `payload` is empty.
  std::size_t size = 0;
  // All that were sent, or none.
  std::vector<OwnedFd> fds;
  // Set if descriptors were sent, but not delivered. The bytes of the message are delivered anyway.
  // E2BIG: more than max_fds. EMFILE, ENFILE: no room for all of them (RLIMIT_NOFILE). EMSGSIZE: a
  // security module withheld some, or other control messages took the room.
  std::error_code fds_error;
  // The sender, if pass_credentials() was called before. Not set at the end of a stream, and for a
  // message that was sent before that call.
  std::optional<PeerCredentials> credentials;
  // A pidfd of the sender for PidFd::unsafe_adopt(), if pass_pidfd() was called before; else
  // ENODATA. ESRCH (before Linux 6.16, EINVAL): the process is gone. EMFILE, ENFILE: no room for
  // it.
  Result<OwnedFd> pidfd = std::unexpected(std::error_code(ENODATA, std::system_category()));
};

// recvmsg(2): receives one message. On a stream, receives bytes up to the end of those that were
// sent with descriptors; bytes sent earlier without descriptors may come first.
//
// Missing descriptors are not an error of the call: any sender can cause that, and the bytes would
// be lost. See fds_error.
//
// Errors:
//   EMSGSIZE: a datagram was longer than `payload`. It is lost, with its descriptors.
//   EAGAIN: no message, with `nowait` or O_NONBLOCK.
//   ETIMEDOUT, ECANCELED: with `timeout`.
//   ECONNRESET, ENOTSOCK, ENOTCONN.
// Blocks: until there is a message, or as set in the options. See also `unwanted`. EINTR is
//   retried.
// Allocates: room for max_fds descriptors, before it receives.
// Cost: one system call. Two more for each wait with a timeout, two more if descriptors are
//   missing, one more at the end of a stream that passes credentials.
[[nodiscard]] SYSFD_API Result<ReceivedMessage> receive_fds(BorrowedFd socket,
                                                            std::span<std::byte> payload,
                                                            ReceiveOptions options = {});

// setsockopt(SO_PASSCRED, SO_PASSPIDFD, SO_PASSRIGHTS): selects what this socket receives with each
// message from now on.
//
// pass_credentials(): the credentials of the sender; a privileged sender may choose others.
// pass_pidfd(): a pidfd of the sender. pass_fds(): descriptors, on by default. If off, sending some
// fails with EPERM.
//
// Errors: EOPNOTSUPP: not on this kernel, or not for this socket; ENOTSOCK.
// Since: pass_pidfd() Linux 6.5, pass_fds() Linux 6.16.
// Cost: one system call.
[[nodiscard]] SYSFD_API Result<> pass_credentials(BorrowedFd socket, bool on = true) noexcept;
[[nodiscard]] SYSFD_API Result<> pass_pidfd(BorrowedFd socket, bool on = true) noexcept;
[[nodiscard]] SYSFD_API Result<> pass_fds(BorrowedFd socket, bool on) noexcept;

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_FD_PASSING_HPP
