// SPDX-License-Identifier: MIT
#include "startup.hpp"

#include <utility>

#include "child_end.hpp"
#include "orphan.hpp"

namespace sysfd {
inline namespace v0 {

detail::Mistake Command::Startup::prepare() {
  if (state_.mistake) return state_.mistake;
  return attempt_.prepare();
}

detail::Mistake Command::Startup::enter() {
  apart_.copies_table = attempt_.starts_with_copy();
  apart_.suspends_parent = must_suspend(state_);
  if (state_.prepare_no_zombie) apart_.clone_orphan = detail::clone_orphan;
  if (const auto& terminal = state_.session.foreground_of) {
    auto duplicate = terminal->duplicate();
    if (!duplicate) return SpawnError{SpawnStep::foreground_group, duplicate.error(), -1, ""};
    terminal_ = std::move(*duplicate);
  }
  dumpable_.emplace(work_.changes_credentials, work_.job);
  const auto entered = attempt_.enter(&apart_);
  if (!entered) {
    dumpable_.reset();
    return entered.error();
  }
  entered_ = *entered;
  mark_ = detail::fork_mark().value_or(0);
  return std::nullopt;
}

long Command::Startup::await(const detail::Deadline& deadline) noexcept {
  return detail::await_leave(apart_, pidfd(), deadline);
}

void Command::Startup::give_foreground_back() const noexcept {
  if (terminal_ && work_.job.former_foreground > 0)
    Attempt::give_foreground_back(*terminal_, work_.job.former_foreground);
}

Result<Child, SpawnError> Command::Startup::settle() {
  dumpable_.reset();
  const detail::Entered entered = *std::exchange(entered_, std::nullopt);
  auto child = attempt_.outcome(entered);
  if (!child) give_foreground_back();
  return child;
}

bool Command::Startup::cancel(const detail::Deadline& deadline) noexcept {
  if (!entered_) return true;
  std::optional<PidFd> process = PidFd::unsafe_adopt(OwnedFd::adopt(pidfd()));
  if (is_copy()) {
    if (dumpable_) dumpable_->forget();
  } else {
    const auto killed = detail::kill_family({*process, pid(), work_.leads_group, false});
    if (await(deadline) != 0) {
      (void)std::move(*process).into_fd().release();
      return false;
    }
    if (!killed.child)
      (void)detail::await_killed(*process, detail::Clock::now() + detail::kill_patience);
    give_foreground_back();
  }
  dumpable_.reset();
  entered_.reset();
  return true;
}

}  // namespace v0
}  // namespace sysfd
