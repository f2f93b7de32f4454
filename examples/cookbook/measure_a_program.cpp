// SPDX-License-Identifier: MIT
#include <chrono>
#include <iostream>

#include <sysfd/command.hpp>

#include "recipe.hpp"

int main() {
  auto child = sysfd::Command::shell("i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done").spawn();
  if (!child) return fail(child.error());

  auto end = child->pidfd().wait_event();  // waits for the end, as wait() does
  if (!end) return fail(end.error());
  if (!end->status->success()) return fail(*end->status);
  const auto used = std::chrono::seconds(end->usage.ru_utime.tv_sec) +
                    std::chrono::microseconds(end->usage.ru_utime.tv_usec);
  std::cout << used.count() << " microseconds of processor time, at most " << end->usage.ru_maxrss
            << " KiB of memory\n";
  return end->usage.ru_maxrss > 0 ? 0 : 1;
}
