// SPDX-License-Identifier: MIT
//
// Stops processes at a system call, for tests of what others see meanwhile.
#ifndef SYSFD_TESTS_SUPPORT_STOPPED_CALLS_HPP
#define SYSFD_TESTS_SUPPORT_STOPPED_CALLS_HPP

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include <sysfd/owned_fd.hpp>

#include "support/refuse_calls.hpp"

namespace sysfd_test {

// Stops every process or thread that makes this call: the calling thread and what it starts. That
// cannot be undone, and a thread can have only one such filter: use run_apart(). A stopped process
// can be killed.
class StoppedCalls {
 public:
  explicit StoppedCalls(int call, std::optional<RefusedCall::Match> only = std::nullopt);

  // Waits until a call is stopped. Returns false if no process is left that could make it, or if
  // this child, which makes it or starts who does, has ended.
  bool await(pid_t child = 0);
  // Returns an argument of the stopped call, which was made in this process.
  std::uint64_t argument(unsigned number) const { return arguments_[number]; }
  // Lets the call run; or makes it fail instead; or makes it return 0 without running it.
  void let_go() { respond(0, true); }
  void fail(int error) { respond(error, false); }
  void pretend() { respond(0, false); }

 private:
  void respond(int error, bool make_the_call);
  sysfd::OwnedFd listener_;
  std::uint64_t stopped_ = 0;
  std::array<std::uint64_t, 6> arguments_{};
};

// Runs `body` in a thread of a forked copy of this process (see run_apart()), where each openat(2)
// fails with the errno that `error_of` returns for its path and flags, or is made if that is 0.
void run_with_failing_opens(const std::function<int(std::string_view path, int flags)>& error_of,
                            const std::function<void()>& body);

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SUPPORT_STOPPED_CALLS_HPP
