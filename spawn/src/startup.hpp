// SPDX-License-Identifier: MIT
//
// The start of a child that goes on beside its parent.
#ifndef SYSFD_SPAWN_SRC_STARTUP_HPP
#define SYSFD_SPAWN_SRC_STARTUP_HPP

#include <chrono>
#include <cstdint>
#include <optional>

#include <sysfd/detail/fork_mark.hpp>

#include "attempt.hpp"
#include "dumpable_kept.hpp"

namespace sysfd {
inline namespace v0 {

// It stays where it is. The states are those of docs/async-spawn.md: prepared; inside, from enter()
// on; decided, when the child has left this memory; settled.
class Command::Startup {
 public:
  Startup(State& state, Workspace& work, Attempt::Kind kind, const SpawnChanges& changes) noexcept
      : state_(state), work_(work), attempt_(state, work, kind, nullptr, changes) {}
  // Whether something is written for it in /proc, where all belongs to root as long as another
  // child that gives up power is in this memory (see DumpableKept).
  bool needs_dumpable_memory() const noexcept {
    return !state_.namespaces.user_map.empty() || !state_.namespaces.group_map.empty() ||
           state_.resources.oom_score_adjust;
  }
  // True if the caller is to be suspended (CLONE_VFORK) while the child is in its memory. The
  // kernel applies an OOM score, and the OOM killer's choice in a cgroup with a memory limit, to
  // all processes that share the memory, except to a child whose parent is suspended.
  static bool must_suspend(const State& state) noexcept {
#ifdef SYSFD_SUSPEND_CALLER
    constexpr bool always = true;
#else
    constexpr bool always = false;
#endif
    return always || state.resources.oom_score_adjust || state.cgroup_fd;
  }
  // A child that is not settled is killed, and not left in this memory however long it takes to go.
  ~Startup() { (void)cancel({}); }
  Startup(const Startup&) = delete;
  Startup& operator=(const Startup&) = delete;

  // What can be done before there is a child.
  detail::Mistake prepare();
  // All signals are to be blocked.
  detail::Mistake enter();
  // Waits for the decision. Answers 0, or -errno: ETIMEDOUT there is none by then; ECANCELED.
  long await(const detail::Deadline& deadline) noexcept;
  // Once it is decided.
  Result<Child, SpawnError> settle();
  // The child is killed, whatever it was doing, and reaped as said at DropPolicy. It must have been
  // entered, or not at all. False: by then it has not left this memory, which it may use yet.
  bool cancel(const detail::Deadline& deadline) noexcept;
  // Whether this is a copy of the process (fork(2)), whose parent's child it is.
  bool is_copy() const noexcept { return detail::is_forked_copy(mark_); }

  pid_t pid() const noexcept { return entered_->pid; }
  int pidfd() const noexcept { return work_.job.pidfd; }
  DropPolicy drop_policy() const noexcept { return state_.drop_policy; }
  std::chrono::nanoseconds grace() const noexcept { return state_.grace; }
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
  std::uint64_t mark_ = 0;  // of the process whose child it is
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_STARTUP_HPP
