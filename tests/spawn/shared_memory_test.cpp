// SPDX-License-Identifier: MIT
//
// What others may see, and what it holds, while a child shares its parent's memory. A seccomp
// filter stops it there: late, when it asks for the parent-death signal.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <csignal>
#include <functional>
#include <future>
#include <thread>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>

#include "support/held_calls.hpp"
#include "support/requirements.hpp"
#include "support/results.hpp"
#include "support/run_apart.hpp"

namespace {

using sysfd::Command;
using sysfd::Namespace;
using sysfd::OwnedFd;
using sysfd::SpawnStep;
using sysfd_test::HeldCalls;
using sysfd_test::must;
using sysfd_test::RefusedCall;
using sysfd_test::run_apart;

// Spawns in a thread, and calls `look` while the child is held.
void look_at_child(Command& command, const std::function<void()>& look) {
  std::promise<HeldCalls*> promised;
  std::thread spawning([&] {
    HeldCalls held(SYS_prctl, RefusedCall::Match{0, PR_SET_PDEATHSIG});
    promised.set_value(&held);
    auto child = command.parent_death_signal(SIGTERM).spawn();
    EXPECT_TRUE(child) << child.error().describe();
  });
  HeldCalls* const held = promised.get_future().get();
  held->await();
  look();
  held->let_go();
  spawning.join();
}

// Who has as little power as the child could otherwise get at the parent through it.
TEST(SharedMemory, IsOutOfReachWhileAChildOfLessPowerIsInIt) {
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ISOLATION();
  const std::function<void(Command&)> ways[] = {
      [](Command& command) { command.identity({.user = 65534, .group = 65534}); },
      [](Command& command) { command.identity({.capabilities = "cap_kill=ep"}); },
      [](Command& command) { command.namespaces({.create = Namespace::uts}); }};
  for (const auto& way : ways)
    run_apart([&] {
      ASSERT_EQ(::prctl(PR_GET_DUMPABLE), 1);
      Command command("/bin/true");
      way(command);
      look_at_child(command, [] {
        EXPECT_EQ(::prctl(PR_GET_DUMPABLE), 0);
        // Nor is it put back by a spawn that ends earlier.
        auto other = Command("/bin/true").identity({.user = 1}).spawn();
        ASSERT_TRUE(other) << other.error().describe();
        EXPECT_EQ(::prctl(PR_GET_DUMPABLE), 0);
      });
      EXPECT_EQ(::prctl(PR_GET_DUMPABLE), 1);
    });
}

TEST(SharedMemory, StaysAsItIsWithAChildOfThePowerOfItsParent) {
  SYSFD_REQUIRE_ISOLATION();
  run_apart([] {
    Command command("/bin/true");
    look_at_child(command, [] { EXPECT_EQ(::prctl(PR_GET_DUMPABLE), 1); });
  });
}

TEST(SharedMemory, OfAProcessThatBecomesAProgramIsNotGivenToItsNewUser) {
  SYSFD_REQUIRE_ROOT();
  run_apart([] {
    EXPECT_EQ(Command("/no/such").identity({.user = 65534}).exec().step, SpawnStep::exec);
    EXPECT_NE(::prctl(PR_GET_DUMPABLE), 1);
  });
}

// Nobody waits for a child to execute: not for the end of a pipe, not for a program that is free to
// run.
TEST(ChildTable, HoldsNothingBelowWhatWasPassed) {
  SYSFD_REQUIRE_ISOLATION();
  run_apart([] {
    auto pipe = must(sysfd::pipe());
    const OwnedFd file = must(sysfd::memfd("high"));
    const OwnedFd high = OwnedFd::adopt(::fcntl(file.get(), F_DUPFD_CLOEXEC, 500));
    ASSERT_LT(pipe.write.get(), high.get());
    Command command("/bin/true");
    command.pass(high, 3);
    look_at_child(command, [&] {
      ASSERT_TRUE(std::move(pipe.write).close());
      pollfd entry{pipe.read.get(), POLLIN, 0};
      EXPECT_EQ(::poll(&entry, 1, 0), 1);
      EXPECT_EQ(entry.revents, POLLHUP);
    });
  });
}

}  // namespace
