// SPDX-License-Identifier: MIT
//
// The fixture of the tests that are run in each kind of containment, and the tree that they end.
#ifndef SYSFD_TESTS_SPAWN_EACH_KIND_HPP
#define SYSFD_TESTS_SPAWN_EACH_KIND_HPP

#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>

#include <sysfd/containment.hpp>

#include "support/prelude.hpp"

#include "spawn/containment_kinds.hpp"
#include "spawn/talk.hpp"

namespace sysfd_test {

// Starts a process of each sort that other ways of ending a tree miss, says so, and waits.
inline constexpr const char* hostile_tree =
    "sleep 1000 & "
    "setsid sh -c 'echo session; exec sleep 1000' & "
    "(setsid sh -c 'sleep 1000 & echo daemon' &); "
    "sh -c 'echo stopped; kill -STOP $$' & "
    "setsid sh -c 'trap \"\" TERM HUP INT; echo deaf; while :; do sleep 1000; done' & ";
inline constexpr int hostile_lines = 4;

inline std::string hostile_tree_then(const char* rest) {
  return hostile_tree + std::string(rest);
}

inline bool has_children() {
  siginfo_t info{};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0;
}

inline void read_lines(BorrowedFd pipe, int count) {
  char byte = 0;
  while (count > 0 && ::read(pipe.get(), &byte, 1) == 1)
    if (byte == '\n') --count;
  EXPECT_EQ(count, 0) << "the tree has not told that it is there";
}

class EachKind : public testing::TestWithParam<ContainmentKind> {
 protected:
  void SetUp() override {
    SYSFD_REQUIRE_ISOLATION();
    SYSFD_REQUIRE_ROOT();
  }

  // Leaves only this kind possible.
  static void in_this_kind(const std::function<void()>& body) {
    run_apart([&] {
      allow_at_most(GetParam());
      body();
      EXPECT_FALSE(has_children());
    });
  }

  static Command contained(const std::string& script) {
    return shell(script).contain({.reach = Reach::best_effort});
  }

  // Starts a hostile tree that holds the end of the witness, and waits until it is complete.
  static Child start(Command& command, Witness& witness) {
    witness.go_with(command, 9);
    Child child = must(command.stdin_from(Stdio::pipe()).stdout_to(Stdio::pipe()).spawn());
    EXPECT_EQ(child.containment(), GetParam());
    read_lines(*child.stdout_pipe(), hostile_lines);
    EXPECT_FALSE(witness.is_alone());
    return child;
  }
};

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SPAWN_EACH_KIND_HPP
