// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <csignal>
#include <iostream>
#include <string_view>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>

#include "recipe.hpp"

namespace {

// Starts a program that starts another one, and is then killed itself.
int owner() {
  auto tree = sysfd::Command::shell("sleep 1000 & echo begun; wait")
                  .pass(sysfd::BorrowedFd::unsafe_borrow(3), 3)
                  .contain()
                  .spawn();
  if (!tree && tree.error().step == sysfd::SpawnStep::containment)
    return not_possible_here(tree.error());
  if (!tree) return fail(tree.error());
  ::pause();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "owner") return owner();

  auto pipe = sysfd::pipe();  // open as long as a process of the tree lives
  if (!pipe) return fail(pipe.error());
  auto child = sysfd::Command("/proc/self/exe")
                   .arg("owner")
                   .pass(std::move(pipe->write), 3)
                   .stdout_to(sysfd::Stdio::pipe())
                   .spawn();
  if (!child) return fail(child.error());
  char text[6];
  if (::read((*child->stdout_pipe()).get(), text, sizeof text) != sizeof text)
    return child->wait() == sysfd::ExitStatus::exited(77) ? 77 : fail("the tree has not begun");

  if (auto sent = child->pidfd().send_signal(SIGKILL); !sent) return fail(sent.error());
  if (::read(pipe->read.get(), text, 1) != 0) return fail("somebody has written");
  std::cout << "the owner was killed, and its tree is gone\n";
  return 0;
}
