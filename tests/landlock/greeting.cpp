// SPDX-License-Identifier: MIT
//
// A library that only landlock_greeter needs.
const char* greeting() {
  return "hello";
}
