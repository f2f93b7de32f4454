// SPDX-License-Identifier: MIT
//
// The start of a child whose caller goes on.
#ifndef SYSFD_SPAWN_SRC_START_ASYNC_START_HPP
#define SYSFD_SPAWN_SRC_START_ASYNC_START_HPP

#include <cstdint>
#include <optional>

#include <sysfd/detail/fork_mark.hpp>

#include "start/scoped_dumpable.hpp"
#include "start/spawn.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// It stays where it is. The states are those of docs/async-spawn.md: planned; inside, from start()
// on; settled, when the child has left this memory; finished.
class AsyncStart {
 public:
  AsyncStart(CommandSpec& spec, SpawnScratch& scratch, StartMode mode) noexcept
      : spec_(spec), scratch_(scratch), mode_(mode) {}
  // A child that is not finished is killed, and not left in this memory however long it takes to
  // leave.
  ~AsyncStart() { (void)cancel({}); }
  AsyncStart(const AsyncStart&) = delete;
  AsyncStart& operator=(const AsyncStart&) = delete;

  // Does what can be done before there is a child.
  Result<void, SpawnError> make_plan(const SpawnChanges& changes);
  // Clones the child. All signals must be blocked.
  Result<void, SpawnError> start();
  // Waits until the child is settled. Returns 0, or -errno: ETIMEDOUT it is not by then; ECANCELED.
  long await(const Deadline& deadline) noexcept;
  // Returns the child, or its error, once it is settled.
  Result<CloneResult, SpawnError> finish();
  // Kills the child, whatever it is doing, and reaps it as described at DropPolicy. It must have
  // been started, or not at all. False: by then it has not left this memory, which it may still
  // use.
  bool cancel(const Deadline& deadline) noexcept;

  // True in a copy of the process (fork(2)), whose parent's child it is.
  bool is_copy() const noexcept { return is_forked_copy(mark_); }
  // True if something is written for it in /proc, which belongs to root as long as another child
  // that gives up privileges is in this memory (see ScopedDumpable).
  bool needs_dumpable_memory() const noexcept {
    return spec_.has_id_maps() || spec_.adjusts_oom_score();
  }
  pid_t pid() const noexcept { return clone_->pid; }
  const CommandSpec& spec() const noexcept { return spec_; }
  SpawnPlan& plan() noexcept { return *plan_; }
  // The read end of the pipe that is hung up when the child is settled.
  std::optional<OwnedFd> take_report() noexcept;

 private:
  void restore_foreground() const noexcept;
  int pidfd() const noexcept { return clone_->process.fd().get(); }
  SpawnRequest request() const noexcept { return {.mode = mode_}; }

  CommandSpec& spec_;
  SpawnScratch& scratch_;
  StartMode mode_;
  std::optional<ScopedDumpable> dumpable_;
  std::optional<SpawnPlan> plan_;
  std::optional<IdMapWriter> writer_;
  std::optional<CloneResult> clone_;  // from start() until the child is finished
  std::optional<OwnedFd> terminal_;   // a duplicate, if the child takes its foreground
  ChildStack stack_;
  std::uint64_t mark_ = 0;  // of the process whose child it is
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_START_ASYNC_START_HPP
