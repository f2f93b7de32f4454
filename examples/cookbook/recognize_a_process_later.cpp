// SPDX-License-Identifier: MIT
#include <iostream>
#include <string>
#include <system_error>

#include <sysfd/command.hpp>
#include <sysfd/pidfd.hpp>

#include "recipe.hpp"

int main() {
  auto child = sysfd::Command("cat").stdin_from(sysfd::Stdio::pipe()).spawn();
  if (!child) return fail(child.error());
  auto id = child->pidfd().id();
  if (!id) return not_possible_here(id.error());
  const std::string kept = to_string(*id);  // for a file, a log or another program

  auto read = sysfd::ProcessId::parse(kept);
  if (!read) return fail(read.error());
  auto found = sysfd::PidFd::from_id(*read);
  if (!found && found.error() == std::errc::operation_not_supported)
    return not_possible_here("looking identities up needs Linux 6.14");
  if (!found) return fail(found.error());
  auto same = same_process(*found, child->pidfd());
  if (!same.has_value()) return fail(same.error());
  std::cout << kept << (*same ? " still runs\n" : " is another process\n");

  if (auto status = child->wait(); !status) return fail(status.error());
  auto gone = sysfd::PidFd::from_id(*read);  // its number may be another's by now, this is not
  if (gone) return fail("it was found after its end");
  std::cout << kept << ": " << gone.error().message() << '\n';
  return *same && gone.error() == std::errc::no_such_process ? 0 : 1;
}
