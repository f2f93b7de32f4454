// SPDX-License-Identifier: MIT
#include <iostream>
#include <string>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>
#include <sysfd/listen_fds.hpp>
#include <sysfd/pidfd.hpp>

#include "recipe.hpp"

namespace {

// The variables of socket activation name the process that they are for: by its number, and by its
// identity, which is not reused. A program that inherits them by mistake gets no descriptor.
int report(const sysfd::ListenError& error) {
  switch (error.kind) {
    case sysfd::ListenErrorKind::other_process: std::cout << "not for me: "; break;
    case sysfd::ListenErrorKind::malformed: std::cout << "a mistake of the manager: "; break;
    default: std::cout << "no descriptors: "; break;
  }
  std::cout << error.describe() << '\n';
  return error.kind == sysfd::ListenErrorKind::other_process ? 3 : 1;
}

}  // namespace

int main(int argc, char**) {
  auto given = sysfd::ListenFds::take();
  if (argc > 1) return given ? fail("it took what is not its own") : report(given.error());

  // Variables that are meant for this process, in the environment of another one.
  auto null = sysfd::memfd("any");
  auto self = sysfd::PidFd::self();
  if (!null) return fail(null.error());
  if (!self) return fail(self.error());
  auto number = self->pid();
  if (!number) return fail(number.error());
  auto other = sysfd::Command("/proc/self/exe")
                   .arg("other")
                   .environment({"LISTEN_PID=" + std::to_string(*number), "LISTEN_FDS=1"})
                   .pass(*null, 3)
                   .status();
  if (!other) return fail(other.error());
  return other->code() == 3 ? 0 : 1;
}
