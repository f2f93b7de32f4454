// SPDX-License-Identifier: MIT
#include <iostream>
#include <string>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>

#include "recipe.hpp"

int main() {
  // As an old make(1) hands its jobserver on: by two descriptors that are not close-on-exec.
  auto jobs = sysfd::pipe();
  auto secret = sysfd::memfd("secret");
  if (!jobs) return fail(jobs.error());
  if (!secret) return fail(secret.error());
  for (const sysfd::BorrowedFd fd : {jobs->read.borrow(), jobs->write.borrow(), secret->borrow()})
    if (auto ok = sysfd::set_close_on_exec(fd, false); !ok) return fail(ok.error());

  auto run =
      sysfd::Command::shell("for fd; do [ -e /proc/self/fd/$fd ] && echo yes || echo no; done")
          .args({std::to_string(jobs->read.get()), std::to_string(jobs->write.get()),
                 std::to_string(secret->get())})
          .inherit_descriptors({.except = {secret->get()}})
          .output();
  if (!run) return fail(run.error());
  std::cout << run->out;
  return run->out == "yes\nyes\nno\n" ? 0 : 1;
}
