// SPDX-License-Identifier: MIT
// The smallest program that uses sysfd::spawn.
#include <sysfd/command.hpp>

int main() {
  const auto status = sysfd::Command("true").status();
  return status && status->success() ? 0 : 1;
}
