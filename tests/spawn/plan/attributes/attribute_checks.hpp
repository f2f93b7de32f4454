// SPDX-License-Identifier: MIT
//
// What is to be shown of every attribute of a child: that the child has it and this process does
// not, that a wrong value is refused before there is a child, and that a failure in the child is
// named and leaves nothing behind.
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

// The facts of a child that runs the inspector, which may be anybody and anywhere: it needs no file
// to write to. Those of this process must be the same before and after, or the test fails.
Facts facts_of_child(const Configure& configure);

// Fails the test for each of these facts that the child does not have.
void expect_facts(const Configure& configure, const Facts& expected);

// The error of a command that must not start; fails the test where it leaves a child, a descriptor
// or any other trace in this process.
SpawnError error_of_spawn(Command& command);
void expect_error(Command& command, SpawnStep step, int error, int index = -1);

// EINVAL, before there is a child.
struct WrongValue {
  Configure say;
  SpawnStep step;
  std::string description;  // what describe() says before the errno's text
  int index = -1;
};
void expect_refused(const std::vector<WrongValue>& values);

// The child's system call fails, and with it spawn().
struct FailingCall {
  RefusedCall call;
  Configure say;
  SpawnStep step;
  int index = -1;
};
void expect_failures(const std::vector<FailingCall>& calls);

// For run_apart(): an ordinary user, without groups, privileges or a way back.
inline constexpr unsigned nobody = 65534;
void become_nobody();

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SPAWN_PLAN_ATTRIBUTES_ATTRIBUTE_CHECKS_HPP
