// SPDX-License-Identifier: MIT
#include <iostream>
#include <string>

#include <sysfd/command.hpp>

#include "recipe.hpp"

int main() {
  std::string text;  // far more than a pipe can hold
  for (int i = 0; i < 100'000; ++i)
    text += i % 2 == 0 ? "pear\n" : "apple\n";

  auto sort = sysfd::Command("sort").arg("-u").env("LC_ALL", "C").output({.input = text});
  if (!sort) return fail(sort.error());
  if (!sort->success()) return fail(sort->describe() + ": " + sort->err);
  std::cout << sort->out;
  return sort->out == "apple\npear\n" && sort->input_taken == text.size() ? 0 : 1;
}
