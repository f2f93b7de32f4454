// SPDX-License-Identifier: MIT
#include <iostream>
#include <string>

#include <sysfd/command.hpp>

#include "recipe.hpp"

int main() {
  const std::string name = "a name; with $(everything) 'in' it";
  auto run = sysfd::Command::shell("printf '%s\\n' \"$1\" | tr a-z A-Z").arg(name).output();
  if (!run) return fail(run.error());
  std::cout << run->out;
  return run->out == "A NAME; WITH $(EVERYTHING) 'IN' IT\n" ? 0 : 1;
}
