// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <iostream>
#include <string>

#include <sysfd/command.hpp>

#include "recipe.hpp"

int main() {
  using sysfd::Namespace;
  // A new network namespace has a loopback device, which is down. With a new user namespace this
  // needs no privilege, where the system allows those.
  auto run = sysfd::Command("cat")
                 .arg("/proc/self/net/dev")
                 .namespaces({.create = Namespace::user | Namespace::net,
                              .user_map = {{.inside = ::geteuid(), .outside = ::geteuid()}},
                              .group_map = {{.inside = ::getegid(), .outside = ::getegid()}}})
                 .output();
  if (!run && run.error().step == sysfd::SpawnStep::clone) return not_possible_here(run.error());
  if (!run && run.error().step == sysfd::SpawnStep::namespaces)
    return not_possible_here(run.error());
  if (!run) return fail(run.error());
  int devices = 0;
  for (const char c : run->out)
    devices += c == ':' ? 1 : 0;
  std::cout << run->out;
  return devices == 1 && run->out.contains("lo:") ? 0 : 1;
}
