// SPDX-License-Identifier: MIT
//
// Tells a service manager how this service is doing (the protocol of sd_notify(3), over the socket
// that NOTIFY_SOCKET names), and leaves descriptors with it for the next start.
//
//     auto told = sysfd::notify({.ready = true, .status = "serving on port 443"});
//     if (!told) std::cerr << "cannot notify: " << told.error().message() << '\n';
//     const sysfd::BorrowedFd kept[] = {listener};
//     (void)sysfd::notify({.store = kept, .store_name = "web"});  // comes back in ListenFds as "web"
//     (void)sysfd::notify_barrier(5s);                            // the manager has read it all
//
// A service that changes its root directory, may run out of descriptors, or removes NOTIFY_SOCKET
// from its environment makes a Notifier at its start, which keeps the socket:
//
//     auto notifier = sysfd::Notifier::from_environment({.unset_environment = true});
//     if (!notifier) return fail(notifier.error());
//     (void)notifier->notify({.ready = true});               // also after chroot(2)
//
// notify() and notify_barrier() read NOTIFY_SOCKET anew each time, without a lock, as getenv(3)
// does it. A program with threads that change the environment makes a Notifier before, or gives the
// `address`.
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

// One message: what is said in it, everything else is left as it is. Texts are lent for the call.
// They are single lines: no newline, no NUL.
struct Notification {
  bool ready = false;      // READY=1: started, or reloaded
  bool reloading = false;  // RELOADING=1, with the time: followed by another one that says ready,
                           // or with `ready` in the same one
  bool stopping = false;   // STOPPING=1
  std::optional<std::string_view> status = std::nullopt;  // STATUS=: for people, UTF-8
  std::optional<int> error = std::nullopt;                // ERRNO=: why it failed
  std::optional<int> exit_status = std::nullopt;          // EXIT_STATUS=, 0 to 255

  // MAINPID=, with MAINPIDFDID= where the kernel has identities of processes, or else MAINPIDFD=1
  // and the pidfd itself where no descriptors are stored: the service's main process is now this
  // one.
  const PidFd* main_process = nullptr;

  // SCM_CREDENTIALS: the message is that of this process, of the service of which it is, instead of
  // the caller's; as sd_pid_notify(3). Needs CAP_SYS_ADMIN in the user namespace that owns the
  // caller's pid namespace, unless it is the calling process itself.
  const PidFd* sender = nullptr;

  bool watchdog = false;          // WATCHDOG=1: still alive, see watchdog_interval()
  bool watchdog_trigger = false;  // WATCHDOG=trigger: as if it had not said so in time
  std::optional<std::chrono::microseconds> watchdog_interval = std::nullopt;  // WATCHDOG_USEC=
  // EXTEND_TIMEOUT_USEC=: starting, running or stopping may take so much longer.
  std::optional<std::chrono::microseconds> extend_timeout = std::nullopt;

  // FDSTORE=1: duplicates of these, at most 253, which the manager keeps for the next start of the
  // service. All get the name: printable ASCII without ':', at most 255 characters, "stored" if it
  // is empty. The manager drops one at which poll(2) sees an error or a hang-up, unless
  // `store_poll` is false (FDPOLL=0).
  std::span<const BorrowedFd> store{};
  std::string_view store_name{};
  bool store_poll = true;
  // FDSTOREREMOVE=1: drops those of this name. In a message of its own, without any to store.
  std::string_view remove_stored{};

  // Other assignments, "NAME=value" each, separated by newlines.
  std::string_view more{};

  // How long to wait where the manager's queue is full, as it has other things to do.
  Timeout timeout = std::chrono::seconds(5);
};

// The values are fixed: they may be stored and sent. New ones are appended.
enum class NotifyResult {
  no_manager = 0,  // NOTIFY_SOCKET is not set: nobody wants to be notified
  sent = 1,
};

// sendmsg(2) to the socket that NOTIFY_SOCKET names. Returns when the message is in the manager's
// queue; notify_barrier() waits for more. The address is a path, or '@' and a name in the abstract
// namespace, or vsock:CID:PORT (vsock-stream, vsock-dgram, vsock-seqpacket): see vsock(7).
//
// Errors: EINVAL a text, a name or the address is not what it must be, or nothing is said: the
// message of the error names the part; E2BIG more descriptors than one message can take; EMSGSIZE
// more than 4096 bytes, which systemd would drop; ENOENT, ECONNREFUSED nobody is there; EACCES;
// ETIMEDOUT, ECANCELED; ESRCH the main process or the sender is gone; EPERM the caller may not send
// for another process; EOPNOTSUPP descriptors or a sender over vsock. Four system calls, and those
// of PidFd::pid() and id() for a main process; of PidFd::pid() and two more for a sender. Blocks up
// to `timeout` while the manager's queue is full. EINTR is retried. Allocates.
SYSFD_API Result<NotifyResult> notify(const Notification& notification);
SYSFD_API Result<> notify(CStr address, const Notification& notification);

// BARRIER=1: waits until the manager has read all that was sent before. That is needed where this
// process ends soon, and the manager would not know any more whose message it was. Errors:
// ETIMEDOUT; ECANCELED; EOPNOTSUPP over vsock; others as above.
SYSFD_API Result<NotifyResult> notify_barrier(Timeout timeout);
SYSFD_API Result<> notify_barrier(CStr address, Timeout timeout);

struct NotifierOptions {
  // Removes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID from the environment, whatever the answer
  // is, so that programs started later do not notify the manager in this service's name. Without a
  // lock, as unsetenv(3): before there are other threads.
  bool unset_environment = false;
};

// The way to a service manager, kept: a socket that is connected once. chroot(2), a lack of
// descriptors, and changes of the environment do not matter afterwards. Any number of threads may
// use it at once. In a process that was forked it notifies in that process's name.
//
// Over vsock, where managers take one message from each connection, each message makes a connection
// of its own and needs a descriptor.
class Notifier {
 public:
  // socket(2), connect(2): to this address, see notify().
  // Errors: EINVAL the address is not what it must be; ENOENT, ECONNREFUSED nobody is there;
  //   EACCES; EMFILE, ENFILE, ENOMEM.
  // Ownership: the Notifier owns the socket, which is close-on-exec.
  // Cost: two system calls; none for vsock.
  [[nodiscard]] SYSFD_API static Result<Notifier> connect(CStr address);

  // The same with the address that NOTIFY_SOCKET names; also keeps what WATCHDOG_USEC and
  // WATCHDOG_PID say. Where NOTIFY_SOCKET is not set, it is a Notifier without a manager, which
  // sends nothing.
  // Errors: as connect().
  [[nodiscard]] SYSFD_API static Result<Notifier> from_environment(NotifierOptions options = {});

  bool has_manager() const noexcept { return socket_.has_value() || !vsock_.empty(); }

  // As sysfd::notify(), but for ENOENT and EACCES. Errors: ECONNREFUSED the manager that it was
  // connected to is gone: another one needs a new Notifier.
  // Cost: one system call; four over vsock; and what sysfd::notify() says of a main process and a
  //   sender.
  SYSFD_API Result<NotifyResult> notify(const Notification& notification) const;

  // As sysfd::notify_barrier(). Needs two descriptors. Errors: also EMFILE, ENFILE.
  SYSFD_API Result<NotifyResult> barrier(Timeout timeout) const;

  // As sysfd::watchdog_interval() was at from_environment(), of the process that called it. Errors:
  // the same; ENODATA after connect(). No system call.
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

// WATCHDOG_USEC and WATCHDOG_PID: how often the manager wants to hear that this service is alive
// (usually one says so twice in that time). Errors: ENODATA it does not; EINVAL the variables are
// not what they must be. One system call at most.
[[nodiscard]] SYSFD_API Result<std::chrono::microseconds> watchdog_interval() noexcept;

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_NOTIFY_HPP
