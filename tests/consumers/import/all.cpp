// SPDX-License-Identifier: MIT
// All modules, without one header of sysfd.
#include <cstdio>
#include <string>

import sysfd;

int main() {
  auto output = sysfd::Command("sh").arg("-c").arg("echo imported").output();
  if (!output || !output->success() || output->out != "imported\n") return 1;
  const auto a = sysfd::memfd("a");
  if (!a) return 2;
  const auto b = a->duplicate();
  if (!b) return 3;
  const auto same = sysfd::same_description(*a, *b);
  if (!same.has_value() || !*same) return 4;
  if (sysfd::ListenFds::take()) return 5;  // nobody has passed any
  std::printf("import sysfd works: %s", output->out.c_str());
}
