// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <system_error>

#include <sysfd/create.hpp>
#include <sysfd/description_lock.hpp>

#include "recipe.hpp"

using namespace std::chrono_literals;

int main() {
  auto file = sysfd::open(sysfd::cwd(), "data", O_RDWR | O_CREAT, 0644);
  if (!file) return fail(file.error());
  auto again = sysfd::open(sysfd::cwd(), "data", O_RDWR);  // as another process or thread would
  if (!again) return fail(again.error());
  ::unlink("data");
  {
    auto lock = sysfd::DescriptionLock::try_acquire_for(*file, sysfd::LockMode::exclusive, 60s);
    if (!lock) return fail(lock.error());

    auto second = sysfd::DescriptionLock::try_acquire_for(*again, sysfd::LockMode::shared, 50ms);
    if (second) return fail("two have the lock");
    std::cout << "while it is locked: " << second.error().message() << '\n';
    if (second.error() != std::errc::timed_out) return fail(second.error());
  }  // unlocked here
  auto second = sysfd::DescriptionLock::try_acquire_for(*again, sysfd::LockMode::shared, 60s);
  if (!second) return fail(second.error());
  std::cout << "then it can be locked\n";
  return 0;
}
