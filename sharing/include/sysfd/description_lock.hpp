// SPDX-License-Identifier: MIT
//
// Locks that belong to an open file description (OFD locks, fcntl_locking(2)), as guards. They are
// advisory: who does not ask is not stopped. Unlike those of flock(2) and of F_SETLK they are for
// ranges, keep threads apart that have opened the file twice, and are not lost when some other
// descriptor of the file is closed.
//
//     auto lock = sysfd::DescriptionLock::acquire(file, sysfd::LockMode::exclusive);
//     if (!lock) return std::unexpected(lock.error());
//     ...                                         // until `lock` is destroyed
//
// All descriptors of one description share its locks: they do not keep one another out, and what
// one unlocks is unlocked for all. Several guards of one description are for ranges that do not
// overlap: to have another mode, upgrade() or downgrade() the one there is, or assign another to
// it. On overlayfs the names of a lower file that has several are different files.
//
// A guard unlocks when it is destroyed, rather than wait for the last descriptor to be closed: a
// copy of the descriptor in a child that was forked by another thread cannot prolong the lock. A
// guard that came into a child through fork(2) leaves the lock alone: it is its parent's.
#ifndef SYSFD_DESCRIPTION_LOCK_HPP
#define SYSFD_DESCRIPTION_LOCK_HPP

#include <chrono>
#include <cstdint>
#include <optional>

#include <sysfd/attributes.hpp>
#include <sysfd/description.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {

enum class LockMode {
  shared,     // with other shared ones; the descriptor must be open for reading
  exclusive,  // alone; the descriptor must be open for writing
};

// Bytes of the file, which need not exist.
struct LockRange {
  std::uint64_t start = 0;
  std::uint64_t length = 0;  // 0: up to the end, however far that will be
};

class DescriptionLock {
 public:
  // fcntl(F_OFD_SETLKW): waits until nobody else has a lock that this one conflicts with. There is
  // no detection of deadlocks: two that wait for each other do so for ever. Errors: EBADF not open,
  // or not in this mode; EINVAL a range beyond 2^63, or a file that cannot be locked; ENOLCK too
  // many locks; EOPNOTSUPP. EINTR is retried. The descriptor must stay open as long as the lock
  // lives.
  [[nodiscard]] SYSFD_API static Result<DescriptionLock> acquire(LentFd file SYSFD_LIFETIMEBOUND,
                                                                 LockMode mode,
                                                                 LockRange range = {}) noexcept;

  // fcntl(F_OFD_SETLK): no value where somebody else has it.
  [[nodiscard]] SYSFD_API static Result<std::optional<DescriptionLock>> try_acquire(
      LentFd file SYSFD_LIFETIMEBOUND, LockMode mode, LockRange range = {}) noexcept;

  // The same for so long. Linux cannot wait for a lock up to a moment: it is tried again and again,
  // with pauses that grow from 0.1 to 10 milliseconds, so that it may be had so much later than it
  // is free, and somebody who waits in acquire() comes first.
  [[nodiscard]] SYSFD_API static Result<std::optional<DescriptionLock>> try_acquire_for(
      LentFd file SYSFD_LIFETIMEBOUND, LockMode mode, std::chrono::nanoseconds timeout,
      LockRange range = {}) noexcept;
  [[nodiscard]] SYSFD_API static Result<std::optional<DescriptionLock>> try_acquire_until(
      LentFd file SYSFD_LIFETIMEBOUND, LockMode mode,
      std::chrono::steady_clock::time_point deadline, LockRange range = {}) noexcept;

  SYSFD_API DescriptionLock(DescriptionLock&& other) noexcept;
  SYSFD_API DescriptionLock& operator=(DescriptionLock&& other) noexcept;
  // Unlocks; errors are ignored.
  SYSFD_API ~DescriptionLock();

  // From shared to exclusive. At no moment is it not locked: nobody else gets to write in between.
  // Two that hold it shared and upgrade wait for each other, for ever: where that may be, try.
  // False: somebody else holds it too, and this one still has it shared. Errors: as acquire();
  // EPERM the lock is that of the process that this one was forked from.
  [[nodiscard]] SYSFD_API Result<> upgrade() noexcept;
  [[nodiscard]] SYSFD_API Result<bool> try_upgrade() noexcept;
  [[nodiscard]] SYSFD_API Result<bool> try_upgrade_for(std::chrono::nanoseconds timeout) noexcept;
  [[nodiscard]] SYSFD_API Result<bool> try_upgrade_until(
      std::chrono::steady_clock::time_point deadline) noexcept;
  // From exclusive to shared, at once. Errors: EBADF not open for reading.
  [[nodiscard]] SYSFD_API Result<> downgrade() noexcept;

  LockMode mode() const noexcept { return mode_; }
  LockRange range() const noexcept { return range_; }

  // fcntl(F_OFD_SETLK, F_UNLCK), for those who want to know. Errors: EBADF the descriptor was
  // closed before; EPERM the lock is that of the process that this one was forked from.
  SYSFD_API Result<> unlock() && noexcept;

 private:
  DescriptionLock(LentFd file, LockMode mode, LockRange range, std::uint64_t mark) noexcept
      : fd_(file.get()), mode_(mode), range_(range), mark_(mark) {}
  Result<> check() const noexcept;
  Result<> change(LockMode mode) noexcept;
  void drop() noexcept;
  void drop_all_but(LockRange kept) noexcept;

  int fd_;  // -1: moved from
  LockMode mode_;
  LockRange range_;
  std::uint64_t mark_;
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_DESCRIPTION_LOCK_HPP
