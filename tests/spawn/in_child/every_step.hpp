// SPDX-License-Identifier: MIT
//
// Commands that, among them, take every step there is, for tests that have each of them fail.
#ifndef SYSFD_TESTS_SPAWN_IN_CHILD_EVERY_STEP_HPP
#define SYSFD_TESTS_SPAWN_IN_CHILD_EVERY_STEP_HPP

#include <vector>

#include <sysfd/command.hpp>

#include "support/prelude.hpp"

namespace sysfd_test {

// What the commands refer to. Under fixed numbers, so that the system calls that use them can be
// told apart by these.
class EveryStep {
 public:
  EveryStep();

  static constexpr int file = 20, kept = 21, directory = 22, root = 23, terminal = 24, net = 25,
                       ipc = 26, pid = 27, program = 28;
  // Numbers in the child.
  static constexpr int passed = 8, owned = 9;
  static constexpr std::size_t user_map_size = 6, group_map_size = 12;

  // All attributes that go together: root is needed.
  Command attributes() const;
  // A new user namespace, whose ids are mapped.
  Command user_namespace() const;
  // A process group, a new pid namespace, a program by descriptor.
  Command job() const;
  // Enters a pid namespace that there is.
  Command joined_pid_namespace() const;
  // A new terminal.
  Command new_terminal() const;
  // In a cgroup that is none: does not start.
  Command cgroup() const;

 private:
  void place(OwnedFd fd, int number);
  std::vector<OwnedFd> fds_;
};

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SPAWN_IN_CHILD_EVERY_STEP_HPP
