// SPDX-License-Identifier: MIT
#include <csignal>
#include <iostream>
#include <system_error>

#include <sysfd/command.hpp>

#include "recipe.hpp"

int main() {
  auto child = sysfd::Command("sleep").arg("1000").spawn();
  if (!child) return fail(child.error());

  if (auto sent = child->pidfd().send_signal(SIGINT); !sent) return fail(sent.error());
  auto status = child->wait();
  if (!status) return fail(status.error());
  std::cout << *status << '\n';

  // It is reaped, and its number is free for another process. The pidfd still means this one.
  auto late = child->pidfd().send_signal(SIGKILL);
  if (late) return fail("a process that is gone got a signal");
  std::cout << "too late: " << late.error().message() << '\n';
  return late.error() == std::errc::no_such_process && status->signal() == SIGINT ? 0 : 1;
}
