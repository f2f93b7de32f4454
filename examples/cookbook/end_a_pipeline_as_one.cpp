// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <iostream>
#include <utility>

#include <sysfd/create.hpp>
#include <sysfd/pipeline.hpp>

#include "recipe.hpp"

int main() {
  using sysfd::Command;
  auto pipe = sysfd::pipe();  // open as long as a process of the tree lives
  if (!pipe) return fail(pipe.error());

  // The first stage leaves a process behind. (One that kept its stdout would keep the second stage
  // waiting, as in a shell: then set a timeout.)
  auto line = (Command::shell("sleep 1000 >/dev/null & echo text").pass(std::move(pipe->write), 3) |
               Command("cat"))
                  .contain();
  auto run = line.output();
  if (!run && run.error().step == sysfd::SpawnStep::containment)
    return not_possible_here(run.error());
  if (!run) return fail(run.error());
  if (!run->success()) return fail("a stage has failed");
  std::cout << run->out;

  char byte = 0;
  if (::read(pipe->read.get(), &byte, 1) != 0) return fail("somebody has written");
  std::cout << "nobody of the tree is left\n";
  return run->out == "text\n" ? 0 : 1;
}
