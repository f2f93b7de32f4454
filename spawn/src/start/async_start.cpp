// SPDX-License-Identifier: MIT
#include "start/async_start.hpp"

#include <utility>

#include "plan/plan_part.hpp"
#include "start/kept_tree.hpp"
#include "start/kill.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

Result<void, SpawnError> AsyncStart::make_plan(const SpawnChanges& changes) {
  if (spec_.invalid) return std::unexpected(*spec_.invalid);
  auto plan = plan_spawn(spec_, {.mode = mode_, .changes = changes}, scratch_);
  if (!plan) return std::unexpected(std::move(plan.error()));
  plan_.emplace(std::move(*plan));
  return {};
}

Result<void, SpawnError> AsyncStart::start() {
  stack_.copies_table = starts_with_copy(spec_, mode_, scratch_);
  stack_.suspends_parent = must_suspend_caller(spec_);
  if (spec_.parts.no_zombie) stack_.clone_orphan = spec_.parts.no_zombie->clone;
  if (const auto& terminal = spec_.session.foreground_of) {
    auto duplicate = terminal->duplicate();
    if (!duplicate)
      return std::unexpected(SpawnError{SpawnStep::foreground_group, duplicate.error(), -1, ""});
    terminal_ = std::move(*duplicate);
  }
  dumpable_.emplace(plan_->child.changes_credentials, plan_->child.args);
  auto clone = clone_planned({spec_, scratch_, request().waits()}, *plan_, &stack_, writer_);
  if (!clone) {
    dumpable_.reset();
    return std::unexpected(std::move(clone.error()));
  }
  clone_.emplace(std::move(*clone));
  mark_ = fork_mark().value_or(0);
  return {};
}

long AsyncStart::await(const Deadline& deadline) noexcept {
  return await_leave(stack_, pidfd(), deadline);
}

void AsyncStart::restore_foreground() const noexcept {
  const int former = plan_->child.args.former_foreground;
  if (terminal_ && former > 0) detail::restore_foreground(*terminal_, former);
}

Result<CloneResult, SpawnError> AsyncStart::finish() {
  dumpable_.reset();
  auto child = finish_start(spec_, mode_, scratch_, *plan_, std::move(*clone_));
  clone_.reset();
  if (!child) restore_foreground();
  return child;
}

bool AsyncStart::cancel(const Deadline& deadline) noexcept {
  if (!clone_) return true;
  if (is_copy()) {
    if (dumpable_) dumpable_->forget();
  } else {
    const auto killed = kill_group({clone_->process, clone_->pid, plan_->child.leads_group, false});
    if (await(deadline) != 0) return false;
    if (plan_->resources && plan_->resources->keeper) {
      const auto tree = spec_.parts.containment->tree_of(*plan_->resources->keeper);
      tree->begin_kill();
      tree->finish_kill(clone_->process, Clock::now() + kill_patience);
    } else if (!killed.child) {
      (void)await_killed(clone_->process, Clock::now() + kill_patience);
    }
    restore_foreground();
  }
  dumpable_.reset();
  clone_.reset();
  return true;
}

std::optional<OwnedFd> AsyncStart::take_report() noexcept {
  if (!plan_->resources || !plan_->resources->report) return std::nullopt;
  OwnedFd read = std::move(plan_->resources->report->read);
  plan_->resources->report.reset();
  return read;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
