// SPDX-License-Identifier: MIT
//
// Helpers for the tests of PendingChild.
#ifndef SYSFD_TESTS_SPAWN_PENDING_HPP
#define SYSFD_TESTS_SPAWN_PENDING_HPP

#include <poll.h>
#include <sys/wait.h>

#include <cerrno>
#include <utility>

#include <sysfd/command.hpp>
#include <sysfd/pending_child.hpp>

#include "support/prelude.hpp"

namespace sysfd_test {

inline constexpr Confirmation confirmations[] = {Confirmation::by_finish,
                                                 Confirmation::by_descriptor};

inline PendingChild start(Command command, Confirmation confirmation = Confirmation::by_finish) {
  return must(std::move(command).spawn_async(confirmation));
}

inline void expect_success(Child child) {
  EXPECT_TRUE(child.wait()->success());
}

inline SpawnError error_of(PendingChild pending) {
  const auto child = pending.finish();
  if (!child) return child.error();
  ADD_FAILURE() << "it was started";
  return {SpawnStep::program, {}, -1, ""};
}

inline void expect_no_child_left() {
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG | __WALL), -1) << "a child was left";
  EXPECT_EQ(errno, ECHILD);
}

inline bool is_hung_up(const PendingChild& pending) {
  pollfd entry{pending.fd().get(), POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1 && (entry.revents & POLLHUP);
}

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SPAWN_PENDING_HPP
