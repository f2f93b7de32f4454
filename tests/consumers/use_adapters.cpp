// SPDX-License-Identifier: MIT
// Awaits a program in a loop.
#include <cstdio>
#include <utility>

#include <sysfd/adapters/epoll.hpp>
#include <sysfd/command.hpp>

int main() {
  auto children = sysfd::EpollSet::make();
  auto child = sysfd::Command("sh").arg("-c").arg("exit 7").spawn();
  if (!children || !child) return 1;
  int code = -1;
  const auto wait = sysfd::await_end(
      *children, *std::move(child), sysfd::Timeout::forever(),
      [&](sysfd::AwaitedEnd end) { code = end.status ? end.status->code().value_or(-1) : -1; });
  if (!wait) return 1;
  while (children->size() > 0)
    if (!children->dispatch(sysfd::Timeout::forever())) return 1;
  if (code != 7) return 1;
  std::puts("adapters works");
}
