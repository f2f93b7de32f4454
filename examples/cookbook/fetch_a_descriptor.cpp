// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <iostream>
#include <string>
#include <system_error>

#include <sysfd/command.hpp>
#include <sysfd/pidfd.hpp>

#include "recipe.hpp"

int main() {
  // A program that has a file open, which has no name any more.
  auto child = sysfd::Command::shell("exec 9<>file; rm file; echo lost >&9; echo; exec cat")
                   .stdin_from(sysfd::Stdio::pipe())
                   .stdout_to(sysfd::Stdio::pipe())
                   .spawn();
  if (!child) return fail(child.error());
  char newline = 0;
  if (::read((*child->stdout_pipe()).get(), &newline, 1) != 1) return fail("it has not begun");

  auto file = child->pidfd().get_fd(sysfd::ForeignFd{9});
  if (!file && file.error() == std::errc::operation_not_permitted)
    return not_possible_here("this system forbids ptrace(2)");
  if (!file) return fail(file.error());
  char text[6] = {};
  const ssize_t size = ::pread(file->get(), text, 5, 0);  // does not move the offset of the child
  std::cout << text;
  return size == 5 && std::string(text) == "lost\n" ? 0 : 1;  // ~Child ends the child
}
