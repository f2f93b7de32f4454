// SPDX-License-Identifier: MIT
#include <sysfd/description_lock.hpp>

#include <fcntl.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include <sysfd/create.hpp>
#include <sysfd/detail/deadline.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/syscall.hpp>

#include "kernel.hpp"
#include "lock_guard.hpp"

namespace sysfd {
inline namespace v0 {

using detail::Clock;
using detail::Deadline;
using detail::kernel::ofd_setlk;
using detail::kernel::ofd_setlkw;

namespace {

short type_of(LockMode mode) noexcept {
  return mode == LockMode::exclusive ? F_WRLCK : F_RDLCK;
}

Result<> set(int fd, int how, short type, LockRange range) noexcept {
  constexpr std::uint64_t furthest = std::numeric_limits<off_t>::max();
  if (range.start > furthest || range.length > furthest - range.start)
    return detail::failure(EINVAL);
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = static_cast<off_t>(range.start);
  lock.l_len = static_cast<off_t>(range.length);
  const long answer = detail::system_call_retried(SYS_fcntl, fd, how, &lock);
  if (answer < 0) return detail::failure(static_cast<int>(-answer));
  return {};
}

constexpr std::uint64_t no_end = std::numeric_limits<std::uint64_t>::max();

std::uint64_t end_of(LockRange range) noexcept {
  return range.length == 0 ? no_end : range.start + range.length;
}

// Fails with EAGAIN if another description has the lock.
Result<> try_set(int fd, short type, LockRange range) noexcept {
  return set(fd, ofd_setlk, type, range);
}

Result<> try_set_until(int fd, short type, LockRange range, const Deadline& deadline) noexcept {
  return detail::attempt_until(deadline, [&] { return try_set(fd, type, range); });
}

}  // namespace

template <class Acquire>
Result<DescriptionLock> DescriptionLock::make(Result<OwnedFd> fd, LockMode mode, LockRange range,
                                              Acquire acquire) noexcept {
  const auto mark = detail::lock_for_guard(
      fd, [&](int number) noexcept { return acquire(number, type_of(mode), range); });
  if (!mark) return std::unexpected(mark.error());
  return DescriptionLock(*std::move(fd), mode, range, *mark);
}

Result<DescriptionLock> DescriptionLock::acquire(LentFd file, LockMode mode,
                                                 LockRange range) noexcept {
  return make(detail::duplicate_for_guard(file), mode, range,
              [](int fd, short type, LockRange bytes) noexcept {
                return set(fd, ofd_setlkw, type, bytes);
              });
}

Result<DescriptionLock> DescriptionLock::try_acquire_until(LentFd file, LockMode mode,
                                                           Clock::time_point deadline,
                                                           LockRange range) noexcept {
  return make(detail::duplicate_for_guard(file), mode, range,
              [&](int fd, short type, LockRange bytes) noexcept {
                return try_set_until(fd, type, bytes, Deadline{deadline});
              });
}

Result<DescriptionLock> DescriptionLock::try_acquire_for(LentFd file, LockMode mode,
                                                         Timeout timeout,
                                                         LockRange range) noexcept {
  return make(detail::duplicate_for_guard(file), mode, range,
              [&](int fd, short type, LockRange bytes) noexcept {
                return try_set_until(fd, type, bytes, detail::deadline_after(timeout));
              });
}

Result<DescriptionLock> DescriptionLock::try_acquire(LentFd file, LockMode mode,
                                                     LockRange range) noexcept {
  return make(detail::duplicate_for_guard(file), mode, range, try_set);
}

Result<DescriptionLock> DescriptionLock::adopt(OwnedFd fd, LockMode mode,
                                               LockRange range) noexcept {
  if (const auto set = set_close_on_exec(fd, true); !set) return std::unexpected(set.error());
  return make(std::move(fd), mode, range, try_set);
}

DescriptionLock::DescriptionLock(DescriptionLock&& other) noexcept = default;

// The bytes that the new guard has locked too stay locked: unlocking knows no guards, only ranges
// of a description.
DescriptionLock& DescriptionLock::operator=(DescriptionLock&& other) noexcept {
  if (this == &other) return *this;
  if (detail::may_be_one_description(fd_, mark_, other.fd_, other.mark_))
    drop_all_but(other.range_);
  else
    drop();
  fd_ = std::move(other.fd_);
  mode_ = other.mode_;
  range_ = other.range_;
  mark_ = other.mark_;
  return *this;
}

DescriptionLock::~DescriptionLock() {
  drop();
}

void DescriptionLock::drop() noexcept {
  if (detail::owns_lock(fd_, mark_)) (void)set(fd_.get(), ofd_setlk, F_UNLCK, range_);
}

void DescriptionLock::drop_all_but(LockRange kept) noexcept {
  const LockRange whole = range_;
  const std::uint64_t end = end_of(whole);
  const std::uint64_t kept_end = end_of(kept);
  for (const auto& [from, to] : {std::pair(whole.start, std::min(end, kept.start)),
                                 std::pair(std::max(whole.start, kept_end), end)}) {
    if (from >= to) continue;
    range_ = {from, to == no_end ? 0 : to - from};
    drop();
  }
}

Result<> DescriptionLock::unlock() && noexcept {
  if (auto ours = check(); !ours) return ours;
  const OwnedFd fd = std::move(fd_);
  return set(fd.get(), ofd_setlk, F_UNLCK, range_);
}

OwnedFd DescriptionLock::release() && noexcept {
  if (detail::was_moved_from(fd_))
    detail::contract_violation("use of a DescriptionLock that was moved from");
  return std::move(fd_);
}

Result<> DescriptionLock::check() const noexcept {
  return detail::check_guard(fd_, mark_, "use of a DescriptionLock that was moved from");
}

Result<> DescriptionLock::change(LockMode mode) noexcept {
  if (auto ours = check(); !ours) return ours;
  auto done = set(fd_.get(), ofd_setlkw, type_of(mode), range_);
  if (done) mode_ = mode;
  return done;
}

Result<> DescriptionLock::upgrade() noexcept {
  return change(LockMode::exclusive);
}

Result<> DescriptionLock::downgrade() noexcept {
  return change(LockMode::shared);
}

Result<> DescriptionLock::try_upgrade() noexcept {
  if (auto ours = check(); !ours) return ours;
  auto done = try_set(fd_.get(), F_WRLCK, range_);
  if (done) mode_ = LockMode::exclusive;
  return done;
}

Result<> DescriptionLock::try_upgrade_until(Clock::time_point deadline) noexcept {
  return upgrade_until(Deadline{deadline});
}

Result<> DescriptionLock::try_upgrade_for(Timeout timeout) noexcept {
  return upgrade_until(detail::deadline_after(timeout));
}

Result<> DescriptionLock::upgrade_until(const detail::Deadline& deadline) noexcept {
  if (auto ours = check(); !ours) return ours;
  auto done = try_set_until(fd_.get(), F_WRLCK, range_, deadline);
  if (done) mode_ = LockMode::exclusive;
  return done;
}

}  // namespace v0
}  // namespace sysfd
