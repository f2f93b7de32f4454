// SPDX-License-Identifier: MIT
#include <filesystem>
#include <iostream>

#include <sysfd/command.hpp>
#include <sysfd/landlock.hpp>

#include "recipe.hpp"

namespace {

// Programs of the system may run, everything may be read, and one directory may be written.
sysfd::Result<sysfd::Ruleset, sysfd::LandlockError> only_in(const char* directory) {
  auto ruleset = sysfd::Ruleset::create(sysfd::rights::of_abi(3));  // 2 lets truncate(2) through
  if (!ruleset) return ruleset;
  auto ok = ruleset->allow("/", sysfd::rights::run | sysfd::rights::read);
  if (ok) ok = ruleset->allow("/dev/null", sysfd::FileRight::write_file);
  if (ok) ok = ruleset->allow(directory, sysfd::rights::read_write);
  if (!ok) return std::unexpected(ok.error());
  return ruleset;
}

}  // namespace

int main() {
  std::filesystem::create_directory("inside");
  auto ruleset = only_in("inside");
  if (!ruleset) return not_possible_here(ruleset.error());
  auto run = sysfd::Command::shell("echo text >inside/file; echo text >outside; cat inside/file")
                 .landlock(ruleset->fd())
                 .output();
  const bool is_outside = std::filesystem::exists("outside");
  std::filesystem::remove_all("inside");
  if (!run) return fail(run.error());
  std::cout << run->out << run->err;
  return run->out == "text\n" && !is_outside ? 0 : 1;
}
