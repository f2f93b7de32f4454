// SPDX-License-Identifier: MIT
//
// Tests copies of this process that fork(2) makes while it has children: the copies close their
// descriptors, and neither end nor reap the children of their parent.
#include <sysfd/command.hpp>

#include <sys/syscall.h>

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include <sysfd/child.hpp>
#include <sysfd/pipeline.hpp>
#include <sysfd/prepared_command.hpp>

#include "support/prelude.hpp"

#include "spawn/pending.hpp"
#include "spawn/talk.hpp"
#include "support/stopped_calls.hpp"

namespace sysfd_test {
namespace {

constexpr DropPolicy policies[] = {DropPolicy::kill, DropPolicy::terminate, DropPolicy::wait,
                                   DropPolicy::detach};

class ForkedCopy : public testing::Test {
 protected:
  void SetUp() override { SYSFD_REQUIRE_ISOLATION(); }
};

// Leads a process group, and lives until its input is closed.
Command endless(DropPolicy policy) {
  return Command("cat")
      .stdin_from(Stdio::pipe())
      .stdout_to(Stdio::null())
      .session({.process_group = 0})
      .on_drop(policy, 1h);
}

TEST_F(ForkedCopy, LeavesAChildToItsParent) {
  for (const DropPolicy policy : policies) {
    const auto before = open_descriptors();
    std::optional<Child> child = must(endless(policy).spawn());
    run_apart([&] {
      child.reset();
      EXPECT_EQ(open_descriptors(), before);
    });
    EXPECT_EQ(error_of(child->try_wait()), std::errc::resource_unavailable_try_again)
        << "it did not get a signal";
    EXPECT_TRUE(child->wait()->success()) << "not reaped either";
  }
}

TEST_F(ForkedCopy, LeavesAChildToItsParentThatWasMovedOrAssignedTo) {
  for (const DropPolicy policy : policies) {
    Child child = must(endless(policy).spawn());
    run_apart([&] {
      Child moved = std::move(child);
      moved = must(endless(DropPolicy::kill).spawn());  // the copy's own child
      const Child own = std::move(moved);
    });
    EXPECT_EQ(error_of(child.try_wait()), std::errc::resource_unavailable_try_again);
    EXPECT_TRUE(child.wait()->success());
  }
}

TEST_F(ForkedCopy, LeavesTheStagesOfAPipelineToTheirParent) {
  for (const DropPolicy policy : policies) {
    std::vector<Child> children =
        must((Command("cat").stdin_from(Stdio::pipe()).on_drop(policy, 1h) |
              Command("cat").on_drop(policy, 1h))
                 .spawn());
    run_apart([&] { children.clear(); });
    for (Child& child : children)
      EXPECT_EQ(error_of(child.try_wait()), std::errc::resource_unavailable_try_again);
    children.front().stdin_pipe().reset();
    for (Child& child : children)
      EXPECT_TRUE(child.wait()->success());
  }
}

// The copy must not wait for a stage either that was dropped before.
TEST_F(ForkedCopy, LeavesStagesToTheirParentThatWereDroppedBefore) {
  std::vector<Child> children = must((Command("cat").stdin_from(Stdio::pipe()) | Command("cat") |
                                      Command("cat").stdout_to(Stdio::pipe()))
                                         .spawn());
  const auto process = must(PidFd::adopt(must(children.back().fd().duplicate())));
  children.pop_back();
  run_apart([&] { children.clear(); });
  EXPECT_EQ(error_of(children.front().try_wait()), std::errc::resource_unavailable_try_again);
  EXPECT_TRUE(process.send_signal(0)) << "it was not reaped";
  children.clear();
  EXPECT_FALSE(process.send_signal(0));
}

TEST_F(ForkedCopy, LeavesAPendingChildToItsParent) {
  for (const auto confirmation : confirmations)
    for (const DropPolicy policy : policies)
      run_apart([=] {
        StoppedCalls execve(SYS_execve);
        std::optional<PendingChild> pending =
            start(Command("/bin/true").on_drop(policy, 1h), confirmation);
        execve.await();
        run_apart([&] { pending.reset(); });
        run_apart([&] { pending->cancel(); });
        run_apart([&] {
          const auto child = pending->finish();
          ASSERT_FALSE(child);
          EXPECT_EQ(child.error().step, SpawnStep::start);
          EXPECT_EQ(child.error().code, std::errc::no_child_process);
        });
        run_apart([&] { EXPECT_FALSE(pending->try_finish()); });
        EXPECT_FALSE(pending->try_finish()) << "it is as it was";
        execve.let_go();
        expect_success(must(pending->finish()));
      });
}

// The copy does not have what the parent keeps for the child.
TEST_F(ForkedCopy, LeavesAPendingChildOfLessPowerToItsParent) {
  SYSFD_REQUIRE_ROOT();
  run_apart([] {
    StoppedCalls execve(SYS_execve);
    std::optional<PendingChild> pending =
        start(Command("/bin/true").identity({.user = 1234, .group = 1234}));
    execve.await();
    run_apart([&] { pending.reset(); });
    run_apart([&] { EXPECT_FALSE(pending->finish()); });
    execve.let_go();
    expect_success(must(pending->finish()));
  });
}

TEST_F(ForkedCopy, HasChildrenOfItsOwn) {
  const auto prepared = must(endless(DropPolicy::kill).prepare());
  Child child = must(prepared.spawn());
  run_apart([&] {
    Witness witness;
    Command command = endless(DropPolicy::kill);
    witness.go_with(command, 9);
    {
      const Child own = must(command.spawn());
      const Child another = must(prepared.spawn());
    }
    EXPECT_TRUE(witness.is_alone());
    expect_no_child_left();
  });
  EXPECT_EQ(error_of(child.try_wait()), std::errc::resource_unavailable_try_again);
  EXPECT_TRUE(child.wait()->success());
}

}  // namespace
}  // namespace sysfd_test
