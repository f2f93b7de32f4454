// SPDX-License-Identifier: MIT
#include <chrono>
#include <iostream>

#include <sysfd/command.hpp>

#include "recipe.hpp"

using namespace std::chrono_literals;

int main() {
  auto run = sysfd::Command("uname").arg("-s").output({.timeout = 10s});
  if (!run) return fail(run.error());  // it could not be started
  if (!run->success()) return fail(run->describe() + ": " + run->err);
  std::cout << "this system is " << run->out;

  auto slow = sysfd::Command::shell("echo begun; exec sleep 1000").output({.timeout = 200ms});
  if (!slow) return fail(slow.error());
  if (!slow->timed_out) return fail("it has ended in time");
  std::cout << "killed after it had written: " << slow->out;
  return 0;
}
