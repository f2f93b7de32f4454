// SPDX-License-Identifier: MIT
#include <iostream>

#include <sysfd/command.hpp>

#include "recipe.hpp"

int main() {
  // The caller's environment, with changes.
  auto changed = sysfd::Command::shell("echo \"$GREETING $TZ\"")
                     .env("GREETING", "hello")
                     .remove_env("TZ")
                     .output();
  if (!changed) return fail(changed.error());
  std::cout << changed->out;
  if (changed->out != "hello \n") return fail("not the environment that was set");

  // Nothing of the caller's.
  auto empty = sysfd::Command("/usr/bin/env").clear_env().env("PATH", "/usr/bin:/bin").output();
  if (!empty) return fail(empty.error());
  std::cout << empty->out;
  return empty->out == "PATH=/usr/bin:/bin\n" ? 0 : 1;
}
