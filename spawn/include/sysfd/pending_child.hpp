// SPDX-License-Identifier: MIT
//
// A child that is being started while the caller goes on: Command::spawn_async().
//
//     auto pending = worker.spawn_async();                  // a PreparedCommand; returns at once
//     if (!pending) return fail(pending.error().describe());
//     ...                                                   // something else
//     auto child = pending->finish();                       // Child, or the SpawnError
//
// spawn() suspends the thread until the program executes, as long as it takes the file system to
// find it. This does not (clone3(2) without CLONE_VFORK): it takes about a third of the time, the
// rest goes on beside. Until then the child runs in this process's memory, in a part of it that is
// kept for it: a PendingChild owns that part as well as the process.
//
// An event loop takes Confirmation::by_descriptor and looks at fd(): it is hung up (POLLHUP) when
// the child executes or could not; try_finish() says which.
//
// Debuggers: the kernel reports such a child to gdb as a fork, and gdb then removes its breakpoints
// from the memory of both. The same goes for Command::status() and spawn_all(). In gdb, use `hbreak`,
// or `set detach-on-fork off` with `set schedule-multiple on`; or build sysfd with
// -DSYSFD_SUSPEND_CALLER=ON, which suspends the caller in every start.
//
// The states, the transitions and the proof that no memory is freed too early and nobody waits for
// ever: docs/async-spawn.md.
#ifndef SYSFD_PENDING_CHILD_HPP
#define SYSFD_PENDING_CHILD_HPP
#include <sysfd/detail/cxx23.hpp>

#include <sys/types.h>

#include <memory>

#include <sysfd/attributes.hpp>
#include <sysfd/child.hpp>
#include <sysfd/detail/chrono.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/result.hpp>
#include <sysfd/spawn_error.hpp>
#include <sysfd/timeout.hpp>

namespace sysfd {
inline namespace v0 {

// How one learns that a PendingChild is decided.
enum class Confirmation {
  by_finish,      // by asking
  by_descriptor,  // also by PendingChild::fd(). Takes a pipe
};

// Not to be used by two threads at the same time. A PendingChild that is destroyed does what the
// Command's DropPolicy says: with `kill` it is cancelled; with `terminate` it is finished and dropped,
// or cancelled if the program does not execute within the grace period; otherwise it is finished and
// dropped, which may take as long as the file system takes to find the program. One that is finished,
// cancelled or moved from is empty: using it then stops the program.
//
// In a copy of this process (fork(2)) the child is another's. There a PendingChild that is destroyed
// or cancelled closes the copy's descriptors, and finishing it is an error: ECHILD, SpawnStep::start.
class [[nodiscard("a PendingChild that is dropped kills its process")]] PendingChild {
 public:
  SYSFD_API PendingChild(PendingChild&&) noexcept;
  SYSFD_API PendingChild& operator=(PendingChild&&) noexcept;
  SYSFD_API ~PendingChild();

  // The Child, or why there is none: what Command::spawn() would have answered. Blocks until that
  // is decided. One futex(2) if it is not yet; after an error waitid and close.
  [[nodiscard]] SYSFD_API Result<Child, SpawnError> finish();

  // The same, if it is decided by then. Errors: also EAGAIN (try_finish), ETIMEDOUT, ECANCELED (see
  // Timeout), with SpawnStep::confirmation: not yet, and the PendingChild goes on. try_finish() does
  // not block. With a timeout that can be called off, the child is looked at every 10 milliseconds.
  [[nodiscard]] SYSFD_API Result<Child, SpawnError> try_finish();
  [[nodiscard]] SYSFD_API Result<Child, SpawnError> finish_for(Timeout timeout);
  [[nodiscard]] SYSFD_API Result<Child, SpawnError> finish_until(
      std::chrono::steady_clock::time_point deadline);

  // Kills and reaps it, however far it has come: the program too, if it executes already, and the
  // process group that it leads. Blocks as long as said at DropPolicy. A child that cannot be ended
  // before it executes (it sleeps in a file system that does not answer) has one second; then what
  // it may still use of this process's memory is never freed.
  SYSFD_API void cancel() noexcept;

  // The process number, for people and logs.
  SYSFD_API pid_t pid() const noexcept;

  // With Confirmation::by_descriptor only: the reading end of a pipe, which is hung up when the child
  // is decided. Until then it is not ready. It is closed when the PendingChild is finished or
  // cancelled; an epoll(7) set is to forget it first (EPOLL_CTL_DEL), since another child that is
  // just being started may have a copy for a moment, and epoll would go on about that. (A copy of
  // another thread's fork(2) holds it up until that has executed.)
  SYSFD_API BorrowedFd fd() const noexcept SYSFD_LIFETIMEBOUND;

 private:
  friend class Command;
  friend class PreparedCommand;
  struct Job;
  explicit PendingChild(std::unique_ptr<Job> job) noexcept;
  Job& job() const noexcept;
  Result<Child, SpawnError> settle();
  Result<Child, SpawnError> finish_before(const detail::Deadline& deadline);

  std::unique_ptr<Job> job_;
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_PENDING_CHILD_HPP
