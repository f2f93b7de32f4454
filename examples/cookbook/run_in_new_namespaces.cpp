// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <iostream>

#include <sysfd/command.hpp>

#include "recipe.hpp"

int main() {
  using sysfd::Namespace;
  // Root of its own: process 1, with a host name of its own.
  auto run = sysfd::Command::shell("echo $$; id -u; uname -n")
                 .namespaces({.create = Namespace::user | Namespace::pid | Namespace::uts |
                                        Namespace::mount | Namespace::ipc,
                              .user_map = {{.inside = 0, .outside = ::geteuid()}},
                              .group_map = {{.inside = 0, .outside = ::getegid()}},
                              .host_name = "sandbox"})
                 .output();
  if (!run && (run.error().step == sysfd::SpawnStep::clone ||
               run.error().step == sysfd::SpawnStep::namespaces))
    return not_possible_here(run.error());
  if (!run) return fail(run.error());
  std::cout << run->out << run->err;
  return run->out == "1\n0\nsandbox\n" ? 0 : 1;
}
