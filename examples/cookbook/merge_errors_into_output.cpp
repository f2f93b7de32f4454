// SPDX-License-Identifier: MIT
#include <iostream>

#include <sysfd/command.hpp>

#include "recipe.hpp"

int main() {
  auto run = sysfd::Command::shell("echo one; echo two >&2; echo three")
                 .stderr_to(sysfd::Stdio::like_stdout())
                 .output();
  if (!run) return fail(run.error());
  std::cout << run->out;
  return run->out == "one\ntwo\nthree\n" && run->err.empty() ? 0 : 1;
}
