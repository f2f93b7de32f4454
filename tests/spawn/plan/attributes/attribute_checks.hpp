// SPDX-License-Identifier: MIT
//
// Checks every attribute of a child: that the child has it and this process does not, that a wrong
// value is refused before there is a child, and that a failure in the child names its step and
// leaves nothing behind.
#ifndef SYSFD_TESTS_SPAWN_PLAN_ATTRIBUTES_ATTRIBUTE_CHECKS_HPP
#define SYSFD_TESTS_SPAWN_PLAN_ATTRIBUTES_ATTRIBUTE_CHECKS_HPP

#include <functional>
#include <string>
#include <vector>

#include <sysfd/command.hpp>

#include "support/prelude.hpp"

#include "spawn/inspect.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {

using Configure = std::function<void(Command&)>;

// Returns the facts of a child that runs the inspector. The child may have any user and any root:
// it needs no file to write to. The test fails if the facts of this process have changed.
Facts facts_of_child(const Configure& configure);

// Fails the test for each of these facts that the child does not have.
void expect_facts(const Configure& configure, const Facts& expected);

// Returns the error of a command that must not start. The test fails if that leaves a child, a
// descriptor or any other trace in this process.
SpawnError error_of_spawn(Command& command);
void expect_error(Command& command, SpawnStep step, int error, int index = -1);

// A value that fails with EINVAL, before there is a child.
struct WrongValue {
  Configure configure;
  SpawnStep step;
  std::string description;  // the text of describe() before that of the errno
  int index = -1;
};
void expect_refused(const std::vector<WrongValue>& values);

// A system call that fails in the child, so that spawn() fails.
struct FailingCall {
  RefusedCall call;
  Configure configure;
  SpawnStep step;
  int index = -1;
};
void expect_failures(const std::vector<FailingCall>& calls);

// Becomes an ordinary user, without groups and privileges, and with no way back: call it inside
// run_apart().
inline constexpr unsigned nobody = 65534;
void become_ordinary_user();

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SPAWN_PLAN_ATTRIBUTES_ATTRIBUTE_CHECKS_HPP
