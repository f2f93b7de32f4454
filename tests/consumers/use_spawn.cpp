// SPDX-License-Identifier: MIT
// Starts a program and waits for it.
#include <cstdio>

#include <sysfd/command.hpp>

int main() {
  auto child = sysfd::Command("sh").arg("-c").arg("exit 7").spawn();
  if (!child) {
    std::fprintf(stderr, "%s\n", child.error().describe().c_str());
    return 1;
  }
  const auto status = child->wait();
  if (!status || status->code() != 7) return 1;
  std::printf("spawn works: %s\n", to_string(*status).c_str());
}
