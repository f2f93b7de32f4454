// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <iostream>
#include <system_error>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>

#include "recipe.hpp"

int main() {
  auto program = sysfd::open(sysfd::cwd(), "/bin/echo", O_RDONLY);
  if (!program) return fail(program.error());

  struct stat status{};
  if (::fstat(program->get(), &status) == -1)
    return fail(std::error_code(errno, std::system_category()));
  if ((status.st_mode & S_IWOTH) != 0) return fail("everybody may change that program");

  // The file that was checked, whatever has the path now.
  auto run = sysfd::Command(*program, "echo").arg("as checked").output();
  if (!run) return fail(run.error());
  std::cout << run->out;
  return run->out == "as checked\n" ? 0 : 1;
}
