// SPDX-License-Identifier: MIT
//
// The start of a child that goes on beside its parent.
#ifndef SYSFD_SPAWN_SRC_STARTUP_HPP
#define SYSFD_SPAWN_SRC_STARTUP_HPP

#include <chrono>
#include <expected>
#include <optional>

#include "attempt.hpp"
#include "dumpable_kept.hpp"

namespace sysfd {
inline namespace v0 {

// It stays where it is. The states are those of docs/async-spawn.md: prepared; inside, from enter()
// on; decided, when the child has left this memory; settled.
class Command::Startup {
 public:
  using Deadline = const std::chrono::steady_clock::time_point*;  // null: for ever

  Startup(State& state, Workspace& work, Attempt::Kind kind, const SpawnChanges& changes) noexcept
      : state_(state), work_(work), attempt_(state, work, kind, nullptr, changes) {}
  // Whether something is written for it in /proc, where all belongs to root as long as another child
  // that gives up power is in this memory (see DumpableKept).
  bool needs_dumpable_memory() const noexcept {
    return !state_.namespaces.user_map.empty() || !state_.namespaces.group_map.empty() ||
           state_.resources.oom_score_adjust;
  }
  // True if the caller is to be suspended (CLONE_VFORK) while the child is in its memory. The kernel
  // applies an OOM score, and the OOM killer's choice in a cgroup with a memory limit, to all
  // processes that share the memory, except to a child whose parent is suspended.
  static bool must_suspend(const State& state) noexcept {
#ifdef SYSFD_SUSPEND_CALLER
    constexpr bool always = true;
#else
    constexpr bool always = false;
#endif
    return always || state.resources.oom_score_adjust || state.cgroup_fd;
  }
  // A child that is not settled is killed.
  ~Startup() { cancel(); }
  Startup(const Startup&) = delete;
  Startup& operator=(const Startup&) = delete;

  // What can be done before there is a child.
  detail::Mistake prepare();
  // All signals are to be blocked.
  detail::Mistake enter();
  // Waits for the decision. False: there is none by then.
  bool await(Deadline deadline) noexcept;
  // Once it is decided.
  std::expected<Child, SpawnError> settle();
  // The child is killed and reaped, whatever it was doing. It must have been entered, or not at
  // all.
  void cancel() noexcept;

  pid_t pid() const noexcept { return entered_->pid; }
  int pidfd() const noexcept { return work_.job.pidfd; }
  DropPolicy drop_policy() const noexcept { return state_.drop_policy; }
  std::optional<OwnedFd> take_report() noexcept { return attempt_.take_report(); }

 private:
  void give_foreground_back() const noexcept;

  State& state_;
  Workspace& work_;
  std::optional<detail::DumpableKept> dumpable_;
  Attempt attempt_;
  std::optional<detail::Entered> entered_;  // as long as it is not settled
  std::optional<OwnedFd> terminal_;         // a duplicate, if the child takes its foreground
  detail::Apart apart_;
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_STARTUP_HPP
