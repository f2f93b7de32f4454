// SPDX-License-Identifier: MIT
#include <iostream>

#include <sysfd/command.hpp>

#include "recipe.hpp"

int main() {
  // Root stays root by its number, and can do what its files allow.
  auto none = sysfd::Command("grep")
                  .args({"-E", "^(CapEff|CapPrm):", "/proc/self/status"})
                  .identity({.no_capabilities = true})
                  .output();
  if (!none) return fail(none.error());
  std::cout << none->out;
  return none->out == "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n" ? 0 : 1;
}
