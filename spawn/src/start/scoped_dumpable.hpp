// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_START_SCOPED_DUMPABLE_HPP
#define SYSFD_SPAWN_SRC_START_SCOPED_DUMPABLE_HPP

#include <sys/prctl.h>

#include "in_child/child_args.hpp"
#include "start/process_state.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// A child that gives up privileges in memory that it shares with its parent makes that memory
// undumpable first (Step::make_undumpable): a process with the privileges of the child must not get
// at the parent through it. That also means no core dumps, no debugger, and /proc/self is root's,
// for the parent as well. When the last of these children has left, this makes the memory dumpable
// again; but only if one of them has found it dumpable, so that who calls PR_SET_DUMPABLE before
// keeps what he asked for.
class ScopedDumpable {
 public:
  ScopedDumpable(bool is_needed, ChildArgs& args) noexcept
      : state_(is_needed ? &process_state() : nullptr), args_(args) {
    if (!state_) return;
    args.made_undumpable = false;
    const ProcessStateLock lock(*state_);
    ++state_->undumpable_children;
  }
  ~ScopedDumpable() {
    if (!state_) return;
    const ProcessStateLock lock(*state_);
    if (args_.made_undumpable) state_->was_dumpable = 1;
    if (--state_->undumpable_children > 0 || state_->was_dumpable == 0) return;
    state_->was_dumpable = 0;
    ::prctl(PR_SET_DUMPABLE, 1);
  }
  // In a copy of the process (fork(2)), which has none of these children.
  void forget() noexcept { state_ = nullptr; }
  ScopedDumpable(const ScopedDumpable&) = delete;
  ScopedDumpable& operator=(const ScopedDumpable&) = delete;

 private:
  ProcessState* state_;
  const ChildArgs& args_;
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_START_SCOPED_DUMPABLE_HPP
