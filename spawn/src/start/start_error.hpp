// SPDX-License-Identifier: MIT
//
// From an errno to the error that spawn() returns: what failed, and what helps.
#ifndef SYSFD_SPAWN_SRC_START_START_ERROR_HPP
#define SYSFD_SPAWN_SRC_START_START_ERROR_HPP

#include "plan/spawn_plan.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// A start that has failed.
struct FailedStart {
  const CommandSpec& spec;
  const SpawnScratch& scratch;
  bool caller_waits;  // what the Command borrows is still open

  const ChildArgs& args() const noexcept { return scratch.child.args; }
  SpawnError error_at(SpawnStep step, std::error_code code, int index = -1) const {
    return step_error(spec, scratch, step, code, index);
  }
};

// There is no child.
SpawnError clone_error(const FailedStart& start, std::error_code code);
// The child has ended before it executed the program. `status`: of the wait for it.
SpawnError child_error(const FailedStart& start, const Result<ExitStatus>& status);
// A step of the child, or of exec(), has failed: see ChildArgs.
SpawnError failed_step_error(const FailedStart& start);
// There is a child in a copy of this memory, which is not what it was to be.
SpawnError memory_is_copied_error();
// Adds to an error of execve(2) what can be found out about it.
void explain_exec(const FailedStart& start, SpawnError& error);

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_START_START_ERROR_HPP
