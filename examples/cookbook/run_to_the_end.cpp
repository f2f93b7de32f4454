// SPDX-License-Identifier: MIT
#include <iostream>

#include <sysfd/command.hpp>

#include "recipe.hpp"

int main() {
  auto status = sysfd::Command("test").args({"-d", "/no/such/directory"}).status();
  if (!status) return fail(status.error());  // it could not be started

  std::cout << "test: " << *status << '\n';  // exited with code 1
  if (status->success()) return fail("there is such a directory");
  if (status->signal()) return fail("a signal has killed it");
  return status->code() == 1 ? 0 : 1;
}
