// SPDX-License-Identifier: MIT
#include "startup.hpp"

#include <sys/syscall.h>

#include <csignal>
#include <utility>

#include <sysfd/detail/raw_syscall.hpp>

namespace sysfd {
inline namespace v0 {

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

bool Command::Startup::await(Deadline deadline) noexcept {
  return detail::await_leave(apart_, pidfd(), deadline);
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
