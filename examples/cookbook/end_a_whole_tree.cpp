// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <chrono>
#include <iostream>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>

#include "recipe.hpp"

using namespace std::chrono_literals;

int main() {
  // As long as a process of the tree lives, it has the pipe open.
  auto pipe = sysfd::pipe();
  if (!pipe) return fail(pipe.error());

  // The middle process ends at once, and leaves an orphan with a session of its own.
  auto run = sysfd::Command::shell("setsid sh -c 'sleep 1000 & exit 0'; exec sleep 1000")
                 .pass(std::move(pipe->write), 3)
                 .contain()
                 .output({.timeout = 500ms});
  if (!run && run.error().step == sysfd::SpawnStep::containment)
    return not_possible_here(run.error());
  if (!run) return fail(run.error());
  if (!run->timed_out) return fail("it has ended in time");

  char byte = 0;
  if (::read(pipe->read.get(), &byte, 1) != 0) return fail("somebody has written");
  std::cout << "nobody of the tree is left\n";
  return 0;
}
