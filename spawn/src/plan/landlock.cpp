// SPDX-License-Identifier: MIT
//
// The Landlock ruleset that restricts the child (landlock(7)).
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "plan/plan_part.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

PartResult gather_landlock(Planning& planning) {
  planning.fds().keep_until_exec(planning.spec.landlock->get(), SpawnStep::landlock);
  return Reuse::yes;
}

void add_landlock_steps(Planning& planning) {
  Steps& steps = planning.steps();
  const int ruleset = planning.fds().place_of(planning.spec.landlock->get());
  steps.add(SpawnStep::no_new_privileges, -1, SYS_prctl, PR_SET_NO_NEW_PRIVS, 1);
  steps.add(SpawnStep::landlock, -1, SYS_landlock_restrict_self, ruleset, 0);
}

}  // namespace

const PlanPart landlock_part{gather_landlock, add_landlock_steps};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
