// SPDX-License-Identifier: MIT
//
// Stops processes at a system call, for tests of what others see meanwhile.
#ifndef SYSFD_TESTS_SUPPORT_HELD_CALLS_HPP
#define SYSFD_TESTS_SUPPORT_HELD_CALLS_HPP

#include <cstdint>

#include <sysfd/owned_fd.hpp>

#include "support/refuse_calls.hpp"

namespace sysfd_test {

// From now on, whoever makes this call is held at it: the calling thread and what it starts. There
// is no way back, and one such filter a thread: use run_apart(). A held process can be killed.
class HeldCalls {
 public:
  explicit HeldCalls(int call, std::optional<RefusedCall::Match> only = std::nullopt);

  // Waits until somebody is held.
  void await();
  // Lets that one make the call; or fails it instead.
  void let_go() { answer(0); }
  void fail(int error) { answer(error); }

 private:
  void answer(int error);
  sysfd::OwnedFd listener_;
  std::uint64_t held_ = 0;
};

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SUPPORT_HELD_CALLS_HPP
