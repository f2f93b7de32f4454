// SPDX-License-Identifier: MIT
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <iostream>

#include <sysfd/command.hpp>

#include "recipe.hpp"

int main() {
  auto run = sysfd::Command::shell("ulimit -n; umask; exec head -c 5000 /dev/zero >file")
                 .resources({.limits = {{RLIMIT_NOFILE, 64, 64},     // soft, hard
                                        {RLIMIT_FSIZE, 1000, 1000},  // bytes in one file
                                        {RLIMIT_CORE, 0, 0}},
                             .umask = 077,
                             .nice = 19})
                 .output();
  std::filesystem::remove("file");
  if (!run) return fail(run.error());
  if (!run->status) return fail(run->status.error());
  std::cout << run->out << *run->status << '\n';  // killed by SIGXFSZ
  return run->out == "64\n0077\n" && run->status->signal() == SIGXFSZ ? 0 : 1;
}
