// SPDX-License-Identifier: MIT
//
// Implements what all lock guards have in common: each owns a duplicate of the descriptor, unlocks
// it when it is destroyed, leaves its parent's lock alone in a forked copy, and can try until a
// deadline.
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

// Returns a duplicate for a guard; no other code closes it.
inline Result<OwnedFd> duplicate_for_guard(LentFd file) noexcept {
  return BorrowedFd(Sentinel{file.get()}).duplicate();
}

// Calls `lock` with the descriptor number that a guard will own. Returns the mark for the guard.
template <class Lock>
Result<std::uint64_t> lock_for_guard(const Result<OwnedFd>& fd, Lock lock) noexcept {
  if (!fd) return std::unexpected(fd.error());
  const auto mark = fork_mark();
  if (!mark) return mark;
  if (const Result<> done = lock(fd->get()); !done) return std::unexpected(done.error());
  return mark;
}

// Calls `attempt` while it fails with EAGAIN, with pauses in between, until the deadline.
// Errors: those of `attempt`; ETIMEDOUT, ECANCELED.
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

// False if the guard was moved from, or if the lock belongs to the process that this one was forked
// from.
inline bool owns_lock(const OwnedFd& fd, std::uint64_t mark) noexcept {
  return !was_moved_from(fd) && !is_forked_copy(mark);
}

// Aborts with the message `moved_from` if the guard was moved from.
// Errors: EPERM: the lock belongs to the parent.
inline Result<> check_guard(const OwnedFd& fd, std::uint64_t mark,
                            const char* moved_from) noexcept {
  if (was_moved_from(fd)) contract_violation(moved_from);
  if (is_forked_copy(mark)) return failure(EPERM);
  return {};
}

// True if two guards lock the same description, or if the kernel cannot tell.
inline bool may_be_one_description(const OwnedFd& left, std::uint64_t left_mark,
                                   const OwnedFd& right, std::uint64_t right_mark) noexcept {
  return !was_moved_from(left) && !was_moved_from(right) && left_mark == right_mark &&
         same_description(left, right) != false;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SHARING_SRC_LOCK_GUARD_HPP
