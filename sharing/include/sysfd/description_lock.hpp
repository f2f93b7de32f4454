// SPDX-License-Identifier: MIT
//
// Locks that belong to an open file description (OFD locks, fcntl_locking(2)), as guards. They are
// advisory: processes that do not lock are not blocked. Unlike the locks of flock(2) they are for
// ranges and change their mode atomically. Unlike those of F_SETLK they keep threads apart that
// have opened the file twice, and are not lost when some other descriptor of the file is closed. To
// share a lock with a program that uses flock(2), see <sysfd/flock_lock.hpp>.
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

// Bytes of the file, which need not exist.
struct LockRange {
  std::uint64_t start = 0;
  std::uint64_t length = 0;  // 0: up to the end, however far that will be
};

// A shared lock needs a descriptor that is open for reading, an exclusive one that is open for
// writing.
class DescriptionLock {
 public:
  // fcntl(F_OFD_SETLKW): waits until nobody else has a lock that this one conflicts with. There is
  // no detection of deadlocks: two that wait for each other do so for ever. The guard holds a
  // duplicate of `file`, close-on-exec, so that `file` may be closed. Errors: EBADF not open, or
  // not in this mode; EINVAL a range beyond 2^63, or a file that cannot be locked; EMFILE; ENOLCK
  // too many locks; EOPNOTSUPP. EINTR is retried. Two system calls.
  [[nodiscard]] SYSFD_API static Result<DescriptionLock> acquire(LentFd file, LockMode mode,
                                                                 LockRange range = {}) noexcept;

  // fcntl(F_OFD_SETLK). Errors: also EAGAIN somebody else has it.
  [[nodiscard]] SYSFD_API static Result<DescriptionLock> try_acquire(LentFd file, LockMode mode,
                                                                     LockRange range = {}) noexcept;

  // The same for so long. Linux cannot wait for a lock up to a moment: it is tried again and again,
  // with pauses that grow from 0.1 to 10 milliseconds. So acquisition may come up to 10 ms after
  // the release, and somebody who waits in acquire() comes first. Errors: also ETIMEDOUT somebody
  // else has it still; ECANCELED the wait was called off (see Timeout).
  [[nodiscard]] SYSFD_API static Result<DescriptionLock> try_acquire_for(
      LentFd file, LockMode mode, Timeout timeout, LockRange range = {}) noexcept;
  [[nodiscard]] SYSFD_API static Result<DescriptionLock> try_acquire_until(
      LentFd file, LockMode mode, std::chrono::steady_clock::time_point deadline,
      LockRange range = {}) noexcept;

  // Takes over a lock that the description of `fd` holds: one that release() has handed over, or
  // that came with the descriptor from another process or through exec. It is acquired if it is not
  // held. `fd` becomes close-on-exec. Errors: as try_acquire(); `fd` is closed then.
  [[nodiscard]] SYSFD_API static Result<DescriptionLock> adopt(OwnedFd fd, LockMode mode,
                                                               LockRange range = {}) noexcept;

  SYSFD_API DescriptionLock(DescriptionLock&& other) noexcept;
  SYSFD_API DescriptionLock& operator=(DescriptionLock&& other) noexcept;
  // Unlocks; errors are ignored.
  SYSFD_API ~DescriptionLock();

  // From shared to exclusive. At no moment is it not locked: nobody else gets to write in between.
  // Two that hold it shared and upgrade wait for each other, for ever: where that may be, try.
  // After an error this one still has it shared. Errors: as for acquire(), try_acquire() and so on;
  // EPERM the lock is that of the process that this one was forked from.
  [[nodiscard]] SYSFD_API Result<> upgrade() noexcept;
  [[nodiscard]] SYSFD_API Result<> try_upgrade() noexcept;
  [[nodiscard]] SYSFD_API Result<> try_upgrade_for(Timeout timeout) noexcept;
  [[nodiscard]] SYSFD_API Result<> try_upgrade_until(
      std::chrono::steady_clock::time_point deadline) noexcept;
  // From exclusive to shared, at once. Errors: EBADF not open for reading.
  [[nodiscard]] SYSFD_API Result<> downgrade() noexcept;

  LockMode mode() const noexcept { return mode_; }
  LockRange range() const noexcept { return range_; }

  // fcntl(F_OFD_SETLK, F_UNLCK), where an error matters. Errors: EPERM the lock is that of the
  // process that this one was forked from.
  SYSFD_API Result<> unlock() && noexcept;

  // Does not unlock, and gives the descriptor to the caller: to send it, to pass it to a child, or
  // to keep it across exec. The lock is held until the last descriptor of its description is
  // closed.
  SYSFD_API OwnedFd release() && noexcept;

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
