// SPDX-License-Identifier: MIT
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include <sysfd/command.hpp>

#include "recipe.hpp"

int main() {
  // Checked, searched in PATH and planned once.
  auto worker = sysfd::Command::shell("exit \"$1\"").prepare();
  if (!worker) return fail(worker.error());

  std::vector<int> codes(4, -1);
  {
    std::vector<std::jthread> threads;
    threads.reserve(codes.size());
    for (std::size_t i = 0; i < codes.size(); ++i)
      threads.emplace_back([&, i] {
        const std::string text = std::to_string(10 + i);
        const sysfd::CStr more[] = {text};
        auto status = worker->status({.arguments = more});  // from any thread
        if (status) codes[i] = status->code().value_or(-1);
      });
  }
  for (const int code : codes)
    std::cout << code << '\n';
  return codes == std::vector{10, 11, 12, 13} ? 0 : 1;
}
