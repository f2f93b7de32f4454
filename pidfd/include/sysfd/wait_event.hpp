// SPDX-License-Identifier: MIT
//
// What waitid(2) tells beyond the end of a child: that it was stopped or continued, who it was, and
// what it has used. See PidFd::wait_event().
#ifndef SYSFD_WAIT_EVENT_HPP
#define SYSFD_WAIT_EVENT_HPP
#include <sysfd/detail/cxx23.hpp>

#include <sys/resource.h>
#include <sys/types.h>

#include <optional>

#include <sysfd/exit_status.hpp>

namespace sysfd {
inline namespace v0 {

// What to wait for: at least one of the first three.
struct WaitOptions {
  bool ended = true;       // WEXITED
  bool stopped = false;    // WSTOPPED: by a signal
  bool continued = false;  // WCONTINUED: by SIGCONT
  bool consume = true;  // without it (WNOWAIT), the same can be waited for again, and a child that
                        // ended stays a zombie
};

struct WaitEvent {
  // trapped: stopped for its tracer, the caller. Told whatever the options are.
  // The values are fixed: they may be stored and sent. New ones are appended.
  enum class Kind { ended = 0, stopped = 1, continued = 2, trapped = 3 };

  Kind kind = Kind::ended;
  std::optional<ExitStatus> status{};  // of one that ended
  std::optional<int> signal{};         // that stopped, continued or trapped it
  pid_t pid = 0;                       // its process number; free for others once it was reaped
  uid_t user = 0;                      // its real user
  // What it and its own children that it waited for have used up to now, see getrusage(2).
  struct rusage usage{};
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_WAIT_EVENT_HPP
