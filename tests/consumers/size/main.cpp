// SPDX-License-Identifier: MIT
// The least that a program can do with sysfd::spawn.
#include <sysfd/command.hpp>

int main() {
  const auto status = sysfd::Command("true").status();
  return status && status->success() ? 0 : 1;
}
