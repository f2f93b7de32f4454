// SPDX-License-Identifier: MIT
#include <sysfd/spawn_all.hpp>

#include "starts.hpp"

using namespace sysfd_c;  // NOLINT(google-build-using-namespace)
using sysfd::Command;

namespace {

// Writes the results of spawn_all(), and returns how many children run.
int write_all(std::vector<sysfd::Result<sysfd::Child, sysfd::SpawnError>> started, Rooms& rooms,
              sysfd_child** children, sysfd_spawn_error* const* errors) {
  int running = 0;
  for (std::size_t i = 0; i < started.size(); ++i) {
    children[i] = nullptr;
    if (started[i]) {
      rooms[i].make(&children[i], std::move(*started[i]));
      ++running;
    } else {
      fail(started[i].error(), errors ? errors[i] : nullptr);
    }
  }
  return running;
}

int check_errors(sysfd_spawn_error* const* errors, std::size_t count) noexcept {
  for (std::size_t i = 0; errors && i < count; ++i)
    if (const int invalid = check_error(errors[i]); invalid != 0) return invalid;
  return 0;
}

}  // namespace

int sysfd_spawn_all(sysfd_command* const* commands, size_t count, sysfd_child** children,
                    sysfd_spawn_error* const* errors) {
  if (is_missing(commands, count) || is_missing(children, count) ||
      check_errors(errors, count) != 0)
    return -EINVAL;
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_there(commands[i])) return -EINVAL;
    if (commands[i]->fault) return fail(*commands[i]->fault, errors ? errors[i] : nullptr);
    for (std::size_t other = 0; other < i; ++other)
      if (commands[other] == commands[i]) return -EINVAL;
  }
  return without_exceptions([&] {
    Rooms rooms(count);
    if (!rooms.are_there()) return -ENOMEM;
    std::vector<Command> together;  // which need to lie side by side
    together.reserve(count);
    for (std::size_t i = 0; i < count; ++i)
      together.push_back(std::move(*commands[i]->command));
    struct Return {
      std::vector<Command>& from;
      sysfd_command* const* to;
      ~Return() {
        for (std::size_t i = 0; i < from.size(); ++i)
          *to[i]->command = std::move(from[i]);
      }
    };
    const Return at_end{together, commands};
    return write_all(sysfd::spawn_all(together), rooms, children, errors);
  });
}

int sysfd_prepared_command_spawn_all(const sysfd_prepared_command* prepared,
                                     const sysfd_spawn_changes* const* changes, size_t count,
                                     sysfd_child** children, sysfd_spawn_error* const* errors) {
  if (!prepared || is_missing(changes, count) || is_missing(children, count) ||
      check_errors(errors, count) != 0)
    return -EINVAL;
  return without_exceptions([&] {
    Rooms rooms(count);
    if (!rooms.are_there()) return -ENOMEM;
    std::vector<Changes> read(count);
    std::vector<sysfd::SpawnChanges> all;
    for (std::size_t i = 0; i < count; ++i) {
      if (const int invalid = read[i].read(changes[i]); invalid != 0) return invalid;
      all.push_back(read[i].get());
    }
    return write_all(sysfd::spawn_all(prepared->command, all), rooms, children, errors);
  });
}
