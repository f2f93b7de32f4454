// SPDX-License-Identifier: MIT
//
// How processes are ended by force, and how long that is waited for. A kill may be refused (the
// program is set-user-ID), or be of no effect yet (a tracer keeps the status, a system call cannot
// be interrupted): nobody waits without a bound for what does not come.
#ifndef SYSFD_SPAWN_SRC_START_KILL_HPP
#define SYSFD_SPAWN_SRC_START_KILL_HPP

#include <sys/types.h>

#include <chrono>
#include <system_error>

#include <sysfd/detail/deadline.hpp>
#include <sysfd/pidfd.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// How long a process that was killed is waited for: by who drops or terminates one, and by who has
// a deadline, after that.
inline constexpr std::chrono::seconds kill_patience{1};
inline constexpr std::chrono::milliseconds kill_patience_at_deadline{40};

// A child, with the process group that it leads, if it does.
struct ChildGroup {
  const PidFd& process;
  pid_t pid;
  bool leads_group;
  bool is_reaped;
};

// Why not, if not: the child itself; others of its group.
struct Killed {
  std::error_code child{};
  std::error_code group{};
};

// Sends a signal to the group that the child leads. Before Linux 6.9 by its number, which is not
// given to another one as long as the leader is not reaped. Errors: ESRCH there is no such group
// (any more), EOPNOTSUPP it was reaped, EINVAL, EPERM.
Result<> signal_group(const ChildGroup& group, int signo) noexcept;

// SIGKILL for all of them. The group first, which some kernels can name only as long as the child
// is not reaped.
Killed kill_group(const ChildGroup& group) noexcept;

// Asks all of them to end: SIGTERM, and SIGCONT for those that are stopped.
void ask_to_end(const ChildGroup& group) noexcept;

// Waits for the end of a process that was told to end, until the deadline. One that lacks nothing
// but a processor, or is giving back its memory, has kill_patience more. False: it has not ended by
// then.
bool await_end_on_its_way(const PidFd& process, Clock::time_point deadline) noexcept;

// The same, of one that was killed. Errors: as PidFd::wait(); ETIMEDOUT it has not ended by then.
Result<ExitStatus> await_killed(const PidFd& process, Clock::time_point deadline) noexcept;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_START_KILL_HPP
