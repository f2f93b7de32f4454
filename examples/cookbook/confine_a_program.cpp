// SPDX-License-Identifier: MIT
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <system_error>

#include <sysfd/command.hpp>
#include <sysfd/landlock.hpp>

#include "recipe.hpp"

using namespace std::chrono_literals;

int main() {
  std::filesystem::create_directory("data");
  std::ofstream("data/file") << "some data\n";

  // What the shell needs to start, one directory, and no signal to anybody outside.
  auto partial = sysfd::Ruleset::for_program("/bin/sh", sysfd::rights::of_abi(6));
  if (!partial) return not_possible_here(partial.error());
  sysfd::Rights missing;
  auto ruleset = (*std::move(partial)).take(missing);
  if (!missing.empty()) std::cout << "still allowed on this kernel: " << missing.text() << '\n';
  if (auto ok = ruleset.allow("data", sysfd::rights::read); !ok) return fail(ok.error());

  auto run = sysfd::Command::shell(
                 "read -r line <data/file; echo $line;"
                 "true >data/new || echo cannot write; while :; do :; done")
                 .clear_env()
                 .landlock(ruleset.fd())
                 .namespaces({.create = sysfd::Namespace::net | sysfd::Namespace::ipc})
                 .identity({.no_capabilities = true})  // and .user, .group: to be another user
                 .contain()                            // all that it has started ends with it
                 .output({.max_size = 1 << 16, .timeout = 500ms});
  const bool is_written = std::filesystem::exists("data/new");
  std::filesystem::remove_all("data");
  if (!run && run.error().code == std::errc::operation_not_permitted)
    return not_possible_here(run.error());
  if (!run) return fail(run.error());
  std::cout << run->out << run->err;
  return run->out == "some data\ncannot write\n" && !is_written && run->timed_out ? 0 : 1;
}
