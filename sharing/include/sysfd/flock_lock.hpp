// SPDX-License-Identifier: MIT
//
// Guards for locks of flock(2), to share a lock with a program that uses flock(2), such as udev or
// the flock(1) of a shell script. Between your own programs, use <sysfd/description_lock.hpp>.
//
//     auto lock = sysfd::FlockLock::acquire(file, sysfd::LockMode::exclusive);
//     if (!lock) return fail(lock.error());
//     use(file);                                   // locked until `lock` is destroyed
//
// The lock is advisory: processes that do not lock are not blocked. It differs from a
// DescriptionLock:
// - It locks the whole file. Directories and devices can be locked too, and the descriptor may be
//   open for reading only, whatever the mode is.
// - A DescriptionLock and a FlockLock of the same file do not conflict.
// - A change of the mode is not atomic: the kernel drops the old lock first, and others may lock,
//   write and unlock before the new lock is set. So read again what you read under the old lock.
//   See upgrade() and is_locked().
// - On NFS and SMB it is an fcntl(2) lock for the whole file: it conflicts with DescriptionLocks,
//   and the descriptor must be open for reading (shared) or writing (exclusive). Some other network
//   and FUSE file systems lock on this machine only.
//
// The lock belongs to the open file description. All its descriptors share one lock: two guards of
// one description do not exclude each other, and unlocking one unlocks both.
//
// A guard unlocks when it is destroyed, even if a child that another thread forked still has a copy
// of the descriptor. A guard that fork(2) copied into a child does not unlock: the lock is its
// parent's.
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

class FlockLock;
template <>
inline constexpr bool detail::is_guard<FlockLock> = true;

class FlockLock {
 public:
  // flock(2): waits until nobody else holds a conflicting lock.
  //
  // Errors:
  //   EBADF: not open, opened with O_PATH, or not open for this mode (NFS, SMB).
  //   ENOLCK: too many locks.
  //   EOPNOTSUPP: this file system has no locks.
  //   EMFILE, ENOMEM.
  // Ownership: the guard owns a duplicate of `file`, close-on-exec. `file` may be closed.
  // Blocks: without a limit. Deadlocks are not detected. EINTR is retried.
  // Cost: two system calls.
  [[nodiscard]] SYSFD_API static Result<FlockLock> acquire(LentFd file, LockMode mode) noexcept;

  // flock(2) with LOCK_NB: does not wait.
  // Errors: also EAGAIN: somebody else holds a conflicting lock.
  [[nodiscard]] SYSFD_API static Result<FlockLock> try_acquire(LentFd file, LockMode mode) noexcept;

  // flock(2) with LOCK_NB: retries until the timeout, with pauses that grow from 0.1 to 10 ms.
  //
  // Linux has no flock(2) with a timeout. So acquisition may come up to 10 ms after the release,
  // and a thread that waits in acquire() gets the lock first.
  //
  // Errors: also ETIMEDOUT: still held by somebody else; ECANCELED: see Timeout.
  [[nodiscard]] SYSFD_API static Result<FlockLock> try_acquire_for(LentFd file, LockMode mode,
                                                                   Timeout timeout) noexcept;
  [[nodiscard]] SYSFD_API static Result<FlockLock> try_acquire_until(
      LentFd file, LockMode mode, std::chrono::steady_clock::time_point deadline) noexcept;

  // flock(2) with LOCK_NB: makes a guard for a lock that the description of `fd` holds already.
  //
  // The lock may come from release(), or with the descriptor from another process or through exec.
  // If it is not held, it is acquired.
  //
  // Errors: as try_acquire(). `fd` is closed then.
  // Ownership: the guard owns `fd`, which becomes close-on-exec.
  [[nodiscard]] SYSFD_API static Result<FlockLock> adopt(OwnedFd fd, LockMode mode) noexcept;

  FlockLock(FlockLock&& other) noexcept = default;
  SYSFD_API FlockLock& operator=(FlockLock&& other) noexcept;
  // Unlocks, and ignores errors.
  SYSFD_API ~FlockLock();

  // flock(2): from shared to exclusive.
  //
  // If others hold the lock shared, the kernel drops this lock before it waits. Others may lock
  // exclusively and write in between. So two guards that upgrade get the lock one after the other.
  // After an error the guard acquires its shared lock again if that needs no wait: see is_locked().
  //
  // Errors: as for the function that acquires; EPERM: the lock belongs to the process that this one
  //   was forked from.
  // Cost: one system call; two after an error.
  [[nodiscard]] SYSFD_API Result<> upgrade() noexcept;
  [[nodiscard]] SYSFD_API Result<> try_upgrade() noexcept;
  [[nodiscard]] SYSFD_API Result<> try_upgrade_for(Timeout timeout) noexcept;
  [[nodiscard]] SYSFD_API Result<> try_upgrade_until(
      std::chrono::steady_clock::time_point deadline) noexcept;

  // flock(2) with LOCK_NB: from exclusive to shared.
  // Errors: EPERM: as upgrade(); EBADF: not open for reading (NFS, SMB); EAGAIN: somebody else
  //   locked it in between, on network file systems only (see is_locked()).
  // Cost: one system call; two after an error.
  [[nodiscard]] SYSFD_API Result<> downgrade() noexcept;

  // False if the guard holds no lock: a change of the mode failed, and somebody else locked the
  // file exclusively in between. upgrade() and downgrade() acquire the lock again.
  bool is_locked() const noexcept { return is_locked_; }
  // The mode of the lock that is held, or was held last.
  LockMode mode() const noexcept { return mode_; }

  // flock(2) with LOCK_UN: unlocks, and reports errors.
  // Errors: EPERM: the lock belongs to the process that this one was forked from; EIO and others of
  //   network file systems.
  SYSFD_API Result<> unlock() && noexcept;
  void unlock() const& = delete;  // write std::move(lock).unlock()

  // Returns the descriptor without unlocking: to send it, pass it to a child or keep it across
  // exec. The lock is held until the last descriptor of the description is closed.
  SYSFD_API OwnedFd release() && noexcept;
  void release() const& = delete;  // write std::move(lock).release()

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
