// SPDX-License-Identifier: MIT
//
// Helpers for tests that talk to shells, and check which processes still exist.
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

// Returns all byte values, NUL included, in an order in which missing or repeated bytes show.
inline std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    text[i] = static_cast<char>(i + (i >> 8) + (i >> 16));
  return text;
}

// Processes read from this to live until the test releases them: they find no end of file before.
class Rope {
 public:
  BorrowedFd end() const { return pipe_.read; }
  void let_go() { (void)std::move(pipe_.write).close(); }

 private:
  Pipe pipe_ = *sysfd::pipe();
};

// Is passed to a child, and so to everything that the child starts: tells if any of them is left.
class Witness {
 public:
  // Passes it to the next child of this command.
  void go_with(Command& command, int number) { command.pass(std::move(pipe_.write), number); }
  OwnedFd take() { return std::move(pipe_.write); }

  bool is_alone() const { return sees_end(0); }
  // The wait always ends: a failing test fails soon.
  bool becomes_alone() const { return sees_end(20'000); }

 private:
  bool sees_end(int milliseconds) const {
    pollfd entry{pipe_.read.get(), 0, 0};
    return ::poll(&entry, 1, milliseconds) == 1;
  }

  Pipe pipe_ = *sysfd::pipe();
};

// Runs `attempt(timeout)` with longer and longer timeouts until it reports that the timeout was
// long enough for what the child does first: nobody knows how long that takes.
template <class Attempt>
bool succeeds_with_some_timeout(Attempt attempt) {
  for (std::chrono::nanoseconds timeout = 20ms; timeout < 30s; timeout *= 2)
    if (attempt(timeout)) return true;
  return false;
}

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SPAWN_TALK_HPP
