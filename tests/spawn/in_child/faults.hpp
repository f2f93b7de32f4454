// SPDX-License-Identifier: MIT
#ifndef SYSFD_TESTS_SPAWN_IN_CHILD_FAULTS_HPP
#define SYSFD_TESTS_SPAWN_IN_CHILD_FAULTS_HPP

#include <span>
#include <vector>

#include <sysfd/command.hpp>

#include "support/prelude.hpp"

#include "spawn/in_child/every_step.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {

// A system call on the way to the program, the errors that it may have, and the step that the error
// must name.
struct Fault {
  Command (EveryStep::*command)() const;
  int call;
  std::vector<RefusedCall::Match> matches;  // at most two
  std::vector<int> errors;
  SpawnStep step;
  int index = -1;
};

std::span<const Fault> faults();

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SPAWN_IN_CHILD_FAULTS_HPP
