// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <unistd.h>

#include <iostream>
#include <system_error>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>
#include <sysfd/flock_lock.hpp>

#include "recipe.hpp"

int main() {
  auto file = sysfd::open(sysfd::cwd(), "only-once.lock", O_RDWR | O_CREAT, 0644);
  if (!file) return fail(file.error());
  auto lock = sysfd::FlockLock::try_acquire(*file, sysfd::LockMode::exclusive);
  if (!lock && lock.error() == std::errc::resource_unavailable_try_again)
    return fail("it is running already");
  if (!lock) return fail(lock.error());

  // flock(1) of a script sees the same lock. A child does not get it, so none can keep it.
  auto script = sysfd::Command("flock").args({"-n", "-E", "42", "only-once.lock", "true"}).status();
  ::unlink("only-once.lock");
  if (!script) return fail(script.error());
  std::cout << "flock(1): " << *script << '\n';
  return script->code() == 42 ? 0 : 1;
}
