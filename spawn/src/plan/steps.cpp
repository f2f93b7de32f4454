// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/syscall.h>

#include "plan/plan_part.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// Not inlined: so many steps are added in so many places.
void Steps::push(const Step& step) {
  steps_.push_back(step);
}

namespace {

// For stdin, or for stdout and stderr: what confines the child may allow one and not the other.
int flags_of_null(int target) noexcept {
  return target == 0 ? O_RDONLY : O_WRONLY;
}

}  // namespace

void add_descriptor_steps(const FdPlan& fds, Steps& steps) {
  for (const FdAction& action : fds.actions()) {
    const auto add = [&](long call, auto... arguments) {
      steps.add(action.step, action.index, call, arguments...);
    };
    switch (action.kind) {
      case FdAction::Kind::duplicate: add(SYS_dup3, action.source, action.target, 0); break;
      case FdAction::Kind::save: add(SYS_dup3, action.source, action.target, O_CLOEXEC); break;
      case FdAction::Kind::keep: add(SYS_fcntl, action.target, F_SETFD, 0); break;
      case FdAction::Kind::inherit:
        add(Step::keep_or_open_null, action.target, flags_of_null(action.target));
        break;
      case FdAction::Kind::open_null:
        add(Step::open_null, action.target, flags_of_null(action.target));
        break;
    }
  }
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
