// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <iostream>

#include <sysfd/command.hpp>

#include "recipe.hpp"

using namespace std::chrono_literals;

int main() {
  // This one ends by itself when it is asked to.
  auto polite = sysfd::Command("sleep").arg("1000").spawn();
  if (!polite) return fail(polite.error());
  auto status = polite->terminate(60s);  // SIGTERM, and SIGKILL after a minute
  if (!status) return fail(status.error());
  std::cout << *status << '\n';
  if (status->signal() != SIGTERM) return fail("not ended by SIGTERM");

  // This one does not: SIGTERM is ignored by the shell, and so by what it executes.
  auto stubborn = sysfd::Command::shell("trap '' TERM; echo; exec sleep 1000")
                      .stdout_to(sysfd::Stdio::pipe())
                      .spawn();
  if (!stubborn) return fail(stubborn.error());
  char newline = 0;
  if (::read((*stubborn->stdout_pipe()).get(), &newline, 1) != 1) return fail("it has not begun");
  status = stubborn->terminate(100ms);
  if (!status) return fail(status.error());
  std::cout << *status << '\n';
  return status->signal() == SIGKILL ? 0 : 1;
}
