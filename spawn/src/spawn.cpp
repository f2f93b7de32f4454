// SPDX-License-Identifier: MIT
//
// The parent's part from the clone on: the child is entered, then its report is read.
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "attempt.hpp"
#include "child_start.hpp"
#include "dumpable_kept.hpp"
#include "pid_namespace_visit.hpp"
#include "signals_blocked.hpp"

namespace sysfd {
inline namespace v0 {

using detail::Job;

namespace {

[[gnu::cold]] SpawnError memory_is_not_shared() {
  return {SpawnStep::start, detail::error_code(ENOSYS), -1,
          "with which no memory is shared (an emulator?)"};
}

}  // namespace

bool Command::Attempt::changes_credentials() const noexcept {
  return state_.identity.changes_credentials() || !state_.namespaces.create.empty() ||
         !state_.namespaces.join.empty();
}

// What is to be said of a child that did not come to the program, though no step of it failed.
SpawnError Command::Attempt::premature_end(const Result<ExitStatus>& status) const {
  const bool killed = status && status->signal();
  if (killed && work_.birth.cgroup >= 0 && work_.job.progress == Job::Progress::not_started)
    return {SpawnStep::cgroup, detail::error_code(ECANCELED), -1,
            "which kills what is born into it (was it killed once?)"};
  if (work_.job.progress == Job::Progress::started || killed || !status)
    return {SpawnStep::start, detail::error_code(ECANCELED), -1,
            killed ? to_string(*status) : "which has ended"};
  return memory_is_not_shared();
}

SpawnError Command::Attempt::why_not_executing(const Result<ExitStatus>& status) const {
  return work_.job.progress == Job::Progress::failed ? failure() : premature_end(status);
}

Result<detail::Entered, SpawnError> Command::Attempt::enter_here(detail::Apart* apart) {
  const auto entered = detail::enter_child(work_.job, work_.birth, apart);
  if (!entered) {
    const bool is_copied =
        apart && entered.error() == std::errc::function_not_supported && detail::is_emulated();
    return std::unexpected(is_copied ? memory_is_not_shared() : clone_failure(entered.error()));
  }
  return *entered;
}

Result<detail::Entered, SpawnError> Command::Attempt::enter(detail::Apart* apart) {
  if (!made_) return enter_here(apart);
  if (made_->maps) {
    made_->writer.emplace(*made_->maps);
    if (const auto started = state_.namespace_planner->start_writer(*made_->writer); !started)
      return std::unexpected(SpawnError{SpawnStep::clone, started.error(), -1, ""});
  }
  const auto& joins = state_.namespaces.join;
  for (std::size_t i = 0; i < joins.size(); ++i) {
    if (!detail::kinds_of(joins[i]).contains(Namespace::pid)) continue;
    const detail::PidNamespaceVisit visit(*made_->own_pid_namespace, joins[i].of);
    if (const auto code = visit.error())
      return std::unexpected(SpawnError{SpawnStep::join_namespace, code, static_cast<int>(i), ""});
    return enter_here(apart);
  }
  return enter_here(apart);
}

void Command::Attempt::hand_over(State& state) noexcept {
  for (Stdio& stream : state.streams)
    stream.owned_.reset();
  for (auto* list : {&state.passed, &state.listeners})
    for (State::Passed& passed : *list) {
      if (!passed.owned) continue;
      passed.owned.reset();
      passed.handed_over = true;
    }
}

Result<Child, SpawnError> Command::Attempt::run() {
  const auto entered = [&] {
    const detail::DumpableKept dumpable(work_.changes_credentials, work_.job);
    const detail::SignalsBlocked blocked;
    return enter(work_.apart_of_spawn);
  }();
  if (!entered) return std::unexpected(entered.error());
  return outcome(*entered);
}

Result<Child, SpawnError> Command::Attempt::outcome(const detail::Entered& entered) {
  if (!work_.job.suspends_parent) detail::note_departure(work_.job);
  if (work_.job.progress != Job::Progress::executing) {
    // It is ending.
    const auto status = PidFd::unsafe_adopt(OwnedFd::adopt(work_.job.pidfd)).wait();
    if (is_waited_for()) give_foreground_back(state_, work_);
    return std::unexpected(why_not_executing(status));
  }
  if (!work_.plan_holds && !state_.prepared && kind_ != Kind::stage) hand_over(state_);
  return to_child(entered);
}

// A function of its own, so that the Child is made where it is returned.
Result<Child, SpawnError> Command::Attempt::to_child(const detail::Entered& entered) {
  Result<Child, SpawnError> child(std::in_place, Child::Start{entered, state_, work_});
  if (made_) give_what_was_made(*child);
  return child;
}

// Not inlined: a child for which nothing was made is not to pay for its registers.
[[gnu::noinline]] void Command::Attempt::give_what_was_made(Child& child) noexcept {
  for (int number = 0; number < 3; ++number)
    if (auto& end = made_->parent_ends[number]) child.pipes_[number].emplace(std::move(*end));
  if (auto& end = made_->parent_terminal) child.terminal_.emplace(std::move(*end));
  if (auto& cgroup = made_->cgroup) child.cgroup_.emplace(std::move(*cgroup));
}

// By whoever is in the background of that terminal: SIGTTOU must not come of it.
void Command::Attempt::give_foreground_back(BorrowedFd terminal, int former) noexcept {
  const detail::SignalsBlocked blocked;
  detail::system_call(SYS_ioctl, terminal.get(), TIOCSPGRP, &former);
}

SpawnError Command::Attempt::run_in_place() {
  const detail::SignalsBlocked blocked;
  std::optional<detail::IdMapWriter> writer;
  if (made_->maps) {
    writer.emplace(*made_->maps);
    if (const auto started = state_.namespace_planner->start_writer(*writer); !started)
      return {SpawnStep::clone, started.error(), -1, ""};
  }
  detail::run_in_place(work_.job);
  return failure();
}

Result<Child, SpawnError> Command::Attempt::spawn(State& state, Workspace& work,
                                                  const Defaults* defaults,
                                                  const SpawnChanges& changes) {
  Attempt attempt(state, work, Kind::child, defaults, changes);
  if (auto mistake = attempt.prepare()) return std::unexpected(*std::move(mistake));
  return attempt.run();
}

Result<Child, SpawnError> Command::Attempt::spawn_stage(State& state, const Defaults& defaults) {
  Attempt attempt(state, state.workspace, Kind::stage, &defaults, detail::no_changes);
  if (auto mistake = attempt.prepare()) return std::unexpected(*std::move(mistake));
  return attempt.run();
}

[[gnu::hot]] Result<Child, SpawnError> Command::spawn() {
  State& state = this->state();
  if (state.mistake) return std::unexpected(*state.mistake);
  return Attempt::spawn(state, state.workspace, nullptr, detail::no_changes);
}

SpawnError Command::exec() {
  State& state = this->state();
  if (state.mistake) return *state.mistake;
  Attempt attempt(state, state.workspace, Attempt::Kind::in_place, {}, detail::no_changes);
  if (auto mistake = attempt.refuse_in_place()) return *std::move(mistake);
  if (auto mistake = attempt.prepare()) return *std::move(mistake);
  return attempt.run_in_place();
}

}  // namespace v0
}  // namespace sysfd
