// SPDX-License-Identifier: MIT
//
// Sends descriptors over AF_UNIX sockets, and receives them so that none is lost: all are owned and
// close-on-exec from the start, with numbers of 3 or above. Where some are missing, none is
// delivered, and it says why.
//
//     const sysfd::BorrowedFd fds[] = {listener, log};
//     auto sent = sysfd::send_fds(socket, fds, std::as_bytes(std::span("config"sv)));
//
//     std::array<std::byte, 4096> payload;
//     auto message = sysfd::receive_fds(peer, payload, {.max_fds = 2});
//     if (!message || message->fds_error) return fail();
//     use(message->fds.at(0), std::span(payload).first(message->size));
//
// The other side may be hostile: believe neither the number nor the kind of what comes (FdType of
// <sysfd/fd_type.hpp> tells the kind), and remember that both sides share the open file
// descriptions: <sysfd/positioned_file.hpp>, <sysfd/sealed_memory.hpp>.
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

// SCM_MAX_FD: how many descriptors one message can take.
inline constexpr std::size_t max_fds_in_message = 253;

// sendmsg(2) with SCM_RIGHTS: sends duplicates of the descriptors along with the first byte of the
// payload, which cannot be empty where there are descriptors: a stream would lose them. Returns how
// many bytes were sent: of a stream, perhaps not all. The descriptors are then not to be sent again
// with the rest.
// Errors: EINVAL no payload; E2BIG more than max_fds_in_message descriptors; EBADF one of them is
//   not open; EPERM the receiver takes none (pass_fds()); ETOOMANYREFS too many are on their way;
//   EAGAIN with O_NONBLOCK; EPIPE, ECONNRESET nobody is there (without SIGPIPE); EMSGSIZE;
//   ENOTSOCK; EOPNOTSUPP not of AF_UNIX (other families lose descriptors without a word).
// Blocks: until there is room. EINTR is retried.
// Allocates: nothing.
// Cost: one system call, two with descriptors.
[[nodiscard]] SYSFD_API Result<std::size_t> send_fds(BorrowedFd socket,
                                                     std::span<const BorrowedFd> fds,
                                                     std::span<const std::byte> payload) noexcept;

// The same, and waits for room no longer than `timeout`, whatever O_NONBLOCK says, which it does
// not change. Returns less than the whole payload of a stream only where the time was over, the
// wait was called off, or the receiver went away after a part was sent.
// Errors: as above, but not EAGAIN; ETIMEDOUT there was no room; ECANCELED the wait was called off
//   (see Timeout).
// Cost: two system calls more each time that it waits.
[[nodiscard]] SYSFD_API Result<std::size_t> send_fds(BorrowedFd socket,
                                                     std::span<const BorrowedFd> fds,
                                                     std::span<const std::byte> payload,
                                                     Timeout timeout) noexcept;

struct ReceiveOptions {
  // How many descriptors are expected at most. Of a message with more, none is delivered.
  std::size_t max_fds = max_fds_in_message;
  // MSG_DONTWAIT: rather fail with EAGAIN than wait for a message.
  bool nowait = false;
  // Waits for a message no longer than that, whatever O_NONBLOCK says, which it does not change:
  // then fails with ETIMEDOUT, or with ECANCELED where the wait was called off. Means nothing with
  // `nowait`.
  std::optional<Timeout> timeout = std::nullopt;
  // Where the descriptors go that came and are not delivered, also of a message that was too long.
  // Without it they are closed before the call returns, and close(2) takes as long as their sender
  // likes: that of a socket with SO_LINGER and unsent data, of a file of a FUSE server. Who serves
  // others hands them to a thread that may wait.
  std::vector<OwnedFd>* unwanted = nullptr;
};

struct PeerCredentials {
  pid_t pid;  // 0: the sender is in no pid namespace that this process sees
  uid_t uid;
  gid_t gid;
};

struct ReceivedMessage {
  // Bytes of the payload. Zero: a stream or a connection has ended, a datagram is empty, or there
  // was no room given for any.
  std::size_t size = 0;
  // All that were sent, or none.
  std::vector<OwnedFd> fds;
  // Why there are none, though some were sent; the bytes are what was sent with them. E2BIG: more
  // than max_fds. EMFILE, ENFILE: there was no room here for all of them (RLIMIT_NOFILE). EMSGSIZE:
  // a security module held some back, or other control messages took their room.
  std::error_code fds_error;
  // Of the process that has sent it, if pass_credentials() was called before. None at the end of a
  // stream, and where the kernel knows nothing of the sender: of a message that was sent before.
  std::optional<PeerCredentials> credentials;
  // Its pidfd, ready for PidFd::unsafe_adopt(), if pass_pidfd() was called before. Otherwise
  // ENODATA; ESRCH (or EINVAL, before Linux 6.16): the process is gone; EMFILE, ENFILE: there was
  // no room for it.
  Result<OwnedFd> pidfd = std::unexpected(std::error_code(ENODATA, std::system_category()));
};

// recvmsg(2): receives one message, or of a stream the bytes up to the end of those that
// descriptors came with: bytes that were sent before them, without any, may come first.
//
// Descriptors that are missing are no error of the call, since the bytes that came with them would
// be lost, and any sender can cause it: see fds_error.
// Errors: EMSGSIZE a datagram that was longer than `payload`: it is gone then, with its
//   descriptors; EAGAIN with `nowait` or O_NONBLOCK; ETIMEDOUT, ECANCELED with `timeout`;
//   ECONNRESET, ENOTSOCK, ENOTCONN.
// Blocks: until there is a message, or as the options say; also see `unwanted`. EINTR is retried.
// Allocates: room for max_fds, before it receives.
// Cost: one system call, and two more each time that it waits with a timeout; two more where
//   descriptors are missing, one more at the end of a stream that passes credentials.
[[nodiscard]] SYSFD_API Result<ReceivedMessage> receive_fds(BorrowedFd socket,
                                                            std::span<std::byte> payload,
                                                            ReceiveOptions options = {});

// setsockopt(SO_PASSCRED, SO_PASSPIDFD, SO_PASSRIGHTS): what comes along with the messages that
// this socket receives from now on: who has sent them (who sends may choose, with privileges,
// another one); a pidfd of that process (Linux 6.5); descriptors (Linux 6.16; on by default. Off:
// whoever sends some fails with EPERM). Errors: EOPNOTSUPP this kernel cannot, or not for this
// socket; ENOTSOCK. One system call.
[[nodiscard]] SYSFD_API Result<> pass_credentials(BorrowedFd socket, bool on = true) noexcept;
[[nodiscard]] SYSFD_API Result<> pass_pidfd(BorrowedFd socket, bool on = true) noexcept;
[[nodiscard]] SYSFD_API Result<> pass_fds(BorrowedFd socket, bool on) noexcept;

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_FD_PASSING_HPP
