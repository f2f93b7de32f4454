// SPDX-License-Identifier: MIT
//
// A child that is being started while the caller goes on: Command::spawn_async().
//
//     auto pending = sysfd::Command("worker").spawn_async();    // returns at once
//     if (!pending) return fail(pending.error().describe());
//     use(pending->pid());                                      // do something else
//     auto child = pending->finish();                           // a Child, or a SpawnError
//     if (!child) return fail(child.error().describe());
//
// spawn() suspends the calling thread until the file system has found the program and the child
// executes it. spawn_async() does not (clone3(2) without CLONE_VFORK). It takes about a third of
// the time; the rest happens concurrently. Until the program executes, the child runs in a reserved
// part of the caller's memory. The PendingChild owns that part as well as the process. A
// PendingChild is settled when its program executes or could not be started.
//
// In an event loop, use Confirmation::by_descriptor and poll fd(): it reports POLLHUP when the
// child is settled. try_finish() then returns the result.
//
// Debuggers: the kernel reports such a child to gdb as a fork, and gdb then removes its breakpoints
// from the memory of both. This also applies to Command::status() and spawn_all(). In gdb, use
// `hbreak`, or `set detach-on-fork off` with `set schedule-multiple on`. Or build sysfd with
// -DSYSFD_SUSPEND_CALLER=ON: every start then suspends the caller.
//
// docs/async-spawn.md describes the states and transitions, and proves that no memory is freed too
// early and that no wait is endless.
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
#include <sysfd/spawn_changes.hpp>
#include <sysfd/spawn_error.hpp>
#include <sysfd/timeout.hpp>

namespace sysfd {
inline namespace v0 {

// How the caller learns that a PendingChild is settled.
enum class Confirmation {
  by_finish,      // by finish() or try_finish()
  by_descriptor,  // also by PendingChild::fd(). Makes a pipe
};

class PendingChild;

namespace detail {
struct PreparedState;
Result<PendingChild, SpawnError> start_pending(const std::shared_ptr<PreparedState>& state,
                                               const SpawnChanges& changes,
                                               Confirmation confirmation);
}  // namespace detail

// Two threads must not use one PendingChild at the same time. A PendingChild that was finished,
// canceled or moved from is empty: using it stops the program.
//
// The destructor does what the Command's DropPolicy tells. `kill`: cancels. `terminate`: finishes
// and drops the Child, or cancels if the program does not execute within the grace period.
// Otherwise: finishes and drops the Child, which can block for as long as the file system takes to
// find the program.
//
// After fork(2) the copy does not own the child. There, destroying or canceling a PendingChild
// closes the copy's descriptors, and finishing it fails with ECHILD, SpawnStep::start.
class [[nodiscard("a PendingChild that is dropped kills its process")]] PendingChild {
 public:
  SYSFD_API PendingChild(PendingChild&&) noexcept;
  SYSFD_API PendingChild& operator=(PendingChild&&) noexcept;
  SYSFD_API ~PendingChild();

  // futex(2): waits until the child is settled, and returns what Command::spawn() would have
  // returned.
  //
  // Blocks: until the child is settled.
  // Cost: one system call if it is not settled yet; after an error, waitid and close.
  [[nodiscard]] SYSFD_API Result<Child, SpawnError> finish();

  // Variants of finish() with a time limit. try_finish() does not block.
  //
  // Errors: as finish(); EAGAIN (try_finish), ETIMEDOUT or ECANCELED with SpawnStep::confirmation:
  //   not settled yet, and the PendingChild goes on.
  // Cost: with Timeout::canceled_by(), the child is checked every 10 milliseconds.
  [[nodiscard]] SYSFD_API Result<Child, SpawnError> try_finish();
  [[nodiscard]] SYSFD_API Result<Child, SpawnError> finish_for(Timeout timeout);
  [[nodiscard]] SYSFD_API Result<Child, SpawnError> finish_until(
      std::chrono::steady_clock::time_point deadline);

  // Kills and reaps the child, and the process group that it leads, even if the program executes
  // already. If the child cannot be killed before it executes (it waits for a file system that does
  // not respond), this waits one second. The memory that the child may still use is then never
  // freed.
  //
  // Blocks: as described at DropPolicy.
  SYSFD_API void cancel() noexcept;

  // The process number, for logs.
  SYSFD_API pid_t pid() const noexcept;

  // The read end of a pipe, which reports POLLHUP when the child is settled, and no event before.
  // Only with Confirmation::by_descriptor.
  //
  // It is closed when the PendingChild is finished or canceled. Remove it from an epoll(7) set
  // before that (EPOLL_CTL_DEL). Another child that is being started may have a copy for a moment,
  // and epoll would go on reporting it. A copy in a child of another thread's fork(2) delays the
  // event until that child executes a program.
  SYSFD_API BorrowedFd fd() const noexcept SYSFD_LIFETIMEBOUND;

 private:
  friend Result<PendingChild, SpawnError> detail::start_pending(
      const std::shared_ptr<detail::PreparedState>& state, const SpawnChanges& changes,
      Confirmation confirmation);
  struct Impl;
  explicit PendingChild(std::unique_ptr<Impl> impl) noexcept;
  Impl& impl() const noexcept;
  Result<Child, SpawnError> settle();
  Result<Child, SpawnError> finish_before(const detail::Deadline& deadline);

  std::unique_ptr<Impl> impl_;
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_PENDING_CHILD_HPP
