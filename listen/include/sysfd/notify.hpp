// SPDX-License-Identifier: MIT
//
// notify() and Notifier: tell a service manager the state of this service (the protocol of
// sd_notify(3), over the socket that NOTIFY_SOCKET names), and store descriptors in the manager for
// the service's next start.
//
//     auto told = sysfd::notify({.ready = true, .status = "serving on port 443"});
//     if (!told) return fail(told.error());
//     const sysfd::BorrowedFd kept[] = {socket};
//     told = sysfd::notify({.store = kept, .store_name = "web"});  // next start: ListenFds, "web"
//     if (told) told = sysfd::notify_barrier(5s);                  // the manager has read it all
//     if (!told) return fail(told.error());
//
// A service that changes its root directory, may run out of descriptors, or removes NOTIFY_SOCKET
// from its environment makes a Notifier at its start, which keeps the socket.
//
// notify() and notify_barrier() read NOTIFY_SOCKET in each call, without a lock (getenv(3)). If
// threads of the program change the environment, make a Notifier before, or pass an `address`.
#ifndef SYSFD_NOTIFY_HPP
#define SYSFD_NOTIFY_HPP
#include <sysfd/detail/cxx23.hpp>

#include <sys/types.h>

#include <cerrno>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include <sysfd/attributes.hpp>
#include <sysfd/cstr.hpp>
#include <sysfd/detail/chrono.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/pidfd.hpp>
#include <sysfd/result.hpp>
#include <sysfd/timeout.hpp>

namespace sysfd {
inline namespace v0 {

// One message. Only the fields that are set are sent. Texts are borrowed for the call; each is one
// line, without a newline or a NUL.
struct Notification {
  bool ready = false;      // READY=1: started, or reloaded
  bool reloading = false;  // RELOADING=1, with the time. Send `ready` when done, or in the same
                           // message
  bool stopping = false;   // STOPPING=1
  std::optional<std::string_view> status = std::nullopt;  // STATUS=: a text for users, in UTF-8
  std::optional<int> error = std::nullopt;                // ERRNO=: why the service failed
  std::optional<int> exit_status = std::nullopt;          // EXIT_STATUS=, 0 to 255

  // MAINPID=: this becomes the main process of the service. Also sends MAINPIDFDID= if the kernel
  // has process identities. If it has none and `store` is empty, sends MAINPIDFD=1 and the pidfd.
  const PidFd* main_process = nullptr;

  // SCM_CREDENTIALS: sends the message on behalf of this process, as sd_pid_notify(3). Needs
  // CAP_SYS_ADMIN in the user namespace that owns the caller's pid namespace, unless it is the
  // calling process.
  const PidFd* sender = nullptr;

  bool watchdog = false;          // WATCHDOG=1: the service is alive, see watchdog_interval()
  bool watchdog_trigger = false;  // WATCHDOG=trigger: act as if the watchdog had timed out
  std::optional<std::chrono::microseconds> watchdog_interval = std::nullopt;  // WATCHDOG_USEC=
  // EXTEND_TIMEOUT_USEC=: starting, running or stopping may take this much longer.
  std::optional<std::chrono::microseconds> extend_timeout = std::nullopt;

  // FDSTORE=1: the manager keeps duplicates of these descriptors, at most 253, for the next start
  // of the service. All get the name `store_name`: printable ASCII without ':', at most 255
  // characters. If it is empty, the manager uses "stored". Unless `store_poll` is false (FDPOLL=0),
  // the manager drops a descriptor when poll(2) reports an error or a hang-up.
  std::span<const BorrowedFd> store{};
  std::string_view store_name{};
  bool store_poll = true;
  // FDSTOREREMOVE=1: drops the stored descriptors with this name. Cannot be combined with `store`.
  std::string_view remove_stored{};

  // Other assignments, "NAME=value" each, separated by newlines.
  std::string_view more{};

  // How long to wait while the manager's queue is full.
  Timeout timeout = std::chrono::seconds(5);
};

// The values are fixed, and may be stored and sent. New ones are appended.
enum class NotifyResult {
  no_manager = 0,  // NOTIFY_SOCKET is not set: there is no manager to notify
  sent = 1,
};

// sendmsg(2): sends a message to the socket that NOTIFY_SOCKET or `address` names. Returns when the
// message is in the manager's queue; notify_barrier() waits until it was read.
//
// The address is a path, '@' and a name in the abstract namespace, or vsock:CID:PORT (also
// vsock-stream, vsock-dgram, vsock-seqpacket; vsock(7)). EINTR is retried.
//
// Errors:
//   EINVAL: nothing is set, or a text, a name or the address is invalid. For the notification, the
//   message of the error names the field.
//   E2BIG: more descriptors than one message can carry.
//   EMSGSIZE: more than 4096 bytes, which systemd would drop.
//   ENOENT, ECONNREFUSED: nobody listens at the address.
//   ESRCH: the main process or the sender was reaped.
//   EPERM: the caller may not send on behalf of another process.
//   EOPNOTSUPP: descriptors, or a sender, over vsock.
//   EACCES, ETIMEDOUT, ECANCELED.
// Blocks: for at most `timeout`, while the manager's queue is full.
// Allocates: the message.
// Cost: four system calls; over vsock also bind(2). For a main process, also those of PidFd::pid()
// and id(). For a sender, also those of PidFd::pid(), and two more.
SYSFD_API Result<NotifyResult> notify(const Notification& notification);
SYSFD_API Result<> notify(CStr address, const Notification& notification);

// ppoll(2), after a message BARRIER=1: waits until the manager has read all earlier messages. Call
// it before this process ends: otherwise the manager may not be able to tell which process sent a
// message.
//
// Errors: those of notify(), EMFILE, ENFILE, and EOPNOTSUPP: the address is of vsock.
SYSFD_API Result<NotifyResult> notify_barrier(Timeout timeout);
SYSFD_API Result<> notify_barrier(CStr address, Timeout timeout);

struct NotifierOptions {
  // Removes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID from the environment, also after an
  // error, so that programs started later do not notify the manager for this service. Takes no
  // lock (unsetenv(3)): use it before there are other threads.
  bool unset_environment = false;
};

// A socket that is connected to a service manager. It keeps working after chroot(2), when the
// process has run out of descriptors, and after changes of the environment. Thread-safe. In a
// forked process it notifies on behalf of that process.
//
//     auto notifier = sysfd::Notifier::from_environment({.unset_environment = true});
//     if (!notifier) return fail(notifier.error());
//     auto ready = notifier->notify({.ready = true});
//     if (!ready) return fail(ready.error());
//
// Over vsock each message has its own connection and needs a descriptor: managers read one message
// from each connection.
class Notifier {
 public:
  // socket(2), connect(2): connects to the manager at this address, see notify().
  //
  // Errors:
  //   EINVAL: the address is invalid.
  //   ENOENT, ECONNREFUSED: nobody listens there.
  //   EACCES, EMFILE, ENFILE, ENOMEM.
  // Ownership: the Notifier owns the socket, which is close-on-exec.
  // Cost: two system calls; none for vsock.
  [[nodiscard]] SYSFD_API static Result<Notifier> connect(CStr address);

  // socket(2), connect(2): connects to the manager at NOTIFY_SOCKET. Also stores the values of
  // WATCHDOG_USEC and WATCHDOG_PID. If NOTIFY_SOCKET is not set, returns a Notifier without a
  // manager, which sends nothing.
  //
  // Errors: those of connect().
  [[nodiscard]] SYSFD_API static Result<Notifier> from_environment(NotifierOptions options = {});

  bool has_manager() const noexcept { return socket_.has_value() || !vsock_.empty(); }

  // sendmsg(2): as sysfd::notify().
  //
  // Errors: those of sysfd::notify() except ENOENT and EACCES. ECONNREFUSED: the manager that it
  //   was connected to is gone. Make a new Notifier to reach another one.
  // Cost: one system call; over vsock, and for a main process or a sender, see sysfd::notify().
  SYSFD_API Result<NotifyResult> notify(const Notification& notification) const;

  // ppoll(2): as sysfd::notify_barrier(). Needs two descriptors for the call.
  //
  // Errors: those of sysfd::notify_barrier().
  SYSFD_API Result<NotifyResult> barrier(Timeout timeout) const;

  // Returns what sysfd::watchdog_interval() returned during from_environment(), in the process that
  // called that. After connect(): ENODATA.
  //
  // Cost: no system call.
  [[nodiscard]] Result<std::chrono::microseconds> watchdog_interval() const noexcept {
    return watchdog_;
  }

 private:
  Notifier() noexcept = default;

  std::optional<OwnedFd> socket_;  // connected; not for vsock
  std::string vsock_;              // the address
  Result<std::chrono::microseconds> watchdog_ =
      std::unexpected(std::error_code(ENODATA, std::system_category()));
};

// getenv(3) of WATCHDOG_USEC and WATCHDOG_PID: returns the watchdog timeout. The service must send
// Notification::watchdog within that time, and usually does so twice.
//
// Errors: ENODATA: the manager expects none. EINVAL: a variable has an invalid value.
// Cost: at most one system call.
[[nodiscard]] SYSFD_API Result<std::chrono::microseconds> watchdog_interval() noexcept;

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_NOTIFY_HPP
