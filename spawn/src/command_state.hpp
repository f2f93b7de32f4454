// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_COMMAND_STATE_HPP
#define SYSFD_SPAWN_SRC_COMMAND_STATE_HPP

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include <sysfd/command.hpp>

#include "environment.hpp"
#include "fd_plan.hpp"

namespace sysfd {
inline namespace v0 {

// What the setters of a Command collect, and what spawn() needs memory for, kept from one call to
// the next.
struct Command::State {
  struct Passed {
    int source;
    int target;
    std::optional<OwnedFd> owned;
    bool handed_over = false;
  };

  // The first mistake that a setter found.
  std::optional<SpawnError> mistake;

  std::string program;
  std::deque<std::string>
      argument_text;             // a deque: what the pointers below point to stays where it is
  std::vector<char*> arguments;  // ends with a null pointer, at all times
  int argument_calls = 0;
  detail::Environment environment;
  int environment_calls = 0;
  std::optional<std::string> directory;
  int directory_fd = -1;
  Stdio streams[3] = {Stdio::inherit(), Stdio::inherit(), Stdio::inherit()};
  std::vector<Passed> passed;
  DropPolicy drop_policy = DropPolicy::kill;

  std::string candidates;
  detail::FdPlan plan;

  // Remembers a mistake, unless there was one before.
  void wrong(SpawnStep step, int error, int index, std::string subject);
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_COMMAND_STATE_HPP
