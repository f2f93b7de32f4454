// SPDX-License-Identifier: MIT
#include <csignal>
#include <iostream>
#include <optional>

#include <sysfd/command.hpp>
#include <sysfd/pidfd.hpp>

#include "recipe.hpp"

int main() {
  std::optional<sysfd::PidFd> kept;
  {
    auto child = sysfd::Command("sleep").arg("1000").session({.new_session = true}).spawn();
    if (!child) return fail(child.error());
    kept = std::move(*child).detach();  // without this, the end of the block would kill it
  }
  if (kept->try_wait()) return fail("it has ended with its Child");
  std::cout << "it still runs\n";

  // A service would end here. This program tidies up behind itself.
  if (auto sent = kept->send_signal(SIGTERM); !sent) return fail(sent.error());
  auto status = kept->wait();
  if (!status) return fail(status.error());
  return status->signal() == SIGTERM ? 0 : 1;
}
