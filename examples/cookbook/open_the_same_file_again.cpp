// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <unistd.h>

#include <iostream>

#include <sysfd/create.hpp>
#include <sysfd/description.hpp>

#include "recipe.hpp"

int main() {
  auto given = sysfd::memfd("given");  // by somebody who still has it
  if (!given) return fail(given.error());
  auto copy = given->duplicate();
  if (!copy) return fail(copy.error());
  auto own = sysfd::reopen(*given, O_RDWR);  // works for files without a name, too
  if (!own) return fail(own.error());

  if (auto ok = sysfd::set_nonblocking(*own, true); !ok) return fail(ok.error());
  auto copied = sysfd::same_description(*given, *copy);
  if (!copied.has_value()) return not_possible_here(copied.error());  // a sandbox without kcmp(2)
  const bool is_own = sysfd::same_description(*given, *own) == false;
  const bool is_left_alone = sysfd::is_nonblocking(*given) == false;
  std::cout << "a duplicate shares offset and flags, a reopened file does not\n";
  return *copied && is_own && is_left_alone ? 0 : 1;
}
