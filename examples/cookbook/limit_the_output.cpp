// SPDX-License-Identifier: MIT
#include <iostream>

#include <sysfd/command.hpp>

#include "recipe.hpp"

int main() {
  auto run = sysfd::Command("head").args({"-c", "5000000", "/dev/zero"}).output({.max_size = 1000});
  if (!run) return fail(run.error());
  if (!run->success()) return fail(*run);  // it could write all of it
  std::cout << run->out.size() << " bytes kept" << (run->out_cut ? ", the rest is cut\n" : "\n");
  return run->out.size() == 1000 && run->out_cut ? 0 : 1;
}
