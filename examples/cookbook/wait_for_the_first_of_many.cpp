// SPDX-License-Identifier: MIT
#include <chrono>
#include <cstddef>
#include <iostream>
#include <string>
#include <vector>

#include <sysfd/command.hpp>
#include <sysfd/pidfd.hpp>

#include "recipe.hpp"

using namespace std::chrono_literals;

int main() {
  std::vector<sysfd::Child> running;
  for (int i = 0; i < 20; ++i) {
    auto child = sysfd::Command::shell("exit \"$1\"").arg(std::to_string(i)).spawn();
    if (!child) return fail(child.error());  // the others are dropped: killed
    running.push_back(*std::move(child));
  }
  int sum = 0;
  while (!running.empty()) {
    std::vector<const sysfd::PidFd*> processes;
    processes.reserve(running.size());
    for (const sysfd::Child& child : running)
      processes.push_back(&child.pidfd());
    auto first = sysfd::wait_any(processes, 60s);
    if (!first) return fail(first.error());

    const auto ended = running.begin() + static_cast<std::ptrdiff_t>(*first);
    auto status = ended->try_wait();  // does not block: this one has ended
    if (!status) return fail(status.error());
    sum += status->code().value_or(-1000);
    running.erase(ended);
  }
  std::cout << "20 children, the sum of their codes is " << sum << '\n';
  return sum == 190 ? 0 : 1;
}
