// SPDX-License-Identifier: MIT
#include <sysfd/description_lock.hpp>

#include <fcntl.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <limits>
#include <utility>

#include <sysfd/detail/deadline.hpp>
#include <sysfd/detail/fork_mark.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/syscall.hpp>

#include "kernel.hpp"

namespace sysfd {
inline namespace v0 {

using detail::Clock;
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

// False: somebody else has it.
Result<bool> try_set(int fd, short type, LockRange range) noexcept {
  const auto done = set(fd, ofd_setlk, type, range);
  if (done) return true;
  if (done.error().value() == EAGAIN) return false;
  return std::unexpected(done.error());
}

Result<bool> try_set_until(int fd, short type, LockRange range,
                           Clock::time_point deadline) noexcept {
  constexpr std::chrono::nanoseconds longest_pause = std::chrono::milliseconds(10);
  for (std::chrono::nanoseconds pause = std::chrono::microseconds(100);;
       pause = std::min(2 * pause, longest_pause)) {
    const bool is_last = Clock::now() >= deadline;
    if (const auto done = try_set(fd, type, range); !done || *done || is_last) return done;
    const auto next = std::min(detail::deadline_after(pause), deadline);
    if (const auto slept = detail::poll_until(nullptr, 0, &next); !slept)
      return std::unexpected(slept.error());
  }
}

}  // namespace

Result<DescriptionLock> DescriptionLock::acquire(LentFd file, LockMode mode,
                                                 LockRange range) noexcept {
  const auto mark = detail::fork_mark();
  if (!mark) return std::unexpected(mark.error());
  if (auto done = set(file.get(), ofd_setlkw, type_of(mode), range); !done)
    return std::unexpected(done.error());
  return DescriptionLock(file, mode, range, *mark);
}

Result<std::optional<DescriptionLock>> DescriptionLock::try_acquire_until(
    LentFd file, LockMode mode, Clock::time_point deadline, LockRange range) noexcept {
  const auto mark = detail::fork_mark();
  if (!mark) return std::unexpected(mark.error());
  const auto done = try_set_until(file.get(), type_of(mode), range, deadline);
  if (!done) return std::unexpected(done.error());
  if (!*done) return std::nullopt;
  return DescriptionLock(file, mode, range, *mark);
}

Result<std::optional<DescriptionLock>> DescriptionLock::try_acquire_for(
    LentFd file, LockMode mode, std::chrono::nanoseconds timeout, LockRange range) noexcept {
  return try_acquire_until(file, mode, detail::deadline_after(timeout), range);
}

Result<std::optional<DescriptionLock>> DescriptionLock::try_acquire(LentFd file, LockMode mode,
                                                                    LockRange range) noexcept {
  return try_acquire_until(file, mode, Clock::time_point::min(), range);
}

DescriptionLock::DescriptionLock(DescriptionLock&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      mode_(other.mode_),
      range_(other.range_),
      mark_(other.mark_) {}

// What the new one has locked as well stays locked: unlocking knows no guards, only ranges.
DescriptionLock& DescriptionLock::operator=(DescriptionLock&& other) noexcept {
  if (this == &other) return *this;
  if (fd_ >= 0 && fd_ == other.fd_ && mark_ == other.mark_)
    drop_all_but(other.range_);
  else
    drop();
  fd_ = std::exchange(other.fd_, -1);
  mode_ = other.mode_;
  range_ = other.range_;
  mark_ = other.mark_;
  return *this;
}

DescriptionLock::~DescriptionLock() {
  drop();
}

void DescriptionLock::drop() noexcept {
  if (fd_ < 0 || detail::is_forked_copy(mark_)) return;
  (void)set(fd_, ofd_setlk, F_UNLCK, range_);
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
  return set(std::exchange(fd_, -1), ofd_setlk, F_UNLCK, range_);
}

Result<> DescriptionLock::check() const noexcept {
  if (fd_ < 0) detail::contract_violation("use of a DescriptionLock that was moved from");
  if (detail::is_forked_copy(mark_)) return detail::failure(EPERM);
  return {};
}

Result<> DescriptionLock::change(LockMode mode) noexcept {
  if (auto ours = check(); !ours) return ours;
  auto done = set(fd_, ofd_setlkw, type_of(mode), range_);
  if (done) mode_ = mode;
  return done;
}

Result<> DescriptionLock::upgrade() noexcept {
  return change(LockMode::exclusive);
}

Result<> DescriptionLock::downgrade() noexcept {
  return change(LockMode::shared);
}

Result<bool> DescriptionLock::try_upgrade_until(Clock::time_point deadline) noexcept {
  if (const auto ours = check(); !ours) return std::unexpected(ours.error());
  const auto done = try_set_until(fd_, F_WRLCK, range_, deadline);
  if (done && *done) mode_ = LockMode::exclusive;
  return done;
}

Result<bool> DescriptionLock::try_upgrade() noexcept {
  return try_upgrade_until(Clock::time_point::min());
}

Result<bool> DescriptionLock::try_upgrade_for(std::chrono::nanoseconds timeout) noexcept {
  return try_upgrade_until(detail::deadline_after(timeout));
}

}  // namespace v0
}  // namespace sysfd
