// SPDX-License-Identifier: MIT
#include <iostream>
#include <string>
#include <vector>

#include <sysfd/command.hpp>
#include <sysfd/spawn_all.hpp>

#include "recipe.hpp"

int main() {
  std::vector<sysfd::Command> commands;
  commands.reserve(9);
  for (int i = 0; i < 8; ++i)
    commands.push_back(sysfd::Command("test").args({std::to_string(i), "-ne", "5"}));
  commands.emplace_back("/no/such/program");

  int good = 0;
  int bad = 0;
  int missing = 0;
  for (auto& child : sysfd::spawn_all(commands)) {  // in the same order
    if (!child) {
      std::cout << child.error() << '\n';  // the others run all the same
      ++missing;
      continue;
    }
    auto status = child->wait();
    if (!status) return fail(status.error());
    ++(status->success() ? good : bad);
  }
  std::cout << good << " good, " << bad << " bad, " << missing << " not started\n";
  return good == 7 && bad == 1 && missing == 1 ? 0 : 1;
}
