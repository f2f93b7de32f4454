// SPDX-License-Identifier: MIT
//
// What each recipe of docs/cookbook does with an error, or where it is not possible.
#ifndef SYSFD_EXAMPLES_COOKBOOK_RECIPE_HPP
#define SYSFD_EXAMPLES_COOKBOOK_RECIPE_HPP
#include <iostream>

// Prints an error of sysfd, or a text. Returns the exit code of a program that has failed.
template <class Error>
int fail(const Error& error) {
  if constexpr (requires { error.describe(); })  // SpawnError, CgroupError, ListenError, ...
    std::cerr << error.describe() << '\n';
  else if constexpr (requires { error.message(); })  // std::error_code
    std::cerr << error.message() << '\n';
  else
    std::cerr << error << '\n';
  return 1;
}

// For what this kernel, this user or this container does not allow. Returns the exit code that
// ctest and automake take for "skipped".
template <class Error>
int not_possible_here(const Error& error) {
  std::cerr << "not possible here: ";
  (void)fail(error);
  return 77;
}

#endif  // SYSFD_EXAMPLES_COOKBOOK_RECIPE_HPP
