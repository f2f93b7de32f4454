// SPDX-License-Identifier: MIT
// A restricted thread cannot list the root directory any more.
#include <fcntl.h>

#include <cstdio>

#include <sysfd/create.hpp>
#include <sysfd/landlock.hpp>

int main() {
  const auto ruleset = sysfd::Ruleset::create({.files = sysfd::FileRight::read_dir});
  if (ruleset) {
    if (!ruleset->restrict_self()) return 1;
    if (sysfd::open(sysfd::cwd(), "/", O_RDONLY | O_DIRECTORY)) return 1;
  } else if (ruleset.error().step != sysfd::LandlockStep::support) {
    return 1;
  }
  std::puts("landlock works");
}
