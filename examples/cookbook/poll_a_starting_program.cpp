// SPDX-License-Identifier: MIT
#include <poll.h>

#include <iostream>
#include <optional>

#include <sysfd/command.hpp>

#include "recipe.hpp"

int main() {
  auto pending = sysfd::Command("true").spawn_async(sysfd::Confirmation::by_descriptor);
  if (!pending) return fail(pending.error());

  // The event loop of the program. First it waits for the start, then for the end.
  std::optional<sysfd::Child> child;
  for (;;) {
    pollfd event{
        .fd = child ? child->fd().get() : pending->fd().get(), .events = POLLIN, .revents = 0};
    if (::poll(&event, 1, 60'000) != 1) return fail("nothing has happened");
    if (!child) {
      auto started = pending->try_finish();  // also closes the descriptor of `pending`
      if (!started) return fail(started.error());
      std::cout << "it executes\n";
      child = *std::move(started);
    } else {
      auto status = child->try_wait();
      if (!status) return fail(status.error());
      std::cout << *status << '\n';
      return status->success() ? 0 : 1;
    }
  }
}
