// SPDX-License-Identifier: MIT
//
// Tests the life of a cgroup: created, populated, frozen, killed, removed.
#include <sysfd/cgroup.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <optional>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "cgroup/cgroups.hpp"
#include "support/allocations.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"
#include "support/stopped_calls.hpp"

namespace sysfd_test {
namespace {

#if defined(__cpp_exceptions)
// It is left there: nothing is thrown, and the program goes on.
TEST(NewCgroup, IsDroppedWithoutMemory) {
  SYSFD_REQUIRE_CGROUP();
  SYSFD_REQUIRE_KERNEL("cgroup.kill");  // without it, an empty one is dropped without an allocation
  if (is_sanitized) GTEST_SKIP() << "needs to be without a sanitizer, which has its own new[]";
  const Cgroup own = must(Cgroup::own());
  int failures = 0;
  while (failures < 100) {
    auto cgroup = std::make_optional(make_cgroup());
    make_cgroup_in(*cgroup, "below").keep();
    EXPECT_FALSE(fails_at_allocation(failures + 1, [&] { cgroup.reset(); }));
    if (!is_there(own, cgroup_name())) break;
    ++failures;
    const Cgroup left = must(Cgroup::open(own.fd(), cgroup_name()));
    ::unlinkat(left.fd().get(), "below", AT_REMOVEDIR);
    EXPECT_EQ(::unlinkat(own.fd().get(), cgroup_name().c_str(), AT_REMOVEDIR), 0);
  }
  EXPECT_GT(failures, 0);
  EXPECT_LT(failures, 100);
}

TEST(MakeLeaf, IsTakenBackWithoutMemory) {
  SYSFD_REQUIRE_CGROUP();
  if (is_sanitized) GTEST_SKIP() << "needs to be without a sanitizer, which has its own new[]";
  const Cgroup cgroup = make_cgroup();
  Child child = start_in(cgroup);
  int failures = 0;
  while (
      failures < 100 &&
      fails_at_allocation(failures + 1, [&] { (void)cgroup.make_leaf_and_enable("leaf", {}); })) {
    ++failures;
    EXPECT_FALSE(is_there(cgroup, "leaf")) << "allocation " << failures;
    EXPECT_NE(content_of(cgroup, "cgroup.procs"), "") << "allocation " << failures;
  }
  EXPECT_GT(failures, 0);
  EXPECT_TRUE(is_there(cgroup, "leaf"));
}
#endif

TEST(NewCgroup, IsRemovedWhenItIsDropped) {
  SYSFD_REQUIRE_CGROUP();
  const Cgroup own = must(Cgroup::own());
  {
    const Cgroup cgroup = make_cgroup();
    EXPECT_TRUE(is_there(own, cgroup_name()));
    EXPECT_TRUE(must(is_close_on_exec(cgroup.fd())));
    EXPECT_FALSE(must(cgroup.events()).populated);
  }
  EXPECT_FALSE(is_there(own, cgroup_name()));
}

TEST(NewCgroup, StaysIfItIsKeptOrMoved) {
  SYSFD_REQUIRE_CGROUP();
  const Cgroup own = must(Cgroup::own());
  {
    Cgroup cgroup = make_cgroup();
    cgroup.keep();
  }
  EXPECT_TRUE(is_there(own, cgroup_name()));
  expect_error(Cgroup::create(own, cgroup_name()), CgroupStep::create, EEXIST);
  ASSERT_EQ(::unlinkat(own.fd().get(), cgroup_name().c_str(), AT_REMOVEDIR), 0);

  Cgroup first = make_cgroup();
  Cgroup& same = first;
  first = std::move(same);
  Cgroup second = make_cgroup_in(own, cgroup_name() + "-2");
  second = std::move(first);
  EXPECT_TRUE(is_there(own, cgroup_name()));
  EXPECT_FALSE(is_there(own, cgroup_name() + "-2"));
}

TEST(NewCgroup, NeedsANameThatIsOneComponent) {
  SYSFD_REQUIRE_CGROUP();
  const Cgroup own = must(Cgroup::own());
  for (const std::string& name : {""s, "."s, ".."s, "/"s, "a/b"s, "../a"s, "a\nb"s, "a\0b"s})
    expect_error(Cgroup::create(own, name), CgroupStep::create, EINVAL);
  expect_error(Cgroup::create(own, "cgroup.procs"), CgroupStep::create, EEXIST);
  expect_error(Cgroup::create(own, std::string(256, 'a')), CgroupStep::create, ENAMETOOLONG);
  const std::string longest = cgroup_name() + std::string(255 - cgroup_name().size(), 'a');
  {
    const Cgroup cgroup = make_cgroup_in(own, longest);
  }
  EXPECT_FALSE(is_there(own, longest));
}

TEST(NewCgroup, OfAForkedCopyIsLeftToItsParent) {
  SYSFD_REQUIRE_CGROUP();
  SYSFD_REQUIRE_ONE_THREAD();
  const Cgroup own = must(Cgroup::own());
  std::optional<Cgroup> cgroup = make_cgroup();
  Child child = start_in(*cgroup);
  run_apart([&] { cgroup.reset(); });
  EXPECT_TRUE(is_there(own, cgroup_name()));
  EXPECT_FALSE(child.try_wait().has_value()) << "the copy has killed it";
  cgroup.reset();
  EXPECT_EQ(must(child.wait()).signal(), SIGKILL);
}

TEST(DroppedCgroup, KillsAllThatIsInItAndBelow) {
  SYSFD_REQUIRE_CGROUP();
  const Cgroup own = must(Cgroup::own());
  Child outside = must(Command("sleep").arg("1000").spawn());
  std::optional<Child> child;
  {
    const Cgroup cgroup = make_cgroup();
    Cgroup below = make_cgroup_in(cgroup, "below");
    Cgroup deep = make_cgroup_in(below, "deep");
    below.keep();
    deep.keep();
    child =
        start_in(deep,
                 "setsid sh -c 'trap \"\" TERM HUP; (kill -STOP $$ &) ; while :; do sleep 1000; "
                 "done' & sleep 1000; :");
    ASSERT_TRUE(await_processes(cgroup, 3));
  }
  EXPECT_FALSE(is_there(own, cgroup_name()));
  EXPECT_EQ(must(child->wait()).signal(), SIGKILL);
  EXPECT_FALSE(outside.try_wait().has_value());
}

// The one descriptor that it needs then is open from the beginning.
TEST(DroppedCgroup, NeedsNoFreeDescriptor) {
  SYSFD_REQUIRE_CGROUP();
  SYSFD_REQUIRE_KERNEL("cgroup.kill");
  const Cgroup own = must(Cgroup::own());
  run_apart([&] {
    std::optional<Cgroup> cgroup = make_cgroup();
    Child child = start_in(*cgroup);
    const auto next = must(event_fd(0));
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    const rlimit old = limit;
    limit.rlim_cur = static_cast<rlim_t>(next.get()) + 1;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    ASSERT_EQ(error_of(event_fd(0)), std::errc::too_many_files_open);
    cgroup.reset();
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &old), 0);
    EXPECT_EQ(must(child.wait()).signal(), SIGKILL);
    EXPECT_FALSE(is_there(own, cgroup_name()));
  });
}

TEST(CgroupKill, EndsProcessesThatFork) {
  SYSFD_REQUIRE_CGROUP();
  const Cgroup own = must(Cgroup::own());
  for (int round = 0; round < 5; ++round) {
    const Cgroup cgroup = make_cgroup();
    Child child = start_in(cgroup,
                           "fork() { i=0; while [ $i -lt 500 ]; do sleep 1000 & i=$((i+1)); done; "
                           "wait; }; fork & fork & fork");
    ASSERT_TRUE(await_processes(cgroup, 20));
    ASSERT_TRUE(cgroup.kill());
    ASSERT_TRUE(cgroup.wait_empty(20s));
    EXPECT_EQ(must(child.wait()).signal(), SIGKILL);
    EXPECT_TRUE(must(cgroup.processes()).empty());
  }
  EXPECT_FALSE(is_there(own, cgroup_name()));
}

int fail_kill_file(std::string_view path, int) {
  return path == "cgroup.kill" ? ENOENT : 0;
}

// As in kernels before 5.14.
TEST(CgroupKill, WithoutItsFileEndsProcessesThatForkToo) {
  SYSFD_REQUIRE_CGROUP();
  SYSFD_REQUIRE_ONE_THREAD();
  const Cgroup cgroup = make_cgroup();
  const Cgroup below = make_cgroup_in(cgroup, "below");
  Child child = start_in(below,
                         "fork() { i=0; while [ $i -lt 500 ]; do sleep 1000 & i=$((i+1)); done; "
                         "wait; }; fork & fork & fork");
  ASSERT_TRUE(await_processes(cgroup, 100));
  run_with_failing_opens(fail_kill_file, [&] {
    const Cgroup opened = must(Cgroup::open(cgroup.fd(), "."));
    EXPECT_TRUE(opened.kill());
    EXPECT_TRUE(opened.wait_empty(20s));
    EXPECT_FALSE(must(opened.events()).frozen);
  });
  EXPECT_EQ(must(child.wait()).signal(), SIGKILL);
}

TEST(CgroupKill, WithoutItsFileTellsWhyItFails) {
  SYSFD_REQUIRE_CGROUP();
  SYSFD_REQUIRE_ONE_THREAD();
  const Cgroup cgroup = make_cgroup();
  Child child = start_in(cgroup);
  const auto expect_refused = [&](const RefusedCall& call) {
    run_with_failing_opens(fail_kill_file, [&] {
      refuse_calls({call});
      const Cgroup opened = must(Cgroup::open(cgroup.fd(), "."));
      expect_error(opened.kill(), CgroupStep::kill, call.error);
    });
    EXPECT_FALSE(must(cgroup.events()).frozen);
  };
  expect_refused({SYS_pidfd_open, EMFILE});
  expect_refused({SYS_pidfd_send_signal, EPERM});
  expect_refused({SYS_write, EACCES});
  expect_refused({SYS_pread64, ENOMEM});
  EXPECT_FALSE(child.try_wait().has_value());
}

TEST(CgroupKill, OfNothingOrTwiceIsNoError) {
  SYSFD_REQUIRE_CGROUP();
  const Cgroup cgroup = make_cgroup();
  EXPECT_TRUE(cgroup.kill());
  EXPECT_TRUE(cgroup.kill());
  EXPECT_TRUE(cgroup.wait_empty(0s));
}

TEST(CgroupFreeze, StopsAndGoesOn) {
  SYSFD_REQUIRE_CGROUP();
  const Cgroup cgroup = make_cgroup();
  Child child = start_in(cgroup);
  ASSERT_TRUE(cgroup.freeze());
  EXPECT_TRUE(must(cgroup.events()).frozen);
  ASSERT_TRUE(cgroup.thaw());
  ASSERT_TRUE(cgroup.freeze());
  ASSERT_TRUE(cgroup.kill());  // also what is frozen
  EXPECT_EQ(must(child.wait()).signal(), SIGKILL);
}

TEST(DroppedCgroup, MayBeFrozen) {
  SYSFD_REQUIRE_CGROUP();
  std::optional<Cgroup> cgroup = make_cgroup();
  Child child = start_in(*cgroup);
  ASSERT_TRUE(cgroup->freeze());
  cgroup.reset();
  EXPECT_EQ(must(child.wait()).signal(), SIGKILL);
  EXPECT_FALSE(is_there(must(Cgroup::own()), cgroup_name()));
}

TEST(CgroupProcesses, AreThoseInItAndBelow) {
  SYSFD_REQUIRE_CGROUP();
  const Cgroup cgroup = make_cgroup();
  const Cgroup below = make_cgroup_in(cgroup, "below");
  Child first = start_in(cgroup), second = start_in(below);
  EXPECT_EQ(must(cgroup.processes()).size(), 2U);
  EXPECT_EQ(numbers_of(cgroup), (std::set<pid_t>{first.pid(), second.pid()}));
}

TEST(CgroupProcesses, AreAsManyAsThereAre) {
  SYSFD_REQUIRE_CGROUP();
  const Cgroup cgroup = make_cgroup();
  Child child =
      start_in(cgroup, "i=0; while [ $i -lt 149 ]; do sleep 1000 & i=$((i+1)); done; wait");
  ASSERT_TRUE(await_processes(cgroup, 150));
  EXPECT_EQ(must(cgroup.processes()).size(), 150U);
}

// Those of a threaded cgroup are listed in the one above it.
TEST(CgroupProcesses, OfThreadedCgroupsBelowAreNotListedTwice) {
  SYSFD_REQUIRE_CGROUP();
  const Cgroup cgroup = make_cgroup();
  const Cgroup below = make_cgroup_in(cgroup, "below");
  write_to(below, "cgroup.type", "threaded");
  Child child = start_in(cgroup);
  EXPECT_EQ(must(cgroup.processes()).size(), 1U);
}

TEST(CgroupProcesses, ThatCannotBeReadAreAnError) {
  SYSFD_REQUIRE_CGROUP();
  SYSFD_REQUIRE_ONE_THREAD();
  const Cgroup cgroup = make_cgroup();
  const Cgroup below = make_cgroup_in(cgroup, "below");
  const auto fail_names_below = [](std::string_view path, int) {
    return path == "below" ? EACCES : 0;
  };
  run_with_failing_opens(fail_names_below,
                         [&] { expect_error(cgroup.processes(), CgroupStep::read, EACCES); });
}

TEST(CgroupProcesses, OfAnotherPidNamespaceAreAnError) {
  SYSFD_REQUIRE_CGROUP();
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ONE_THREAD();
  const Cgroup cgroup = make_cgroup();
  Child child = start_in(cgroup);
  run_apart([&] {
    ASSERT_EQ(::unshare(CLONE_NEWPID), 0);
    run_apart([&] {
      expect_error(cgroup.processes(), CgroupStep::read, EXDEV);
      expect_error(cgroup.make_leaf_and_enable("leaf", {}), CgroupStep::move, EXDEV);
    });
  });
  EXPECT_FALSE(is_there(cgroup, "leaf"));
  EXPECT_EQ(must(cgroup.processes()).size(), 1U);
}

TEST(CgroupWait, EndsWithTheLastProcess) {
  SYSFD_REQUIRE_CGROUP();
  const Cgroup cgroup = make_cgroup();
  EXPECT_TRUE(cgroup.wait_empty(0s));
  Child child = start_in(cgroup);
  expect_error(cgroup.wait_empty(10ms), CgroupStep::wait, ETIMEDOUT);
  const OwnedFd stop = must(event_fd(1));
  expect_error(cgroup.wait_empty(Timeout::forever().canceled_by(stop)), CgroupStep::wait,
               ECANCELED);
  std::jthread killer([&] { EXPECT_TRUE(child.pidfd().send_signal(SIGKILL)); });
  EXPECT_TRUE(cgroup.wait_empty());  // though nobody has reaped the child
  EXPECT_EQ(must(child.wait()).signal(), SIGKILL);
}

bool is_ready(BorrowedFd events, int timeout = 0) {
  pollfd entry{events.get(), POLLPRI, 0};
  return ::poll(&entry, 1, timeout) == 1;
}

TEST(CgroupEvents, WakeThePoll) {
  SYSFD_REQUIRE_CGROUP();
  std::optional<Cgroup> cgroup = make_cgroup();
  const OwnedFd events = must(cgroup->open_events());
  EXPECT_TRUE(must(is_close_on_exec(events)));
  EXPECT_FALSE(is_ready(events));
  Child child = start_in(*cgroup);
  EXPECT_TRUE(is_ready(events, 10'000));
  ASSERT_TRUE(Cgroup::rearm(events));
  EXPECT_TRUE(must(cgroup->events()).populated);
  EXPECT_FALSE(is_ready(events));
  ASSERT_TRUE(cgroup->kill());
  EXPECT_TRUE(is_ready(events, 10'000));
  ASSERT_TRUE(cgroup->wait_empty(20s));
  ASSERT_TRUE(Cgroup::rearm(events));
  cgroup.reset();
  EXPECT_TRUE(is_ready(events, 10'000));
  expect_error(Cgroup::rearm(events), CgroupStep::read, ENODEV);
}

TEST(CgroupRemoval, OfAPopulatedOneIsAnError) {
  SYSFD_REQUIRE_CGROUP();
  const Cgroup own = must(Cgroup::own());
  Cgroup cgroup = make_cgroup();
  Child child = start_in(cgroup);
  const auto refused = cgroup.remove();
  expect_error(refused, CgroupStep::remove, EBUSY);
  EXPECT_TRUE(cgroup.is_removed_when_dropped());
  ASSERT_TRUE(cgroup.kill());
  EXPECT_TRUE(cgroup.remove());
  EXPECT_FALSE(is_there(own, cgroup_name()));
  EXPECT_FALSE(cgroup.is_removed_when_dropped());
  expect_error(cgroup.remove(), CgroupStep::remove, EINVAL);
  expect_error(cgroup.events(), CgroupStep::read, ENOENT);
}

TEST(CgroupRemoval, TakesAlongThoseBelow) {
  SYSFD_REQUIRE_CGROUP();
  const Cgroup own = must(Cgroup::own());
  Cgroup cgroup = make_cgroup();
  for (const char* const name : {"a", "b", "c"}) {
    Cgroup below = make_cgroup_in(cgroup, name);
    for (const std::string& deep : {"d"s, "e"s})
      make_cgroup_in(below, deep).keep();
    const std::string long_name(1000, 'a');  // which the kernel allows
    ASSERT_EQ(::mkdirat(below.fd().get(), long_name.c_str(), 0755), 0);
    below.keep();
  }
  EXPECT_TRUE(cgroup.remove());
  EXPECT_FALSE(is_there(own, cgroup_name()));
}

TEST(CgroupRemoval, BySomebodyElseIsNoticed) {
  SYSFD_REQUIRE_CGROUP();
  const Cgroup own = must(Cgroup::own());
  std::optional<Cgroup> cgroup = make_cgroup();
  ASSERT_EQ(::unlinkat(own.fd().get(), cgroup_name().c_str(), AT_REMOVEDIR), 0);
  EXPECT_FALSE(cgroup->kill());
  expect_error(cgroup->usage(), CgroupStep::read, ENOENT);
  expect_error(cgroup->wait_empty(), CgroupStep::wait, ENOENT);
  expect_error(cgroup->remove(), CgroupStep::remove, ENOENT);
  const Cgroup another = make_cgroup();
  cgroup.reset();
  EXPECT_TRUE(is_there(own, cgroup_name())) << "another one of that name was removed";
}

TEST(CgroupRemoval, IsOnlyForTheOneThatWasCreated) {
  SYSFD_REQUIRE_CGROUP();
  Cgroup own = must(Cgroup::own());
  expect_error(own.remove(), CgroupStep::remove, EINVAL);
}

}  // namespace
}  // namespace sysfd_test
