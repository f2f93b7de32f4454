// SPDX-License-Identifier: MIT
#include "startup.hpp"

#include <poll.h>
#include <sys/syscall.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include <sysfd/detail/deadline.hpp>
#include <sysfd/detail/raw_syscall.hpp>

#include "raw_syscall.hpp"

namespace sysfd {
inline namespace v0 {

using detail::Clock;

detail::Mistake Command::Startup::prepare() {
  if (state_.mistake) return state_.mistake;
  return attempt_.prepare();
}

detail::Mistake Command::Startup::enter() {
  apart_.copies_table = attempt_.starts_with_copy();
  // What a child says of the OOM killer the kernel takes for all that share its memory, but for one
  // whose parent is suspended.
  apart_.suspends_parent = state_.resources.oom_score_adjust.has_value();
  dumpable_.emplace(work_.changes_credentials);
  const auto entered = attempt_.enter(&apart_);
  if (!entered) {
    dumpable_.reset();
    return entered.error();
  }
  entered_ = *entered;
  return std::nullopt;
}

// Whether the process is no more, and so neither is in this memory.
bool Command::Startup::has_ended() const noexcept {
  pollfd entry{.fd = pidfd(), .events = POLLIN, .revents = 0};
  const auto now = Clock::time_point::min();
  const auto ready = detail::poll_until(&entry, 1, &now);
  return ready && *ready > 0;
}

// The kernel clears the word and then wakes, so that the word alone would do. But for a child that
// dumps core some kernels do neither, and an emulator may not know of it: from time to time, the
// process is looked at, too.
bool Command::Startup::await(Deadline deadline) noexcept {
  constexpr auto look_after = std::chrono::milliseconds(100);
  while (__atomic_load_n(&apart_.is_inside, __ATOMIC_ACQUIRE) != 0) {
    const auto now = Clock::now();
    if (deadline && *deadline <= now) return has_ended();
    const auto until = deadline ? std::min(*deadline, now + look_after) : now + look_after;
    const timespec timeout = detail::time_until(until);
    const long answer = detail::system_call(SYS_futex, &apart_.is_inside, FUTEX_WAIT, 1, &timeout);
    // Also after a signal: those of a timer may keep the time from ever being up.
    if ((answer == -ETIMEDOUT || answer == -EINTR) && has_ended()) return true;
  }
  return true;
}

std::expected<Child, SpawnError> Command::Startup::settle() {
  dumpable_.reset();
  const detail::Entered entered = *std::exchange(entered_, std::nullopt);
  return attempt_.outcome(entered);
}

// Errors can be ignored: a process that cannot be signalled has ended, or will.
void Command::Startup::cancel() noexcept {
  if (!entered_) return;
  detail::system_call(SYS_pidfd_send_signal, pidfd(), SIGKILL, nullptr, 0);
  (void)await(nullptr);
  dumpable_.reset();
  entered_.reset();
  (void)PidFd::unsafe_adopt(OwnedFd::adopt(pidfd())).wait();
}

}  // namespace v0
}  // namespace sysfd
