// SPDX-License-Identifier: MIT
#include <fcntl.h>

#include <iostream>
#include <span>
#include <string_view>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>
#include <sysfd/sealed_memory.hpp>

#include "recipe.hpp"

using namespace std::string_view_literals;

int main() {
  auto config = sysfd::sealed_memfd("config", std::as_bytes(std::span("answer = 42\n"sv)));
  if (!config) return fail(config.error());

  // A child that reads it, and cannot change it.
  auto run =
      sysfd::Command::shell("cat /dev/fd/3; echo more >>/dev/fd/3").pass(*config, 3).output();
  if (!run) return fail(run.error());
  std::cout << run->out << run->err;

  // A receiver maps only what nobody can change or shorten: no SIGBUS, no second look.
  auto memory = sysfd::SealedMemory::map(*config, 4096);
  if (!memory) return fail(memory.error());
  auto open = sysfd::memfd("not sealed");
  if (!open) return fail(open.error());
  auto refused = sysfd::SealedMemory::map(*open);
  if (refused) return fail("it has mapped a file that may change");
  std::cout << refused.error().message() << '\n';
  return memory->bytes().size() == 12 && run->out == "answer = 42\n" && !run->success() ? 0 : 1;
}
