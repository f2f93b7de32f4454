// SPDX-License-Identifier: MIT
//
// Stops processes at a system call, for tests of what others see meanwhile.
#ifndef SYSFD_TESTS_SUPPORT_HELD_CALLS_HPP
#define SYSFD_TESTS_SUPPORT_HELD_CALLS_HPP

#include <array>
#include <cstdint>

#include <sysfd/owned_fd.hpp>

#include "support/refuse_calls.hpp"

namespace sysfd_test {

// From now on, whoever makes this call is held at it: the calling thread and what it starts. There
// is no way back, and one such filter a thread: use run_apart(). A held process can be killed.
class HeldCalls {
 public:
  explicit HeldCalls(int call, std::optional<RefusedCall::Match> only = std::nullopt);

  // Waits until somebody is held. False: nobody is left who could be.
  bool await();
  // An argument of the call, of one that is held in this process.
  std::uint64_t argument(unsigned number) const { return arguments_[number]; }
  // Lets that one make the call; or fails it instead; or lets it return 0 without having made it.
  void let_go() { answer(0, true); }
  void fail(int error) { answer(error, false); }
  void pretend() { answer(0, false); }

 private:
  void answer(int error, bool make_the_call);
  sysfd::OwnedFd listener_;
  std::uint64_t held_ = 0;
  std::array<std::uint64_t, 6> arguments_{};
};

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SUPPORT_HELD_CALLS_HPP
