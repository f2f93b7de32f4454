// SPDX-License-Identifier: MIT
//
// Kills a child, or the writer of its id maps, at any point on its way to the program: spawn()
// fails, and nothing is left behind.
#include <sysfd/command.hpp>

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "support/prelude.hpp"

#include "spawn/in_child/every_step.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

using Match = RefusedCall::Match;

// Returns the error, if any, of a spawn in a thread with this filter (which ends with the thread).
std::optional<SpawnError> error_with(const std::function<void()>& filter, Command& command) {
  std::optional<SpawnError> error;
  std::thread([&] {
    filter();
    const auto child = command.spawn();
    if (!child) error = child.error();
  }).join();
  return error;
}

// Spawns a command of EveryStep that is killed at this call, which the parent itself does not make.
template <class Expect>
void with_kill(Command (EveryStep::*make)() const, const RefusedCall& call, Expect expect) {
  SCOPED_TRACE("call " + std::to_string(call.number));
  run_apart([&] {
    const rlimit no_core{0, 0};
    ASSERT_EQ(::setrlimit(RLIMIT_CORE, &no_core), 0);
    const EveryStep all;
    Command command = (all.*make)();
    const auto before = open_descriptors();
    ::prctl(PR_SET_DUMPABLE, 1);

    const auto error = error_with([&] { kill_on_call(call); }, command);
    ASSERT_TRUE(error) << "it was started";
    EXPECT_EQ(error->code, std::errc::operation_canceled) << error->describe();
    expect(*error);

    EXPECT_EQ(open_descriptors(), before);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG | __WALL), -1) << "a child was left";
    EXPECT_EQ(errno, ECHILD);
    EXPECT_EQ(::prctl(PR_GET_DUMPABLE), 1);
    auto second = command.spawn();
    ASSERT_TRUE(second) << second.error().describe();
    EXPECT_TRUE(second->wait()->success());
  });
}

void expect_killed_child(const SpawnError& error) {
  EXPECT_EQ(error.step, SpawnStep::start) << error.describe();
  EXPECT_TRUE(error.subject.starts_with("killed by signal 31")) << error.describe();
}

TEST(KilledOnItsWay, TheChildHasNotStarted) {
  SYSFD_REQUIRE_KILL_OF_ONE();
  SYSFD_REQUIRE_ROOT();
  const RefusedCall calls[] = {
      {SYS_close_range, 0},
      {SYS_close_range, 0, Match{2, CLOSE_RANGE_CLOEXEC}},
      {SYS_rt_sigaction, 0, Match{0, SIGUSR1}},
      {SYS_fcntl, 0, Match{1, F_SETFD}},
      {SYS_dup3, 0},
      {SYS_openat, 0, Match{2, O_RDONLY}},
      {SYS_setsid, 0},
      {SYS_ioctl, 0, Match{1, TIOCSCTTY}},
      {SYS_ioctl, 0, Match{1, TIOCSPGRP}},
      {SYS_prlimit64, 0, Match{1, RLIMIT_CORE}},
      {SYS_umask, 0},
      {SYS_sched_setscheduler, 0},
      {SYS_setpriority, 0},
      {SYS_sched_setaffinity, 0},
      {SYS_ioprio_set, 0},
      {SYS_write, 0},
      {SYS_prctl, 0, Match{0, PR_SET_TIMERSLACK}},
      {SYS_mount, 0},
      {SYS_setns, 0},
      {SYS_sethostname, 0},
      {SYS_chroot, 0},
      {SYS_chdir, 0},
      {SYS_fchdir, 0, Match{0, EveryStep::directory}},
      {SYS_prctl, 0, Match{0, PR_CAPBSET_DROP}},
      {SYS_setgroups, 0},
      {SYS_setresgid, 0},
      {SYS_setresuid, 0},
      {SYS_capget, 0},
      {SYS_capset, 0},
      {SYS_prctl, 0, Match{0, PR_SET_SECUREBITS}},
      {SYS_prctl, 0, Match{0, PR_SET_PDEATHSIG}},
      {SYS_getppid, 0},
      {SYS_pidfd_open, 0},
      {SYS_prctl, 0, Match{0, PR_SET_NO_NEW_PRIVS}},
      {SYS_seccomp, 0},
  };
  for (const RefusedCall& call : calls)
    with_kill(&EveryStep::attributes, call, expect_killed_child);
}

TEST(KilledOnItsWay, TheChildInAPidNamespaceHasNotStarted) {
  SYSFD_REQUIRE_KILL_OF_ONE();
  SYSFD_REQUIRE_ROOT();
  for (const int call : {SYS_dup3, SYS_setpgid, SYS_chdir})
    with_kill(&EveryStep::job, {call, 0}, expect_killed_child);
  // A child checks if its parent is still there only if the kernel does not kill it with its
  // parent.
  if (!kernel_has("CLONE_PIDFD_AUTOKILL"))
    with_kill(&EveryStep::job, {SYS_ppoll, 0}, expect_killed_child);
}

TEST(KilledOnItsWay, TheChildThatWantsItsIdsMappedHasNotStarted) {
  SYSFD_REQUIRE_KILL_OF_ONE();
  SYSFD_REQUIRE_ROOT();
  with_kill(&EveryStep::user_namespace, {SYS_readlinkat, 0}, expect_killed_child);
  with_kill(&EveryStep::user_namespace, {SYS_close_range, 0, Match{2, CLOSE_RANGE_CLOEXEC}},
            expect_killed_child);
}

// The child waits for the writer, and the parent for the child.
TEST(KilledOnItsWay, TheWriterOfIdMapsIsWaitedForNoLonger) {
  SYSFD_REQUIRE_KILL_OF_ONE();
  SYSFD_REQUIRE_ROOT();
  const auto is_step = [](SpawnStep step) {
    return [step](const SpawnError& error) { EXPECT_EQ(error.step, step) << error.describe(); };
  };
  const auto kill_at = [&](const RefusedCall& call, SpawnStep step) {
    with_kill(&EveryStep::user_namespace, call, is_step(step));
  };
  kill_at({SYS_close_range, 0, Match{0, 0}}, SpawnStep::user_map);  // its very first call
  kill_at({SYS_write, 0, Match{2, EveryStep::user_map_size}}, SpawnStep::user_map);
  kill_at({SYS_write, 0, Match{2, EveryStep::group_map_size}}, SpawnStep::group_map);
}

TEST(KilledOnItsWay, TheWriterOfIdMapsMayHaveBeenMadeByClone) {
  SYSFD_REQUIRE_KILL_OF_ONE();
  SYSFD_REQUIRE_ROOT();
  run_apart([] {
    const rlimit no_core{0, 0};
    ASSERT_EQ(::setrlimit(RLIMIT_CORE, &no_core), 0);
    const EveryStep all;
    Command command = all.user_namespace();
    const auto error = error_with(
        [] {
          refuse_calls({{SYS_clone3, EPERM}});
          kill_on_call({SYS_close_range, 0, Match{0, 0}});
        },
        command);
    ASSERT_TRUE(error) << "it was started";
    EXPECT_EQ(error->step, SpawnStep::user_map);
    EXPECT_EQ(error->code, std::errc::operation_canceled);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG | __WALL), -1) << "a child was left";
  });
}

// From its last call on, a child counts as started: it is killed like any program.
TEST(KilledOnItsWay, AtTheProgramItselfItHasStarted) {
  SYSFD_REQUIRE_KILL_OF_ONE();
  run_apart([] {
    const rlimit no_core{0, 0};
    ASSERT_EQ(::setrlimit(RLIMIT_CORE, &no_core), 0);
    kill_on_call({SYS_execve, 0});
    auto child = Command("/bin/true").spawn();
    ASSERT_TRUE(child) << child.error().describe();
    const auto status = child->wait();
    ASSERT_TRUE(status);
    EXPECT_EQ(status->signal(), SIGSYS);
  });
}

}  // namespace
}  // namespace sysfd_test
