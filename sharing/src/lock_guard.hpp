// SPDX-License-Identifier: MIT
//
// What the guards of locks have in common: each holds a duplicate of its own, unlocks it when it is
// destroyed, leaves its parent's lock alone in a forked copy, and tries until a deadline.
#ifndef SYSFD_SHARING_SRC_LOCK_GUARD_HPP
#define SYSFD_SHARING_SRC_LOCK_GUARD_HPP

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>

#include <sysfd/description.hpp>
#include <sysfd/detail/deadline.hpp>
#include <sysfd/detail/fork_mark.hpp>
#include <sysfd/detail/syscall.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// A duplicate for a guard, which nobody else closes.
inline Result<OwnedFd> duplicate_for_guard(LentFd file) noexcept {
  return BorrowedFd(Sentinel{file.get()}).duplicate();
}

// Calls `lock` with the number of what a guard is to hold. Returns the mark that the guard keeps.
template <class Lock>
Result<std::uint64_t> lock_for_guard(const Result<OwnedFd>& fd, Lock lock) noexcept {
  if (!fd) return std::unexpected(fd.error());
  const auto mark = fork_mark();
  if (!mark) return mark;
  if (const Result<> done = lock(fd->get()); !done) return std::unexpected(done.error());
  return mark;
}

// Calls `attempt` as long as it fails with EAGAIN, with pauses in between, up to the deadline.
// Errors: of `attempt`; ETIMEDOUT, ECANCELED.
template <class Attempt>
Result<> attempt_until(const Deadline& deadline, Attempt attempt) noexcept {
  constexpr std::chrono::nanoseconds longest_pause = std::chrono::milliseconds(10);
  for (std::chrono::nanoseconds pause = std::chrono::microseconds(100);;
       pause = std::min(2 * pause, longest_pause)) {
    const bool is_last = deadline.is_past();
    Result<> done = attempt();
    if (done || done.error().value() != EAGAIN) return done;
    if (is_last) return failure(ETIMEDOUT);
    const auto next = std::min(deadline_after(pause), deadline.time);
    if (const auto slept = poll_until(nullptr, 0, {next, deadline.canceled_by}); !slept)
      return std::unexpected(slept.error());
  }
}

// False: the guard was moved from, or the lock is that of the process that this one was forked
// from.
inline bool is_for_this_guard_to_unlock(const OwnedFd& fd, std::uint64_t mark) noexcept {
  return !was_moved_from(fd) && !is_forked_copy(mark);
}

// Stops the program with `moved_from` if the guard was. Errors: EPERM the lock is the parent's.
inline Result<> check_guard(const OwnedFd& fd, std::uint64_t mark,
                            const char* moved_from) noexcept {
  if (was_moved_from(fd)) contract_violation(moved_from);
  if (is_forked_copy(mark)) return failure(EPERM);
  return {};
}

// True for two guards whose locks are those of one description, or where the kernel does not tell.
inline bool may_be_one_description(const OwnedFd& left, std::uint64_t left_mark,
                                   const OwnedFd& right, std::uint64_t right_mark) noexcept {
  return !was_moved_from(left) && !was_moved_from(right) && left_mark == right_mark &&
         same_description(left, right) != false;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SHARING_SRC_LOCK_GUARD_HPP
