// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <unistd.h>

#include <iostream>
#include <string_view>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>

#include "recipe.hpp"

int main() {
  auto secret = sysfd::memfd("secret");
  if (!secret) return fail(secret.error());
  if (::write(secret->get(), "key\n", 4) != 4) return fail("cannot write");
  if (::lseek(secret->get(), 0, SEEK_SET) != 0) return fail("cannot rewind");
  auto log = sysfd::open(sysfd::cwd(), "/dev/null", O_WRONLY);
  if (!log) return fail(log.error());

  auto run = sysfd::Command::shell("cat <&3; echo 0 1 2 3 9 >&9; ls /proc/self/fd | wc -l")
                 .pass(*std::move(secret), 3)  // owned by the Command: closed here once it runs
                 .pass(*log, 9)                // borrowed: stays open here
                 .output();
  if (!run) return fail(run.error());
  std::cout << run->out;
  // 0, 1, 2, 3, 9 and the one that ls(1) reads the directory with: nothing else has leaked.
  return run->out == "key\n6\n" ? 0 : 1;
}
