// SPDX-License-Identifier: MIT
#include <iostream>
#include <string_view>

#include <sysfd/command.hpp>
#include <sysfd/output_sink.hpp>

#include "recipe.hpp"

int main() {
  int lines = 0;
  int errors = 0;
  sysfd::EachLine each([&](sysfd::OutputStream stream, std::string_view line) {
    const bool is_error = stream == sysfd::OutputStream::err;
    (is_error ? errors : lines) += 1;
    std::cout << (is_error ? "error: " : "") << line << '\n';
  });
  // With a max_size of 0, nothing is kept.
  auto run = sysfd::Command::shell("echo compiling; echo 'no such type' >&2; printf done")
                 .output({.max_size = 0, .sink = &each});
  if (!run) return fail(run.error());
  if (!run->success()) return fail(*run);
  return lines == 2 && errors == 1 && run->out.empty() ? 0 : 1;
}
