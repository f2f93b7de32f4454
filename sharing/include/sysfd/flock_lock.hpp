// SPDX-License-Identifier: MIT
//
// Locks of flock(2), as guards: to share a lock with a program that uses flock(2), such as udev or
// the flock(1) of a shell script. Among programs of your own, use <sysfd/description_lock.hpp>.
//
//     auto lock = sysfd::FlockLock::acquire(disk, sysfd::LockMode::exclusive);
//     if (!lock) return std::unexpected(lock.error());
//     ...                                         // until `lock` is destroyed, udev keeps away
//
// The lock is advisory: processes that do not lock are not blocked. It differs from a
// DescriptionLock:
// - It is for the whole file. Also a directory or a device can be locked, and the descriptor may be
//   open for reading only, whatever the mode is.
// - A DescriptionLock and a FlockLock of one file do not see each other.
// - A change of the mode is not atomic. The kernel drops the old lock first, and others may lock,
//   write and unlock before the new one is there. So read again what was read under the old lock.
//   See upgrade() and is_locked().
// - On NFS, the kernel makes it a lock of fcntl(2) for the whole file: then it conflicts with
//   DescriptionLocks, and needs a descriptor that is open for reading (shared) or writing
//   (exclusive). SMB does so too. Some other network and FUSE file systems lock on this machine
//   only.
//
// The lock belongs to the open file description. All descriptors of it share one lock, so two
// guards of one description do not keep each other out, and what one unlocks is unlocked for both.
//
// A guard unlocks when it is destroyed, rather than wait for the last descriptor to be closed: a
// copy of the descriptor in a child that another thread has forked cannot prolong the lock. A guard
// that came into a child through fork(2) leaves the lock alone: it is its parent's.
#ifndef SYSFD_FLOCK_LOCK_HPP
#define SYSFD_FLOCK_LOCK_HPP
#include <sysfd/detail/cxx23.hpp>

#include <cstdint>
#include <utility>

#include <sysfd/attributes.hpp>
#include <sysfd/description.hpp>
#include <sysfd/detail/chrono.hpp>
#include <sysfd/lock_mode.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/result.hpp>
#include <sysfd/timeout.hpp>

namespace sysfd {
inline namespace v0 {

class FlockLock {
 public:
  // flock(2): waits until nobody else holds a lock that conflicts with this one.
  // Errors: EBADF not open, opened with O_PATH, or not in this mode (NFS, SMB); EMFILE; ENOLCK too
  //   many locks; EOPNOTSUPP this file system has no locks.
  // Ownership: the guard holds a duplicate of `file`, close-on-exec; `file` may be closed.
  // Blocks: without a limit. EINTR is retried. The kernel does not detect deadlocks.
  // Cost: two system calls.
  [[nodiscard]] SYSFD_API static Result<FlockLock> acquire(LentFd file, LockMode mode) noexcept;

  // flock(2) with LOCK_NB: does not wait.
  // Errors: as acquire(); EAGAIN somebody else holds it.
  [[nodiscard]] SYSFD_API static Result<FlockLock> try_acquire(LentFd file, LockMode mode) noexcept;

  // The same again and again, with pauses that grow from 0.1 to 10 milliseconds, since Linux has no
  // flock(2) with a timeout. So acquisition may come up to 10 ms after the release, and somebody
  // who waits in acquire() comes first.
  // Errors: as acquire(); ETIMEDOUT somebody else holds it still; ECANCELED the wait was called off
  //   (see Timeout).
  [[nodiscard]] SYSFD_API static Result<FlockLock> try_acquire_for(LentFd file, LockMode mode,
                                                                   Timeout timeout) noexcept;
  [[nodiscard]] SYSFD_API static Result<FlockLock> try_acquire_until(
      LentFd file, LockMode mode, std::chrono::steady_clock::time_point deadline) noexcept;

  // Takes over a lock that the description of `fd` holds: one that release() has handed over, or
  // that came with the descriptor from another process or through exec. It is acquired if it is not
  // held.
  // Errors: as try_acquire(). `fd` is closed then.
  // Ownership: the guard owns `fd`, which becomes close-on-exec.
  [[nodiscard]] SYSFD_API static Result<FlockLock> adopt(OwnedFd fd, LockMode mode) noexcept;

  FlockLock(FlockLock&& other) noexcept = default;
  SYSFD_API FlockLock& operator=(FlockLock&& other) noexcept;
  // Unlocks, and ignores errors.
  SYSFD_API ~FlockLock();

  // flock(2): from shared to exclusive. Where others hold it shared, the kernel drops this lock
  // before it waits: others may lock it exclusively and write meanwhile. So two guards that upgrade
  // do not wait for each other forever; one after the other gets it.
  // Errors: as for acquire(), try_acquire() and so on; EPERM the lock is that of the process that
  //   this one was forked from. After an error the guard takes its shared lock back if that is
  //   possible without waiting: see is_locked().
  // Cost: one system call; two after an error.
  [[nodiscard]] SYSFD_API Result<> upgrade() noexcept;
  [[nodiscard]] SYSFD_API Result<> try_upgrade() noexcept;
  [[nodiscard]] SYSFD_API Result<> try_upgrade_for(Timeout timeout) noexcept;
  [[nodiscard]] SYSFD_API Result<> try_upgrade_until(
      std::chrono::steady_clock::time_point deadline) noexcept;

  // flock(2) with LOCK_NB: from exclusive to shared.
  // Errors: EPERM as upgrade(); EBADF not open for reading (NFS, SMB); EAGAIN somebody else has
  //   locked it in between, which happens on network file systems only. See is_locked().
  // Cost: one system call; two after an error.
  [[nodiscard]] SYSFD_API Result<> downgrade() noexcept;

  // False: a change of the mode has failed, and somebody else has locked the file exclusively in
  // between, so that the guard holds no lock any more. upgrade() and the like acquire it again.
  bool is_locked() const noexcept { return is_locked_; }
  // Of the lock that it holds, or held last.
  LockMode mode() const noexcept { return mode_; }

  // flock(2) with LOCK_UN, where an error matters.
  // Errors: EPERM the lock is that of the process that this one was forked from; EIO and others of
  //   network file systems.
  SYSFD_API Result<> unlock() && noexcept;

  // Does not unlock, and gives the descriptor to the caller: to send it, to pass it to a child, or
  // to keep it across exec. The lock is held until the last descriptor of its description is
  // closed.
  SYSFD_API OwnedFd release() && noexcept;

 private:
  FlockLock(OwnedFd fd, LockMode mode, std::uint64_t mark) noexcept
      : fd_(std::move(fd)), mode_(mode), mark_(mark) {}
  template <class Lock>
  static Result<FlockLock> make(Result<OwnedFd> fd, LockMode mode, Lock lock) noexcept;
  template <class Lock>
  Result<> change(LockMode mode, Lock lock) noexcept;
  Result<> check() const noexcept;
  void drop() noexcept;

  OwnedFd fd_;
  LockMode mode_;
  bool is_locked_ = true;
  std::uint64_t mark_;
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_FLOCK_LOCK_HPP
