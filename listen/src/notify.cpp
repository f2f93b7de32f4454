// SPDX-License-Identifier: MIT
#include <sysfd/notify.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <sysfd/create.hpp>
#include <sysfd/detail/control_message.hpp>
#include <sysfd/detail/deadline.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/syscall.hpp>

#include "notify_address.hpp"
#include "variables.hpp"

namespace sysfd {
inline namespace v0 {

using detail::failure;

namespace {

// Has the value EINVAL and a message that names the part of the notification.
class InvalidPart : public std::error_category {
 public:
  explicit InvalidPart(const char* message) noexcept : message_(message) {}
  const char* name() const noexcept override { return "sysfd.notify"; }
  std::string message(int) const override { return message_; }
  std::error_condition default_error_condition(int) const noexcept override {
    return std::errc::invalid_argument;
  }

 private:
  const char* message_;
};

enum class Part : std::size_t {
  nothing,
  status,
  store_name,
  remove_stored,
  more,
  watchdog,
  watchdog_interval,
  extend_timeout,
  store,
  exit_status,
};

std::error_code invalid(Part part) noexcept {
  static const InvalidPart parts[] = {
      InvalidPart("a notification that says nothing"),
      InvalidPart("the status of a notification: more than one line, or a NUL"),
      InvalidPart("the name to store by: not printable ASCII without ':', or over 255 characters"),
      InvalidPart("the name to remove: not printable ASCII without ':', or over 255 characters"),
      InvalidPart("the other assignments of a notification: a NUL"),
      InvalidPart("watchdog and watchdog_trigger: one of them"),
      InvalidPart("watchdog_interval: a negative time"),
      InvalidPart("extend_timeout: a negative time"),
      InvalidPart("store_name and store_poll need descriptors to store, and remove_stored none"),
      InvalidPart("exit_status: not from 0 to 255"),
  };
  return {EINVAL, parts[static_cast<std::size_t>(part)]};
}

// Has the layout of struct ucred, which <sys/socket.h> declares only with _GNU_SOURCE.
struct Credentials {
  pid_t pid;
  uid_t uid;
  gid_t gid;
};
static_assert(sizeof(Credentials) == 12);
constexpr int scm_credentials = 2;  // SCM_CREDENTIALS

// Builds the text of a message, and keeps the first error in it.
class Message {
 public:
  void add(std::string_view name, std::string_view value) {
    text_.append(name).append(1, '=').append(value).append(1, '\n');
  }
  void add(std::string_view name, long long value) { add(name, std::to_string(value)); }
  void add(std::string_view name, std::chrono::microseconds time, Part part) {
    expect(time.count() >= 0, part);
    add(name, static_cast<long long>(time.count()));
  }
  void add_line(std::string_view name, std::string_view value, Part part) {
    expect(!value.contains('\n') && !value.contains('\0'), part);
    add(name, value);
  }
  void add_exit_status(int status) {
    expect(status >= 0 && status <= 255, Part::exit_status);
    add("EXIT_STATUS", status);
  }
  // sd_listen_fds(3) returns the names separated by colons.
  void add_name(std::string_view name, Part part) {
    constexpr std::size_t longest = 255;
    const auto is_allowed = [](char c) { return c >= ' ' && c < 127 && c != ':'; };
    expect(name.size() <= longest && std::ranges::all_of(name, is_allowed), part);
    add("FDNAME", name);
  }
  void add_lines(std::string_view lines) {
    expect(!lines.contains('\0'), Part::more);
    text_.append(lines).append(1, '\n');
  }

  // systemd drops a longer message (NOTIFY_BUFFER_MAX) as a whole, and does not tell the
  // sender.
  std::error_code error() const noexcept {
    constexpr std::size_t longest = 4096;
    if (error_) return error_;
    if (text_.empty()) return invalid(Part::nothing);
    return text_.size() > longest ? detail::error_code(EMSGSIZE) : std::error_code();
  }
  const std::string& text() const noexcept { return text_; }

  // These are sent with the text.
  std::vector<BorrowedFd> fds;
  std::optional<Credentials> sender;

 private:
  void expect(bool is_right, Part part) noexcept {
    if (!is_right && !error_) error_ = invalid(part);
  }

  std::string text_;
  std::error_code error_;
};

long long monotonic_microseconds() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<long long>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
}

// If one message has several states, systemd believes the last one: a service that has reloaded and
// is ready is ready, and one that is stopping is stopping.
void add_state(const Notification& notification, Message& message) {
  if (notification.reloading) {
    message.add("RELOADING", 1);
    message.add("MONOTONIC_USEC", monotonic_microseconds());
  }
  if (notification.ready) message.add("READY", 1);
  if (notification.stopping) message.add("STOPPING", 1);
  if (notification.status) message.add_line("STATUS", *notification.status, Part::status);
  if (notification.error) message.add("ERRNO", *notification.error);
  if (notification.exit_status) message.add_exit_status(*notification.exit_status);
  if (notification.watchdog) message.add("WATCHDOG", 1);
  if (notification.watchdog_trigger) message.add("WATCHDOG", "trigger");
  if (notification.watchdog_interval)
    message.add("WATCHDOG_USEC", *notification.watchdog_interval, Part::watchdog_interval);
  if (notification.extend_timeout)
    message.add("EXTEND_TIMEOUT_USEC", *notification.extend_timeout, Part::extend_timeout);
}

// Sends the pidfd too if that is possible and there is no identity.
Result<> add_main_process(const PidFd& process, bool may_send_pidfd, Message& message) {
  const auto pid = process.pid();
  if (!pid) return std::unexpected(pid.error());
  message.add("MAINPID", *pid);
  if (const auto id = process.id()) {
    message.add("MAINPIDFDID", to_string(*id));
  } else if (may_send_pidfd) {
    message.add("MAINPIDFD", 1);
    message.fds.push_back(process.fd());
  }
  return {};
}

void add_store(const Notification& notification, Message& message) {
  if (!notification.store.empty()) {
    message.add("FDSTORE", 1);
    if (!notification.store_name.empty())
      message.add_name(notification.store_name, Part::store_name);
    if (!notification.store_poll) message.add("FDPOLL", 0);
  }
  if (!notification.remove_stored.empty()) {
    message.add("FDSTOREREMOVE", 1);
    message.add_name(notification.remove_stored, Part::remove_stored);
  }
}

// Composes the message. Returns the first error in the notification, or in how it is to be sent.
Result<> compose(const Notification& notification, bool is_for_vsock, Message& message) {
  // A message has only one FDNAME: a descriptor that is stored without a name would get the name of
  // the one that is removed.
  const bool stores = !notification.store.empty() || !notification.store_name.empty();
  const bool has_no_descriptors =
      notification.store.empty() && (stores || !notification.store_poll);
  if (has_no_descriptors || (stores && !notification.remove_stored.empty()))
    return std::unexpected(invalid(Part::store));
  if (notification.watchdog && notification.watchdog_trigger)
    return std::unexpected(invalid(Part::watchdog));

  message.fds.assign(notification.store.begin(), notification.store.end());
  add_state(notification, message);
  if (notification.main_process) {
    const bool may_send_pidfd = notification.store.empty() && !is_for_vsock;
    if (auto added = add_main_process(*notification.main_process, may_send_pidfd, message); !added)
      return added;
  }
  add_store(notification, message);
  if (!notification.more.empty()) message.add_lines(notification.more);
  if (const auto error = message.error()) return std::unexpected(error);
  if (message.fds.size() > detail::most_descriptors_in_message) return failure(E2BIG);
  if (is_for_vsock && (notification.sender || !message.fds.empty())) return failure(EOPNOTSUPP);
  if (notification.sender) {
    const auto pid = notification.sender->pid();
    if (!pid) return std::unexpected(pid.error());
    message.sender = {.pid = *pid, .uid = ::getuid(), .gid = ::getgid()};
  }
  return {};
}

using Control =
    detail::ControlBuffer<CMSG_SPACE(detail::most_descriptors_in_message * sizeof(int)) +
                          CMSG_SPACE(sizeof(Credentials))>;

// Waits until the deadline while the queue of the receiver is full.
Result<> send(BorrowedFd socket, std::string_view text, std::span<const BorrowedFd> fds,
              const std::optional<Credentials>& sender, const detail::Deadline& deadline) {
  iovec content{const_cast<char*>(text.data()), text.size()};
  msghdr message{};
  message.msg_iov = &content;
  message.msg_iovlen = 1;
  Control control;
  control.attach_descriptors(message, fds);
  if (sender) control.append(message, scm_credentials, &*sender, sizeof *sender);
  // A stream socket may accept only a part.
  while (content.iov_len > 0) {
    const long sent =
        detail::system_call_retried(SYS_sendmsg, socket.get(), &message, MSG_NOSIGNAL);
    if (sent == -EAGAIN) {
      if (auto room = detail::wait_to_write(socket, deadline); !room) return room;
      continue;
    }
    // The kernel disconnects a datagram socket after it has reported once that the peer is gone.
    if (sent == -ENOTCONN) return failure(ECONNREFUSED);
    if (sent < 0) return failure(static_cast<int>(-sent));
    content.iov_base = static_cast<char*>(content.iov_base) + sent;
    content.iov_len -= static_cast<std::size_t>(sent);
    control.attach(message, 0);
  }
  return {};
}

Result<> send(BorrowedFd socket, const Message& message, const detail::Deadline& deadline) {
  return send(socket, message.text(), message.fds, message.sender, deadline);
}

Result<> send_notification(std::string_view address, const Notification& notification) {
  const auto deadline = detail::deadline_after(notification.timeout);
  const auto where = detail::parse_notify_address(address);
  if (!where) return std::unexpected(where.error());
  Message message;
  if (auto composed = compose(notification, where->is_vsock(), message); !composed) return composed;
  const auto socket = detail::connect_to(*where, deadline);
  if (!socket) return std::unexpected(socket.error());
  return send(*socket, message, deadline);
}

// The manager closes its end of the pipe when it reads the message.
Result<> pass_barrier(BorrowedFd socket, const detail::Deadline& deadline) {
  auto ends = pipe();
  if (!ends) return std::unexpected(ends.error());
  {
    const OwnedFd theirs = std::move(ends->write);
    const BorrowedFd fds[] = {theirs};
    if (auto sent = send(socket, "BARRIER=1", fds, std::nullopt, deadline); !sent) return sent;
  }
  pollfd entries[2] = {{ends->read.get(), 0, 0}};
  const auto ready = detail::poll_until(entries, 1, deadline);
  if (!ready) return std::unexpected(ready.error());
  if (*ready == 0) return failure(ETIMEDOUT);
  return {};
}

Result<> pass_barrier(std::string_view address, Timeout timeout) {
  const auto deadline = detail::deadline_after(timeout);
  const auto where = detail::parse_notify_address(address);
  if (!where) return std::unexpected(where.error());
  if (where->is_vsock()) return failure(EOPNOTSUPP);
  const auto socket = detail::connect_to(*where, deadline);
  if (!socket) return std::unexpected(socket.error());
  return pass_barrier(*socket, deadline);
}

// The header warns that the environment has no lock.
const char* variable(const char* name) noexcept {
  return ::getenv(name);  // NOLINT(concurrency-mt-unsafe)
}

// Calls `use` with the value of NOTIFY_SOCKET.
template <class Use>
Result<NotifyResult> with_manager(Use use) {
  const char* address = variable("NOTIFY_SOCKET");
  if (!address) return NotifyResult::no_manager;
  if (auto done = use(address); !done) return std::unexpected(done.error());
  return NotifyResult::sent;
}

}  // namespace

Result<NotifyResult> notify(const Notification& notification) {
  return with_manager(
      [&](std::string_view address) { return send_notification(address, notification); });
}

Result<> notify(CStr address, const Notification& notification) {
  if (!address.get()) return failure(EINVAL);
  return send_notification(address.get(), notification);
}

Result<NotifyResult> notify_barrier(Timeout timeout) {
  return with_manager([&](std::string_view address) { return pass_barrier(address, timeout); });
}

Result<> notify_barrier(CStr address, Timeout timeout) {
  if (!address.get()) return failure(EINVAL);
  return pass_barrier(address.get(), timeout);
}

Result<Notifier> Notifier::connect(CStr address) {
  if (!address.get()) return failure(EINVAL);
  const auto where = detail::parse_notify_address(address.get());
  if (!where) return std::unexpected(where.error());
  Notifier notifier;
  if (where->is_vsock()) {
    notifier.vsock_ = address.get();
    return notifier;
  }
  auto socket = detail::connect_to(*where, {});  // a datagram socket connects at once
  if (!socket) return std::unexpected(socket.error());
  notifier.socket_ = *std::move(socket);
  return notifier;
}

Result<Notifier> Notifier::from_environment(NotifierOptions options) {
  const char* address = variable("NOTIFY_SOCKET");
  auto notifier = address ? connect(address) : Result<Notifier>(Notifier());
  if (notifier) notifier->watchdog_ = sysfd::watchdog_interval();
  if (options.unset_environment)
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
      ::unsetenv(name);  // NOLINT(concurrency-mt-unsafe)
  return notifier;
}

Result<NotifyResult> Notifier::notify(const Notification& notification) const {
  if (!has_manager()) return NotifyResult::no_manager;
  Result<> told;
  if (socket_) {
    const auto deadline = detail::deadline_after(notification.timeout);
    Message message;
    told = compose(notification, false, message);
    if (told) told = send(*socket_, message, deadline);
  } else {
    told = send_notification(vsock_, notification);
  }
  if (!told) return std::unexpected(told.error());
  return NotifyResult::sent;
}

Result<NotifyResult> Notifier::barrier(Timeout timeout) const {
  if (!has_manager()) return NotifyResult::no_manager;
  if (!socket_) return failure(EOPNOTSUPP);
  if (auto done = pass_barrier(*socket_, detail::deadline_after(timeout)); !done)
    return std::unexpected(done.error());
  return NotifyResult::sent;
}

Result<std::chrono::microseconds> watchdog_interval() noexcept {
  const char* interval = variable("WATCHDOG_USEC");
  if (!interval) return failure(ENODATA);
  const auto microseconds = detail::parse_decimal<long long>(interval, LLONG_MAX);
  if (!microseconds) return failure(EINVAL);
  if (const char* whom = variable("WATCHDOG_PID")) {
    const auto pid = detail::parse_decimal<pid_t>(whom, INT_MAX);
    if (!pid) return failure(EINVAL);
    if (*pid != ::getpid()) return failure(ENODATA);
  }
  return std::chrono::microseconds(*microseconds);
}

}  // namespace v0
}  // namespace sysfd
