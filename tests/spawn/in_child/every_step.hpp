// SPDX-License-Identifier: MIT
//
// Makes commands that together need every step there is, for tests in which each of them fails.
#ifndef SYSFD_TESTS_SPAWN_IN_CHILD_EVERY_STEP_HPP
#define SYSFD_TESTS_SPAWN_IN_CHILD_EVERY_STEP_HPP

#include <string>
#include <vector>

#include <sysfd/command.hpp>

#include "support/prelude.hpp"

namespace sysfd_test {

// Owns the objects that the commands refer to. They have fixed numbers, so that the system calls
// that use them can be identified by these.
class EveryStep {
 public:
  // `program` must take no arguments.
  explicit EveryStep(std::string program = "/bin/true");

  static constexpr int file = 20, kept = 21, directory = 22, root = 23, terminal = 24, net = 25,
                       ipc = 26, pid = 27, program = 28;
  // These are numbers in the child.
  static constexpr int passed = 8, owned = 9;
  static constexpr std::size_t user_map_size = 6, group_map_size = 12;

  // Sets all attributes that can be combined: needs root.
  Command attributes() const;
  // Makes a new user namespace with id maps.
  Command user_namespace() const;
  // Sets a process group, a new pid namespace, and a program by descriptor.
  Command job() const;
  // Joins an existing pid namespace.
  Command joined_pid_namespace() const;
  // Makes a new terminal.
  Command new_terminal() const;
  // Names a cgroup that is none: does not start.
  Command cgroup() const;
  // Is contained in a pid namespace.
  Command tree() const;

 private:
  void place(OwnedFd fd, int number);
  std::string program_path_;
  std::vector<OwnedFd> fds_;
};

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SPAWN_IN_CHILD_EVERY_STEP_HPP
