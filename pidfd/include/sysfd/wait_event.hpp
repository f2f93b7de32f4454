// SPDX-License-Identifier: MIT
//
// WaitOptions and WaitEvent: which changes of a child PidFd::wait_event() waits for (waitid(2)),
// and what it returns: the change, who the child was, and what resources it has used.
//
//     sysfd::WaitOptions options{.ended = true, .stopped = true};
//     sysfd::WaitEvent event;   // or *process.wait_event(options)
//     if (event.kind == sysfd::WaitEvent::Kind::stopped) use(event.signal, options);
#ifndef SYSFD_WAIT_EVENT_HPP
#define SYSFD_WAIT_EVENT_HPP
#include <sysfd/detail/cxx23.hpp>

#include <sys/resource.h>
#include <sys/types.h>

#include <optional>

#include <sysfd/exit_status.hpp>

namespace sysfd {
inline namespace v0 {

// The changes to wait for. At least one of the first three must be set.
struct WaitOptions {
  bool ended = true;       // WEXITED
  bool stopped = false;    // WSTOPPED: by a signal
  bool continued = false;  // WCONTINUED: by SIGCONT
  bool consume = true;     // if false (WNOWAIT), the next wait returns the same event again, and a
                           // child that has ended stays a zombie. Before Linux 5.17, its status is
                           // that of its first thread then
};

struct WaitEvent {
  // trapped: stopped for its tracer, which is the caller. Reported regardless of the options.
  // The values are fixed, and may be stored and sent. New ones are appended.
  enum class Kind { ended = 0, stopped = 1, continued = 2, trapped = 3 };

  Kind kind = Kind::ended;
  std::optional<ExitStatus> status{};  // set if the child has ended
  std::optional<int> signal{};         // the signal that stopped, continued or trapped it
  pid_t pid = 0;                       // its process number; may be reused once it was reaped
  uid_t user = 0;                      // its real user ID
  // The resources used so far by the child, and by its own children that it has waited for
  // (getrusage(2)).
  struct rusage usage{};
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_WAIT_EVENT_HPP
