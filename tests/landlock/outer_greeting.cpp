// SPDX-License-Identifier: MIT
//
// A library that needs another one.
const char* greeting();
const char* outer_greeting();

const char* outer_greeting() {
  return greeting();
}
