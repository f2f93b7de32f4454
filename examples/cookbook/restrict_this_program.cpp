// SPDX-License-Identifier: MIT
#include <fcntl.h>

#include <iostream>
#include <system_error>

#include <sysfd/create.hpp>
#include <sysfd/landlock.hpp>

#include "recipe.hpp"

int main() {
  // Open what is needed first: descriptors that are open keep what they can do.
  auto hosts = sysfd::open(sysfd::cwd(), "/etc/hosts", O_RDONLY);

  auto ruleset = sysfd::Ruleset::create(sysfd::rights::of_abi(3));
  if (!ruleset) return not_possible_here(ruleset.error());
  if (auto ok = ruleset->allow("/usr", sysfd::rights::read); !ok) return fail(ok.error());

  // Before it happens: which rule decides?
  auto answer = sysfd::explain(*ruleset, "/etc/passwd", sysfd::FileRight::read_file);
  if (!answer) return fail(answer.error());
  std::cout << answer->describe() << '\n';  // read_file of /etc/passwd: no rule on ...

  if (auto ok = ruleset->restrict_self(); !ok) return fail(ok.error());  // for ever
  auto denied = sysfd::open(sysfd::cwd(), "/etc/passwd", O_RDONLY);
  if (denied) return fail("it could be opened");
  std::cout << "/etc/passwd: " << denied.error().message() << '\n';
  if (auto usr = sysfd::open(sysfd::cwd(), "/usr", O_RDONLY); !usr) return fail(usr.error());
  return denied.error() == std::errc::permission_denied && !answer->denied.empty() ? 0 : 1;
}
