// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <cerrno>
#include <iostream>
#include <string>
#include <string_view>
#include <system_error>

#include <sysfd/command.hpp>

#include "recipe.hpp"

namespace {

// Reads one line, without its newline. Empty at the end.
std::string read_line(sysfd::BorrowedFd fd) {
  std::string line;
  for (char c = 0; ::read(fd.get(), &c, 1) == 1 && c != '\n';)
    line += c;
  return line;
}

}  // namespace

int main() {
  // It answers each line at once. Many programs hold their answers back if they write to a pipe:
  // give these a terminal.
  auto child = sysfd::Command::shell("while read -r a b; do echo $((a + b)); done")
                   .stdin_from(sysfd::Stdio::pipe())
                   .stdout_to(sysfd::Stdio::pipe())
                   .spawn();
  if (!child) return fail(child.error());

  for (const std::string_view question : {"1 2\n", "20 22\n"}) {
    const ssize_t written = ::write((*child->stdin_pipe()).get(), question.data(), question.size());
    if (written == -1) return fail(std::error_code(errno, std::system_category()));
    std::cout << read_line(*child->stdout_pipe()) << '\n';
  }
  auto status = child->wait();  // closes its stdin, which ends it
  if (!status) return fail(status.error());
  return status->success() ? 0 : 1;
}
