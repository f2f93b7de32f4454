// SPDX-License-Identifier: MIT
//
// Guards for OFD locks (fcntl_locking(2)), which belong to an open file description. They are
// advisory: processes that do not lock are not blocked. Unlike locks of flock(2), they lock ranges
// and change their mode atomically. Unlike locks of F_SETLK, they work between threads that opened
// the file separately, and closing another descriptor of the file does not drop them. To share a
// lock with a program that uses flock(2), see <sysfd/flock_lock.hpp>.
//
//     auto lock = sysfd::DescriptionLock::acquire(file, sysfd::LockMode::exclusive);
//     if (!lock) return fail(lock.error());
//     use(file);                                   // locked until `lock` is destroyed
//
// All descriptors of one description share its locks: they do not exclude each other, and unlocking
// through one unlocks for all. So use several guards of one description for disjoint ranges only.
// To change a mode, call upgrade() or downgrade(), or assign a new guard to the old one. On
// overlayfs, two names (hard links) of a file of a lower layer count as two files.
//
// A guard unlocks when it is destroyed, even if a child that another thread forked still has a copy
// of the descriptor. A guard that fork(2) copied into a child does not unlock: the lock is its
// parent's.
#ifndef SYSFD_DESCRIPTION_LOCK_HPP
#define SYSFD_DESCRIPTION_LOCK_HPP
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

namespace detail {
struct Deadline;
}

// A range of bytes. It may extend beyond the end of the file.
struct LockRange {
  std::uint64_t start = 0;
  std::uint64_t length = 0;  // 0: to the end, including bytes that are added later
};

class DescriptionLock;
template <>
inline constexpr bool detail::is_guard<DescriptionLock> = true;

// A shared lock needs a descriptor that is open for reading, an exclusive lock one that is open for
// writing.
class DescriptionLock {
 public:
  // fcntl(F_OFD_SETLKW): waits until nobody else holds a conflicting lock.
  //
  // Errors:
  //   EBADF: not open, opened with O_PATH, or not open for this mode.
  //   EINVAL: the range ends beyond 2^63, or the file cannot be locked.
  //   ENOLCK: too many locks.
  //   EMFILE, ENOMEM, EOPNOTSUPP.
  // Ownership: the guard owns a duplicate of `file`, close-on-exec. `file` may be closed.
  // Blocks: without a limit. Deadlocks are not detected. EINTR is retried.
  // Cost: two system calls.
  [[nodiscard]] SYSFD_API static Result<DescriptionLock> acquire(LentFd file, LockMode mode,
                                                                 LockRange range = {}) noexcept;

  // fcntl(F_OFD_SETLK): does not wait.
  // Errors: also EAGAIN: somebody else holds a conflicting lock.
  [[nodiscard]] SYSFD_API static Result<DescriptionLock> try_acquire(LentFd file, LockMode mode,
                                                                     LockRange range = {}) noexcept;

  // fcntl(F_OFD_SETLK): retries until the timeout, with pauses that grow from 0.1 to 10 ms.
  //
  // Linux has no wait for a lock with a timeout. So acquisition may come up to 10 ms after the
  // release, and a thread that waits in acquire() gets the lock first.
  //
  // Errors: also ETIMEDOUT: still held by somebody else; ECANCELED: see Timeout.
  [[nodiscard]] SYSFD_API static Result<DescriptionLock> try_acquire_for(
      LentFd file, LockMode mode, Timeout timeout, LockRange range = {}) noexcept;
  [[nodiscard]] SYSFD_API static Result<DescriptionLock> try_acquire_until(
      LentFd file, LockMode mode, std::chrono::steady_clock::time_point deadline,
      LockRange range = {}) noexcept;

  // fcntl(F_OFD_SETLK): makes a guard for a lock that the description of `fd` holds already.
  //
  // The lock may come from release(), or with the descriptor from another process or through exec.
  // If it is not held, it is acquired.
  //
  // Errors: as try_acquire(). `fd` is closed then.
  // Ownership: the guard owns `fd`, which becomes close-on-exec.
  [[nodiscard]] SYSFD_API static Result<DescriptionLock> adopt(OwnedFd fd, LockMode mode,
                                                               LockRange range = {}) noexcept;

  SYSFD_API DescriptionLock(DescriptionLock&& other) noexcept;
  SYSFD_API DescriptionLock& operator=(DescriptionLock&& other) noexcept;
  // Unlocks, and ignores errors.
  SYSFD_API ~DescriptionLock();

  // fcntl(F_OFD_SETLKW), fcntl(F_OFD_SETLK): from shared to exclusive, without unlocking in
  // between.
  //
  // Two guards that hold the lock shared and call upgrade() wait for each other without a limit;
  // use try_upgrade() if that can happen. After an error the lock is still held shared.
  //
  // Errors: as for the function that acquires; EPERM: the lock belongs to the process that this one
  //   was forked from.
  [[nodiscard]] SYSFD_API Result<> upgrade() noexcept;
  [[nodiscard]] SYSFD_API Result<> try_upgrade() noexcept;
  [[nodiscard]] SYSFD_API Result<> try_upgrade_for(Timeout timeout) noexcept;
  [[nodiscard]] SYSFD_API Result<> try_upgrade_until(
      std::chrono::steady_clock::time_point deadline) noexcept;
  // fcntl(F_OFD_SETLKW): from exclusive to shared. Does not wait.
  // Errors: EBADF: not open for reading; EPERM: as upgrade().
  [[nodiscard]] SYSFD_API Result<> downgrade() noexcept;

  LockMode mode() const noexcept { return mode_; }
  LockRange range() const noexcept { return range_; }

  // fcntl(F_OFD_SETLK) with F_UNLCK: unlocks, and reports errors.
  // Errors: EPERM: the lock belongs to the process that this one was forked from.
  SYSFD_API Result<> unlock() && noexcept;
  void unlock() const& = delete;  // write std::move(lock).unlock()

  // Returns the descriptor without unlocking: to send it, pass it to a child or keep it across
  // exec. The lock is held until the last descriptor of the description is closed.
  SYSFD_API OwnedFd release() && noexcept;
  void release() const& = delete;  // write std::move(lock).release()

 private:
  DescriptionLock(OwnedFd fd, LockMode mode, LockRange range, std::uint64_t mark) noexcept
      : fd_(std::move(fd)), mode_(mode), range_(range), mark_(mark) {}
  template <class Acquire>
  static Result<DescriptionLock> make(Result<OwnedFd> fd, LockMode mode, LockRange range,
                                      Acquire acquire) noexcept;
  Result<> upgrade_until(const detail::Deadline& deadline) noexcept;
  Result<> check() const noexcept;
  Result<> change(LockMode mode) noexcept;
  void drop() noexcept;
  void drop_all_but(LockRange kept) noexcept;

  OwnedFd fd_;
  LockMode mode_;
  LockRange range_;
  std::uint64_t mark_;
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_DESCRIPTION_LOCK_HPP
