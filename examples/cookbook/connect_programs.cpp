// SPDX-License-Identifier: MIT
#include <iostream>

#include <sysfd/pipeline.hpp>

#include "recipe.hpp"

int main() {
  using sysfd::Command;
  auto line = Command("sort") | Command("uniq").arg("-c") | Command("tr").args({"-d", " "});
  auto run = line.output({.input = "red\nblue\nred\n"});
  if (!run) return fail(run.error());  // names the stage that could not be started
  for (const auto& status : run->statuses) {
    if (!status) return fail(status.error());
    if (!status->success()) return fail(*status);
  }
  std::cout << run->out;
  return run->out == "1blue\n2red\n" ? 0 : 1;
}
