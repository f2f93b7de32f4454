// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <string>
#include <utility>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>

#include "recipe.hpp"

int main() {
  auto log = sysfd::open(sysfd::cwd(), "log", O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (!log) return fail(log.error());

  for (const char* word : {"first", "second"}) {
    auto status = sysfd::Command("echo").arg(word).stdout_to(*log).status();
    if (!status) return fail(status.error());
    if (!status->success()) return fail(*status);
  }
  // Reports what a full disk has lost. The destructor would not.
  if (auto closed = (*std::move(log)).close(); !closed) return fail(closed.error());

  std::string text;
  std::getline(std::ifstream("log"), text, '\0');
  std::cout << text;
  ::unlink("log");
  return text == "first\nsecond\n" ? 0 : 1;
}
