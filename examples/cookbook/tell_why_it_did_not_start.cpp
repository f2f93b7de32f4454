// SPDX-License-Identifier: MIT
#include <iostream>
#include <system_error>

#include <sysfd/command.hpp>

#include "recipe.hpp"

int main() {
  auto child = sysfd::Command("ls").working_directory("/no/such/directory").spawn();
  if (child) return fail("it was started");

  const sysfd::SpawnError& error = child.error();
  std::cout << error.describe()
            << '\n';  // working directory "/no/such/directory": No such file ...
  const bool is_missing = error.step == sysfd::SpawnStep::working_directory &&
                          error.code == std::errc::no_such_file_or_directory;

  auto absent = sysfd::Command("/no/such/program").spawn();
  if (absent) return fail("it was started");
  std::cout << absent.error().describe() << '\n';  // exec of "/no/such/program": No such file ...
  return is_missing && absent.error().step == sysfd::SpawnStep::exec ? 0 : 1;
}
