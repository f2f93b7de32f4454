// SPDX-License-Identifier: MIT
#include <sysfd/fd_passing.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

#include <sysfd/detail/control_message.hpp>
#include <sysfd/detail/deadline.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/syscall.hpp>

#include "kernel.hpp"

namespace sysfd {
inline namespace v0 {

using detail::Deadline;
using detail::failure;
using detail::last_error;

static_assert(max_fds_in_message == detail::most_descriptors_in_message);

namespace {

// Has the layout of struct ucred, which <sys/socket.h> declares only with _GNU_SOURCE.
struct Credentials {
  pid_t pid;
  uid_t uid;
  gid_t gid;
};
static_assert(sizeof(Credentials) == 12);

// There is room for everything that may come with one message: also for a security label
// (SO_PASSSEC) and timestamps, which other code may have enabled on this socket.
constexpr std::size_t other_control_size = 1024;
using ReceiveBuffer = detail::ControlBuffer<CMSG_SPACE(max_fds_in_message * sizeof(int)) +
                                            CMSG_SPACE(sizeof(Credentials)) +
                                            CMSG_SPACE(sizeof(int)) + other_control_size>;

template <class T>
T content(const cmsghdr* header) noexcept {
  T value;
  std::memcpy(&value, CMSG_DATA(header), sizeof value);
  return value;
}

bool has(const cmsghdr* header, std::size_t size) noexcept {
  return header->cmsg_len >= CMSG_LEN(size);
}

// Receives the descriptors of a message. Keeps up to max_fds of them; the others are passed to the
// caller (ReceiveOptions::unwanted) or closed.
class ReceivedFds {
 public:
  ReceivedFds(std::vector<OwnedFd>& fds, const ReceiveOptions& options)
      : fds_(fds), unwanted_(options.unwanted), max_(options.max_fds) {
    fds_.reserve(std::min(max_, max_fds_in_message));
    if (unwanted_) unwanted_->reserve(unwanted_->size() + max_fds_in_message);
  }

  // Adds a received descriptor, or the error of one that could not be moved from the number of a
  // standard stream. Allocates nothing.
  void add(Result<OwnedFd> fd) noexcept {
    if (fds_.size() == max_) answer_ = -E2BIG;
    if (!fd)
      answer_ = -fd.error().value();
    else if (answer_ == 0)
      fds_.push_back(*std::move(fd));
    else if (unwanted_)
      unwanted_->push_back(*std::move(fd));
  }
  int answer() const noexcept { return answer_; }  // 0, or -errno

  void reject_all() noexcept {
    if (unwanted_) std::ranges::move(fds_, std::back_inserter(*unwanted_));
    fds_.clear();
  }

 private:
  std::vector<OwnedFd>& fds_;
  std::vector<OwnedFd>* unwanted_;
  std::size_t max_;
  int answer_ = 0;
};

void take_descriptors(const cmsghdr* header, ReceivedFds& taken) noexcept {
  const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  for (std::size_t i = 0; i < count; ++i) {
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
    if (fd >= 0) taken.add(detail::to_owned(fd));
  }
}

Result<OwnedFd> take_pidfd(const cmsghdr* header) noexcept {
  const int fd = content<int>(header);
  if (fd < 0) return failure(-fd);  // a negative errno means that there is no pidfd
  return detail::to_owned(fd);
}

void take_control(msghdr& message, ReceivedFds& taken, ReceivedMessage& received) noexcept {
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET) continue;
    if (header->cmsg_type == SCM_RIGHTS) {
      take_descriptors(header, taken);
    } else if (header->cmsg_type == detail::kernel::scm_pidfd && has(header, sizeof(int))) {
      received.pidfd = take_pidfd(header);
    } else if (header->cmsg_type == detail::kernel::scm_credentials &&
               has(header, sizeof(Credentials))) {
      const auto [pid, uid, gid] = content<Credentials>(header);
      received.credentials = PeerCredentials{pid, uid, gid};
    }
  }
}

// False if the kernel knew no sender and made the credentials up. It fills in the overflow IDs for
// a message that was sent before this socket asked for credentials, and zeros, which are also
// root's IDs, at the end of a stream.
bool were_sent(const PeerCredentials& credentials, std::size_t size, BorrowedFd socket) noexcept {
  constexpr unsigned unknown = 65534;
  const auto [pid, uid, gid] = credentials;
  if (pid != 0) return true;
  if (uid == unknown && gid == unknown) return false;
  if (uid != 0 || gid != 0 || size != 0) return true;
  int type = SOCK_STREAM;
  socklen_t length = sizeof type;
  (void)::getsockopt(socket.get(), SOL_SOCKET, SO_TYPE, &type, &length);
  return type != SOCK_STREAM;
}

// Returns the reason, as -errno, why the kernel delivered fewer descriptors than were sent. The
// kernel does not report it.
int find_truncation_error(BorrowedFd socket) noexcept {
  const long number = detail::system_call(SYS_fcntl, socket.get(), F_DUPFD_CLOEXEC, 0);
  if (number >= 0) {
    detail::close_quietly(static_cast<int>(number));
    return -EMSGSIZE;
  }
  return number == -ENFILE ? -ENFILE : -EMFILE;
}

// Fails with EOPNOTSUPP if the socket is not AF_UNIX. Other families silently ignore descriptors.
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

// Waits until one of `events` is ready. Returns zero or -errno: -ETIMEDOUT, -ECANCELED.
long wait_for(BorrowedFd socket, short events, const Deadline& deadline) noexcept {
  pollfd entries[2] = {{socket.get(), events, 0}};
  const long ready = detail::raw_poll_until(entries, 1, deadline);
  return ready == 0 ? -ETIMEDOUT : std::min(ready, 0L);
}

// Sends a message with its descriptors.
class Outgoing {
 public:
  Outgoing(std::span<const BorrowedFd> fds, std::span<const std::byte> payload) noexcept
      : data_{const_cast<std::byte*>(payload.data()), payload.size()} {
    message_.msg_iov = &data_;
    message_.msg_iovlen = 1;
    control_.attach_descriptors(message_, fds);
  }
  Outgoing(const Outgoing&) = delete;
  Outgoing& operator=(const Outgoing&) = delete;

  // Sends what is left. Returns the number of bytes that were sent, or -errno. The next call sends
  // neither these bytes nor the descriptors again.
  long send(BorrowedFd socket, int flags) noexcept {
    const long sent =
        detail::system_call_retried(SYS_sendmsg, socket.get(), &message_, MSG_NOSIGNAL | flags);
    if (sent < 0) return sent;
    data_.iov_base = static_cast<std::byte*>(data_.iov_base) + sent;
    data_.iov_len -= static_cast<std::size_t>(sent);
    control_.attach(message_, 0);
    return sent;
  }
  bool is_sent() const noexcept { return data_.iov_len == 0; }

 private:
  iovec data_;
  msghdr message_{};
  detail::DescriptorsBuffer control_;
};

// Checks what the kernel does not check.
Result<> check(BorrowedFd socket, std::span<const BorrowedFd> fds,
               std::span<const std::byte> payload) noexcept {
  if (payload.empty()) return failure(EINVAL);
  if (fds.size() > max_fds_in_message) return failure(E2BIG);
  if (fds.empty()) return {};
  return check_family(socket);
}

long receive(BorrowedFd socket, msghdr& message, const ReceiveOptions& options) noexcept {
  const bool polls = options.timeout && !options.nowait;
  const bool is_nonblocking = options.nowait || polls;
  const int flags = MSG_CMSG_CLOEXEC | (is_nonblocking ? MSG_DONTWAIT : 0);
  const Deadline deadline = polls ? detail::deadline_after(*options.timeout) : Deadline();
  for (;;) {
    const long size = detail::system_call_retried(SYS_recvmsg, socket.get(), &message, flags);
    if (size != -EAGAIN || !polls) return size;
    if (const long waited = wait_for(socket, POLLIN, deadline); waited < 0) return waited;
  }
}

}  // namespace

Result<std::size_t> send_fds(BorrowedFd socket, std::span<const BorrowedFd> fds,
                             std::span<const std::byte> payload) noexcept {
  if (auto checked = check(socket, fds, payload); !checked) return std::unexpected(checked.error());
  const long sent = Outgoing(fds, payload).send(socket, 0);
  if (sent < 0) return failure(static_cast<int>(-sent));
  return static_cast<std::size_t>(sent);
}

Result<std::size_t> send_fds(BorrowedFd socket, std::span<const BorrowedFd> fds,
                             std::span<const std::byte> payload, Timeout timeout) noexcept {
  if (auto checked = check(socket, fds, payload); !checked) return std::unexpected(checked.error());
  const Deadline deadline = detail::deadline_after(timeout);
  Outgoing message(fds, payload);
  std::size_t total = 0;
  while (!message.is_sent()) {
    long answer = message.send(socket, MSG_DONTWAIT);
    if (answer > 0) total += static_cast<std::size_t>(answer);
    if (answer == -EAGAIN) answer = wait_for(socket, POLLOUT, deadline);
    if (answer >= 0) continue;
    if (total > 0) return total;
    return failure(static_cast<int>(-answer));
  }
  return total;
}

Result<ReceivedMessage> receive_fds(BorrowedFd socket, std::span<std::byte> payload,
                                    ReceiveOptions options) {
  Result<ReceivedMessage> result;  // the object that is returned, so that nothing has to be moved
  ReceivedMessage& received = *result;
  ReceivedFds taken(received.fds, options);
  iovec data{payload.data(), payload.size()};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  ReceiveBuffer control;
  control.attach(message);
  const long size = receive(socket, message, options);
  if (size < 0) {
    result = failure(static_cast<int>(-size));
    return result;
  }
  received.size = static_cast<std::size_t>(size);

  take_control(message, taken, received);
  if (taken.answer() < 0)
    received.fds_error = detail::error_code(-taken.answer());
  else if ((message.msg_flags & MSG_CTRUNC) != 0)
    received.fds_error = detail::error_code(-find_truncation_error(socket));
  const bool is_too_long = (message.msg_flags & MSG_TRUNC) != 0;
  if (received.fds_error || is_too_long) taken.reject_all();
  if (is_too_long)
    result = failure(EMSGSIZE);
  else if (received.credentials && !were_sent(*received.credentials, received.size, socket))
    received.credentials.reset();
  return result;
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
