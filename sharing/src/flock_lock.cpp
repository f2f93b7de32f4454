// SPDX-License-Identifier: MIT
#include <sysfd/flock_lock.hpp>

#include <sys/file.h>
#include <sys/syscall.h>

#include <utility>

#include <sysfd/create.hpp>
#include <sysfd/detail/deadline.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/syscall.hpp>

#include "lock_guard.hpp"

namespace sysfd {
inline namespace v0 {

using detail::Clock;
using detail::Deadline;

namespace {

int operation_of(LockMode mode) noexcept {
  return mode == LockMode::exclusive ? LOCK_EX : LOCK_SH;
}

Result<> flock(int fd, int operation) noexcept {
  const long answer = detail::system_call_retried(SYS_flock, fd, operation);
  if (answer < 0) return detail::failure(static_cast<int>(-answer));
  return {};
}

// Fails with EAGAIN if another description has the lock.
Result<> try_flock(int fd, int operation) noexcept {
  return flock(fd, operation | LOCK_NB);
}

// Tries flock() until a deadline.
class FlockUntil {
 public:
  explicit FlockUntil(const Deadline& deadline) noexcept : deadline_(deadline) {}
  Result<> operator()(int fd, int operation) const noexcept {
    return detail::attempt_until(deadline_, [&] { return try_flock(fd, operation); });
  }

 private:
  Deadline deadline_;
};

}  // namespace

template <class Lock>
Result<FlockLock> FlockLock::make(Result<OwnedFd> fd, LockMode mode, Lock lock) noexcept {
  const auto mark = detail::lock_for_guard(
      fd, [&](int number) noexcept { return lock(number, operation_of(mode)); });
  if (!mark) return std::unexpected(mark.error());
  return FlockLock(*std::move(fd), mode, *mark);
}

Result<FlockLock> FlockLock::acquire(LentFd file, LockMode mode) noexcept {
  return make(detail::duplicate_for_guard(file), mode, flock);
}

Result<FlockLock> FlockLock::try_acquire(LentFd file, LockMode mode) noexcept {
  return make(detail::duplicate_for_guard(file), mode, try_flock);
}

Result<FlockLock> FlockLock::try_acquire_for(LentFd file, LockMode mode, Timeout timeout) noexcept {
  return make(detail::duplicate_for_guard(file), mode, FlockUntil(detail::deadline_after(timeout)));
}

Result<FlockLock> FlockLock::try_acquire_until(LentFd file, LockMode mode,
                                               Clock::time_point deadline) noexcept {
  return make(detail::duplicate_for_guard(file), mode, FlockUntil(Deadline{deadline}));
}

Result<FlockLock> FlockLock::adopt(OwnedFd fd, LockMode mode) noexcept {
  if (const auto set = set_close_on_exec(fd, true); !set) return std::unexpected(set.error());
  return make(std::move(fd), mode, try_flock);
}

// Two guards of one description have one lock, and the new guard keeps it.
FlockLock& FlockLock::operator=(FlockLock&& other) noexcept {
  if (this == &other) return *this;
  if (!detail::may_be_one_description(fd_, mark_, other.fd_, other.mark_)) drop();
  fd_ = std::move(other.fd_);
  mode_ = other.mode_;
  is_locked_ = other.is_locked_;
  mark_ = other.mark_;
  return *this;
}

FlockLock::~FlockLock() {
  drop();
}

void FlockLock::drop() noexcept {
  if (detail::owns_lock(fd_, mark_)) (void)flock(fd_.get(), LOCK_UN);
}

Result<> FlockLock::unlock() && noexcept {
  if (auto ours = check(); !ours) return ours;
  const OwnedFd fd = std::move(fd_);
  return flock(fd.get(), LOCK_UN);
}

OwnedFd FlockLock::release() && noexcept {
  if (detail::was_moved_from(fd_))
    detail::contract_violation("use of a FlockLock that was moved from");
  return std::move(fd_);
}

Result<> FlockLock::check() const noexcept {
  return detail::check_guard(fd_, mark_, "use of a FlockLock that was moved from");
}

// A failed attempt may have dropped the old lock, so this acquires it again; if it was not dropped,
// nothing changes.
template <class Lock>
Result<> FlockLock::change(LockMode mode, Lock lock) noexcept {
  if (auto ours = check(); !ours) return ours;
  auto done = lock(fd_.get(), operation_of(mode));
  if (done) mode_ = mode;
  is_locked_ = done || try_flock(fd_.get(), operation_of(mode_));
  return done;
}

Result<> FlockLock::upgrade() noexcept {
  return change(LockMode::exclusive, flock);
}

Result<> FlockLock::try_upgrade() noexcept {
  return change(LockMode::exclusive, try_flock);
}

Result<> FlockLock::try_upgrade_for(Timeout timeout) noexcept {
  return change(LockMode::exclusive, FlockUntil(detail::deadline_after(timeout)));
}

Result<> FlockLock::try_upgrade_until(Clock::time_point deadline) noexcept {
  return change(LockMode::exclusive, FlockUntil(Deadline{deadline}));
}

Result<> FlockLock::downgrade() noexcept {
  return change(LockMode::shared, try_flock);
}

}  // namespace v0
}  // namespace sysfd
