// SPDX-License-Identifier: MIT
//
// For tests that talk to shells, and look at who is still there.
#ifndef SYSFD_TESTS_SPAWN_TALK_HPP
#define SYSFD_TESTS_SPAWN_TALK_HPP

#include <poll.h>

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>

#include "support/prelude.hpp"

namespace sysfd_test {

inline Command shell(const std::string& script) {
  return Command("/bin/sh").args({"-c", script});
}

inline std::span<const std::byte> bytes(const std::string& text) {
  return std::as_bytes(std::span(text));
}

// All bytes there are, NUL included, in an order that shows what is missing or came twice.
inline std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    text[i] = static_cast<char>(i + (i >> 8) + (i >> 16));
  return text;
}

// What processes read that are to live until the test lets them go: they find no end before.
class Rope {
 public:
  BorrowedFd end() const { return pipe_.read; }
  void let_go() { (void)std::move(pipe_.write).close(); }

 private:
  Pipe pipe_ = *sysfd::pipe();
};

// Given to a child, and so to all that it starts: tells whether any of them is left.
class Witness {
 public:
  // Hands it over to the next child of this command.
  void go_with(Command& command, int number) { command.pass(std::move(pipe_.write), number); }
  OwnedFd take() { return std::move(pipe_.write); }

  bool is_alone() const { return sees_end(0); }
  // The wait ends in any case: a test that fails does so soon.
  bool becomes_alone() const { return sees_end(20'000); }

 private:
  bool sees_end(int milliseconds) const {
    pollfd entry{pipe_.read.get(), 0, 0};
    return ::poll(&entry, 1, milliseconds) == 1;
  }

  Pipe pipe_ = *sysfd::pipe();
};

// Runs `attempt(timeout)` with longer and longer timeouts until it says that it was long enough for
// what the child has to do before: how long that is nobody knows.
template <class Attempt>
bool succeeds_with_some_timeout(Attempt attempt) {
  for (std::chrono::nanoseconds timeout = 20ms; timeout < 30s; timeout *= 2)
    if (attempt(timeout)) return true;
  return false;
}

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SPAWN_TALK_HPP
