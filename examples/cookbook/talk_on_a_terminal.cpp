// SPDX-License-Identifier: MIT
#include <chrono>
#include <iostream>
#include <string>
#include <string_view>

#include <unistd.h>

#include <sysfd/command.hpp>

#include "recipe.hpp"

using namespace std::chrono_literals;

int main() {
  // As passwd(1) does: it asks on the terminal, and switches the echo off.
  auto child = sysfd::Command::shell(
                   "stty -echo; printf 'Password: '; read -r word; stty echo; "
                   "echo; echo \"got $word on a terminal of $(stty size)\"")
                   .terminal({.rows = 30, .columns = 100})
                   .spawn();
  if (!child) return fail(child.error());

  std::string screen;
  char buffer[256];
  while (!screen.contains("Password: ")) {
    const ssize_t size = ::read((*child->terminal()).get(), buffer, sizeof buffer);
    if (size <= 0) return fail("it has asked nothing");
    screen.append(buffer, static_cast<std::size_t>(size));
  }
  if (::write((*child->terminal()).get(), "secret\n", 7) != 7) return fail("cannot answer");

  auto rest = child->communicate({.timeout = 10s});  // reads the terminal until the child has ended
  if (!rest) return fail(rest.error());
  if (!rest->success()) return fail(*rest);
  std::cout << screen << rest->terminal;
  return rest->terminal.contains("got secret on a terminal of 30 100") ? 0 : 1;
}
