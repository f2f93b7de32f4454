// SPDX-License-Identifier: MIT
#include <filesystem>
#include <fstream>
#include <iostream>

#include <sysfd/command.hpp>
#include <sysfd/landlock.hpp>

#include "recipe.hpp"

int main() {
  if (auto support = sysfd::landlock_support(); !support) return not_possible_here(support.error());
  std::filesystem::create_directory("data");
  std::ofstream("data/file") << "some data\n";

  // What the shell itself needs: its interpreter and its libraries. Then what it may read.
  auto partial = sysfd::Ruleset::for_program("/bin/sh");
  if (!partial) return fail(partial.error());
  sysfd::Rights missing;
  auto ruleset = (*std::move(partial)).take(missing);
  if (!missing.empty()) std::cout << "still allowed on this kernel: " << missing.text() << '\n';
  if (auto ok = ruleset.allow("data", sysfd::rights::read); !ok) return fail(ok.error());

  auto run = sysfd::Command::shell("read -r line <data/file; echo \"$line\"; : >data/new")
                 .landlock(ruleset.fd())
                 .output();
  const bool is_written = std::filesystem::exists("data/new");
  std::filesystem::remove_all("data");
  if (!run) return fail(run.error());
  std::cout << run->out << run->err;  // sh: 1: cannot create data/new: Permission denied
  return run->out == "some data\n" && !is_written && !run->success() ? 0 : 1;
}
