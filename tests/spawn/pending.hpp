// SPDX-License-Identifier: MIT
//
// What the tests of PendingChild have in common.
#ifndef SYSFD_TESTS_SPAWN_PENDING_HPP
#define SYSFD_TESTS_SPAWN_PENDING_HPP

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>

#include <cerrno>
#include <utility>

#include <sysfd/command.hpp>
#include <sysfd/pending_child.hpp>

#include "support/results.hpp"

namespace sysfd_test {

inline constexpr sysfd::Confirmation confirmations[] = {sysfd::Confirmation::by_finish,
                                                        sysfd::Confirmation::by_descriptor};

inline sysfd::PendingChild start(
    sysfd::Command command, sysfd::Confirmation confirmation = sysfd::Confirmation::by_finish) {
  return must(std::move(command).spawn_async(confirmation));
}

inline void expect_success(sysfd::Child child) {
  EXPECT_TRUE(child.wait()->success());
}

inline sysfd::SpawnError error_of(sysfd::PendingChild pending) {
  const auto child = pending.finish();
  if (!child) return child.error();
  ADD_FAILURE() << "it was started";
  return {sysfd::SpawnStep::program, {}, -1, ""};
}

inline void expect_no_child_left() {
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG | __WALL), -1) << "a child was left";
  EXPECT_EQ(errno, ECHILD);
}

inline bool is_hung_up(const sysfd::PendingChild& pending) {
  pollfd entry{pending.fd().get(), POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1 && (entry.revents & POLLHUP);
}

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SPAWN_PENDING_HPP
