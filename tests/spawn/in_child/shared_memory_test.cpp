// SPDX-License-Identifier: MIT
//
// Tests what other processes can see, and what a child keeps open, while it shares its parent's
// memory. A seccomp filter stops it there, at a late call: when it sets the parent-death signal.
#include <sysfd/command.hpp>

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <csignal>
#include <functional>
#include <future>
#include <optional>
#include <thread>

#include <sysfd/create.hpp>
#include <sysfd/pending_child.hpp>

#include "support/prelude.hpp"

#include "support/stopped_calls.hpp"

namespace sysfd_test {
namespace {

// Spawns in a thread, and calls `inspect` while the child is stopped.
void inspect_child(Command& command, const std::function<void()>& inspect) {
  std::promise<StoppedCalls*> promised;
  std::thread spawning([&] {
    StoppedCalls stopped(SYS_prctl, RefusedCall::Match{0, PR_SET_PDEATHSIG});
    promised.set_value(&stopped);
    auto child = command.parent_death_signal(SIGTERM).spawn();
    EXPECT_TRUE(child) << child.error().describe();
  });
  StoppedCalls* const stopped = promised.get_future().get();
  stopped->await();
  inspect();
  stopped->let_go();
  spawning.join();
}

// Otherwise, a process with the reduced privileges of the child could access the parent through it.
TEST(SharedMemory, IsOutOfReachWhileAChildOfLessPowerIsInIt) {
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ISOLATION();
  const OwnedFd own = must(sysfd::open(cwd(), "/proc/self/ns/uts", O_RDONLY));
  const std::function<void(Command&)> ways[] = {
      [](Command& command) { command.identity({.user = 65534, .group = 65534}); },
      [](Command& command) { command.identity({.capabilities = "cap_kill=ep"}); },
      [](Command& command) { command.namespaces({.create = Namespace::user}); },
      [&](Command& command) { command.namespaces({.join = {{.of = own}}}); }};
  for (const auto& way : ways)
    run_apart([&] {
      ASSERT_EQ(::prctl(PR_GET_DUMPABLE), 1);
      Command command("/bin/true");
      way(command);
      inspect_child(command, [] {
        EXPECT_EQ(::prctl(PR_GET_DUMPABLE), 0);
        // Another spawn that ends earlier does not restore it either.
        auto other = Command("/bin/true").identity({.user = 1}).spawn();
        ASSERT_TRUE(other) << other.error().describe();
        EXPECT_EQ(::prctl(PR_GET_DUMPABLE), 0);
      });
      EXPECT_EQ(::prctl(PR_GET_DUMPABLE), 1);
    });
}

#ifdef SYSFD_TEST_PLUGIN

TEST(SharedMemory, IsOutOfReachUntilTheChildrenOfAllCopiesOfTheLibraryHaveLeft) {
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ISOLATION();
  run_apart([] {
    ASSERT_EQ(::prctl(PR_GET_DUMPABLE), 1);
    void* const plugin = ::dlopen(SYSFD_TEST_PLUGIN, RTLD_NOW | RTLD_LOCAL);
    ASSERT_TRUE(plugin) << ::dlerror();
    const auto start = reinterpret_cast<bool (*)()>(::dlsym(plugin, "plugin_start"));
    const auto finish = reinterpret_cast<bool (*)()>(::dlsym(plugin, "plugin_finish"));
    const auto expect = [](bool success) { EXPECT_TRUE(success); };
    StoppedCalls stopped(SYS_execve);
    for (const bool is_first_in_plugin : {false, true}) {
      std::optional<PendingChild> own;
      const auto start_own = [&] {
        own.emplace(must(Command("/bin/true").identity({.user = 65534}).spawn_async()));
      };
      const auto finish_own = [&] { EXPECT_TRUE(must(own->finish()).wait()); };
      is_first_in_plugin ? expect(start()) : start_own();
      stopped.await();
      is_first_in_plugin ? start_own() : expect(start());
      stopped.let_go();
      is_first_in_plugin ? expect(finish()) : finish_own();
      stopped.await();
      EXPECT_EQ(::prctl(PR_GET_DUMPABLE), 0);
      stopped.let_go();
      is_first_in_plugin ? finish_own() : expect(finish());
      EXPECT_EQ(::prctl(PR_GET_DUMPABLE), 1);
    }
  });
}

#endif

TEST(SharedMemory, IsNotMadeDumpableForWhoMadeItUndumpable) {
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ISOLATION();
  run_apart([] {
    StoppedCalls stopped(SYS_close_range);
    auto pending = must(Command("/bin/true").identity({.user = 65534}).spawn_async());
    stopped.await();  // it never gets that far
    ASSERT_EQ(::prctl(PR_SET_DUMPABLE, 0), 0);
    stopped.let_go();
    EXPECT_TRUE(must(pending.finish()).wait());
    EXPECT_EQ(::prctl(PR_GET_DUMPABLE), 0);
  });
}

// A process that was forked meanwhile does not wait for a child of its parent.
TEST(SharedMemory, OfACopyOfTheProcessHasChildrenOfItsOwn) {
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ISOLATION();
  run_apart([] {
    ASSERT_EQ(::prctl(PR_GET_DUMPABLE), 1);
    StoppedCalls stopped(SYS_close_range);
    auto pending = must(Command("/bin/true").identity({.user = 65534}).spawn_async());
    stopped.await();
    const pid_t copy = ::fork();
    if (copy == 0) {
      const auto status = Command("/bin/true").identity({.user = 65534}).status();
      ::_exit(status && ::prctl(PR_GET_DUMPABLE) == 1 ? 0 : 1);
    }
    stopped.let_go();
    stopped.await();
    stopped.let_go();
    int status = -1;
    ASSERT_EQ(::waitpid(copy, &status, 0), copy);
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(must(pending.finish()).wait());
  });
}

TEST(SharedMemory, StaysAsItIsWithAChildOfThePowerOfItsParent) {
  SYSFD_REQUIRE_ISOLATION();
  run_apart([] {
    Command command("/bin/true");
    inspect_child(command, [] { EXPECT_EQ(::prctl(PR_GET_DUMPABLE), 1); });
  });
}

// Nobody is in them before the child.
TEST(SharedMemory, StaysAsItIsWithAChildInNewNamespacesOfTheSameUser) {
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ISOLATION();
  for (const auto kind : {Namespace::ipc, Namespace::uts, Namespace::net, Namespace::mount,
                          Namespace::pid, Namespace::cgroup})
    run_apart([&] {
      Command command("/bin/true");
      command.namespaces({.create = kind});
      inspect_child(command, [] { EXPECT_EQ(::prctl(PR_GET_DUMPABLE), 1); });
    });
}

TEST(SharedMemory, OfAProcessThatBecomesAProgramIsNotGivenToItsNewUser) {
  SYSFD_REQUIRE_ROOT();
  run_apart([] {
    EXPECT_EQ(Command("/no/such").identity({.user = 65534}).exec().step, SpawnStep::exec);
    EXPECT_NE(::prctl(PR_GET_DUMPABLE), 1);
  });
}

// Nothing waits until a child executes: neither the end of a pipe, nor a program that may be
// executed.
TEST(ChildTable, HoldsNothingBelowWhatWasPassed) {
  SYSFD_REQUIRE_ISOLATION();
  run_apart([] {
    auto pipe = must(sysfd::pipe());
    const OwnedFd file = must(memfd("high"));
    const OwnedFd high = OwnedFd::adopt(::fcntl(file.get(), F_DUPFD_CLOEXEC, 500));
    ASSERT_LT(pipe.write.get(), high.get());
    Command command("/bin/true");
    command.pass(high, 3);
    inspect_child(command, [&] {
      ASSERT_TRUE(std::move(pipe.write).close());
      pollfd entry{pipe.read.get(), POLLIN, 0};
      EXPECT_EQ(::poll(&entry, 1, 0), 1);
      EXPECT_EQ(entry.revents, POLLHUP);
    });
  });
}

}  // namespace
}  // namespace sysfd_test
