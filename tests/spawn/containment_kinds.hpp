// SPDX-License-Identifier: MIT
#ifndef SYSFD_TESTS_SPAWN_CONTAINMENT_KINDS_HPP
#define SYSFD_TESTS_SPAWN_CONTAINMENT_KINDS_HPP

#include <sched.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstdint>

#include <sysfd/containment.hpp>

#include "support/refuse_calls.hpp"

namespace sysfd_test {

// Makes this kind the strongest that is possible from now on, by a filter for the calling thread.
// A privileged caller has the pid namespace without one.
inline void allow_at_most(ContainmentKind kind) {
  constexpr std::uint32_t both = CLONE_NEWPID | CLONE_NEWUSER;
  if (kind == ContainmentKind::user_and_pid_namespace)
    refuse_calls({{SYS_clone, EPERM, RefusedCall::Match{0, CLONE_NEWPID, both}}});
  if (kind == ContainmentKind::subreaper)
    refuse_calls({{SYS_clone, EPERM, RefusedCall::Match{0, CLONE_NEWPID, CLONE_NEWPID}}});
}

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SPAWN_CONTAINMENT_KINDS_HPP
