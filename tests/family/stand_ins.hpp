// SPDX-License-Identifier: MIT
//
// What stands for the reader's own functions in the pieces of code of all pages.
#ifndef SYSFD_TESTS_FAMILY_STAND_INS_HPP
#define SYSFD_TESTS_FAMILY_STAND_INS_HPP

namespace sysfd_snippets {

// The result of a reader's function: whatever the example returns.
struct Anything {
  Anything() = default;
  template <class T>
  Anything(T&&) {}
};

// Stands for what the example does with its values.
template <class... Values>
void use(const Values&...) {}

// Stands for how the reader reports an error.
template <class Error>
Anything fail(const Error&) {
  return {};
}

}  // namespace sysfd_snippets

#endif  // SYSFD_TESTS_FAMILY_STAND_INS_HPP
