// SPDX-License-Identifier: MIT
//
// A program with a library beside it.
#include <cstdio>

const char* greeting();

int main() {
  std::puts(greeting());
}
