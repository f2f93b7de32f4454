// SPDX-License-Identifier: MIT
//
// Makes every system call on the way to the program fail, with each errno that it may have: the
// error names the step, nothing is left behind, and without the fault the same Command starts.
#include <sysfd/command.hpp>

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <sysfd/result.hpp>
#include <sysfd/spawn_all.hpp>

#include "support/prelude.hpp"

#include "spawn/in_child/every_step.hpp"
#include "spawn/in_child/faults.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

using Match = RefusedCall::Match;

constexpr auto attributes = &EveryStep::attributes;
constexpr auto user_namespace = &EveryStep::user_namespace;
constexpr auto job = &EveryStep::job;
constexpr auto joined_pid = &EveryStep::joined_pid_namespace;
constexpr auto new_terminal = &EveryStep::new_terminal;
constexpr auto cgroup = &EveryStep::cgroup;
constexpr auto tree = &EveryStep::tree;

// True if this step makes a system call that can fail. There is no default, so that a new step must
// be added.
bool makes_a_call(SpawnStep step) {
  switch (step) {
    case SpawnStep::program:
    case SpawnStep::argument:
    case SpawnStep::environment:
    case SpawnStep::start:
    case SpawnStep::wait:
    case SpawnStep::confirmation: return false;
    case SpawnStep::standard_stream:
    case SpawnStep::descriptor:
    case SpawnStep::listen_fds:
    case SpawnStep::terminal:
    case SpawnStep::cgroup:
    case SpawnStep::namespaces:
    case SpawnStep::clone:
    case SpawnStep::table:
    case SpawnStep::signals:
    case SpawnStep::session:
    case SpawnStep::process_group:
    case SpawnStep::controlling_terminal:
    case SpawnStep::foreground_group:
    case SpawnStep::user_map:
    case SpawnStep::group_map:
    case SpawnStep::dumpable:
    case SpawnStep::join_namespace:
    case SpawnStep::mounts:
    case SpawnStep::host_name:
    case SpawnStep::limit:
    case SpawnStep::umask:
    case SpawnStep::nice:
    case SpawnStep::scheduler:
    case SpawnStep::processors:
    case SpawnStep::io_priority:
    case SpawnStep::oom_score_adjust:
    case SpawnStep::timer_slack:
    case SpawnStep::root_directory:
    case SpawnStep::working_directory:
    case SpawnStep::bounding_set:
    case SpawnStep::groups:
    case SpawnStep::group:
    case SpawnStep::user:
    case SpawnStep::capabilities:
    case SpawnStep::ambient_set:
    case SpawnStep::securebits:
    case SpawnStep::parent_death:
    case SpawnStep::no_new_privileges:
    case SpawnStep::seccomp:
    case SpawnStep::landlock:
    case SpawnStep::containment:
    case SpawnStep::exec: return true;
  }
  return false;
}

// The parent is suspended, or runs concurrently.
enum class Way { spawn, spawn_all };

Result<Child, SpawnError> start(Command& command, Way way) {
  if (way == Way::spawn) return command.spawn();
  return std::move(sysfd::spawn_all({&command, 1}).front());
}

// The result of a spawn in a thread with a filter that refuses a call. (The filter ends with the
// thread.)
struct Attempt {
  std::optional<SpawnError> error;  // none: the program was executed, and has exited
  bool mask_was_kept = false;
};

Attempt attempt(Command& command, const RefusedCall& call, Way way = Way::spawn) {
  Attempt attempt;
  std::thread([&] {
    refuse_calls({call});
    sigset_t before;
    sigset_t after;
    ::pthread_sigmask(SIG_BLOCK, nullptr, &before);
    auto child = start(command, way);
    ::pthread_sigmask(SIG_BLOCK, nullptr, &after);
    attempt.mask_was_kept = true;
    for (int signo = 1; signo <= SIGRTMAX; ++signo)
      if (::sigismember(&before, signo) != ::sigismember(&after, signo))
        attempt.mask_was_kept = false;
    if (!child)
      attempt.error = child.error();
    else  // the program cannot make the call either, and its libc may need it
      EXPECT_TRUE(child->wait()->code());
  }).join();
  return attempt;
}

RefusedCall refused(int call, const std::vector<Match>& matches, int error) {
  RefusedCall refused{call, error};
  if (!matches.empty()) refused.only = matches[0];
  if (matches.size() > 1) refused.also = matches[1];
  return refused;
}

// Checks that the command starts: on this machine, and again after a fault.
void expect_start(Command& command) {
  auto child = command.spawn();
  ASSERT_TRUE(child) << child.error().describe();
  const auto status = child->wait();
  ASSERT_TRUE(status);
  EXPECT_TRUE(status->success()) << to_string(*status);
}

void expect_failure(const Fault& fault, int error, Way way) {
  SCOPED_TRACE("call " + std::to_string(fault.call) + " with errno " + std::to_string(error) +
               (way == Way::spawn_all ? ", beside its parent" : ""));
  const EveryStep all;
  Command command = (all.*fault.command)();
  const auto before = open_descriptors();
  ::prctl(PR_SET_DUMPABLE, 1);

  const auto [failure, mask_was_kept] =
      attempt(command, refused(fault.call, fault.matches, error), way);
  ASSERT_TRUE(failure) << "it was started";
  EXPECT_EQ(failure->step, fault.step) << failure->describe();
  EXPECT_EQ(failure->code.value(), error) << failure->describe();
  EXPECT_EQ(failure->index, fault.index) << failure->describe();

  EXPECT_TRUE(mask_was_kept);
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG | __WALL), -1) << "a child was left";
  EXPECT_EQ(errno, ECHILD);
  EXPECT_EQ(::prctl(PR_GET_DUMPABLE), 1);
  if (fault.command != cgroup) expect_start(command);
}

// True if the kernel itself does what that step would do.
bool is_needless(const Fault& fault) {
  return fault.command == job && fault.step == SpawnStep::parent_death &&
         kernel_has("CLONE_PIDFD_AUTOKILL");
}

void sweep(Command (EveryStep::*command)() const) {
  if (command != cgroup) {
    const EveryStep all;
    Command unhindered = (all.*command)();
    expect_start(unhindered);
    if (testing::Test::HasFatalFailure()) return;
  }
  int swept = 0;
  for (const Fault& fault : faults())
    if (fault.command == command && !is_needless(fault))
      for (const int error : fault.errors) {
        expect_failure(fault, error, Way::spawn);
        expect_failure(fault, error, Way::spawn_all);
        ++swept;
      }
  EXPECT_GT(swept, 0);
}

TEST(SpawnSweep, OfAllAttributesNamesEachStep) {
  SYSFD_REQUIRE_ROOT();
  sweep(attributes);
}

TEST(SpawnSweep, OfAUserNamespaceNamesEachStep) {
  SYSFD_REQUIRE_ROOT();
  sweep(user_namespace);
}

TEST(SpawnSweep, OfAJobInAPidNamespaceNamesEachStep) {
  SYSFD_REQUIRE_ROOT();
  sweep(job);
}

TEST(SpawnSweep, OfAJoinedPidNamespaceNamesEachStep) {
  SYSFD_REQUIRE_ROOT();
  sweep(joined_pid);
}

TEST(SpawnSweep, OfANewTerminalNamesEachStep) {
  sweep(new_terminal);
}

TEST(SpawnSweep, OfACgroupNamesEachStep) {
  sweep(cgroup);
}

TEST(SpawnSweep, OfATreeNamesEachStep) {
  SYSFD_REQUIRE_ROOT();
  sweep(tree);
}

TEST(SpawnSweep, IncludesEachStep) {
  for (int i = 0; i <= static_cast<int>(SpawnStep::wait); ++i) {
    const auto step = static_cast<SpawnStep>(i);
    EXPECT_EQ(std::ranges::count(faults(), step, &Fault::step) > 0, makes_a_call(step))
        << SpawnError{step, {}, -1, ""}.describe();
  }
}

// This is the last call before the program: the parent makes it too, and then cannot restore its
// own mask.
TEST(SpawnSweepOfTheMask, NamesTheStepAsWell) {
  SYSFD_REQUIRE_NO_CLANG_SANITIZER();  // its threads make that call too
  Command command("/bin/true");
  const auto failure = attempt(command, {SYS_rt_sigprocmask, EINVAL, Match{2, 0}}).error;
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->step, SpawnStep::signals);
  EXPECT_EQ(failure->code.value(), EINVAL);
  expect_start(command);
}

// The child can go on without this.
TEST(SpawnSweep, GoesOnWithoutTheIdentityOfAListeningChild) {
  SYSFD_REQUIRE_ROOT();
  for (const int call : {SYS_pidfd_open, SYS_fstatfs, SYS_fstat, SYS_ppoll})
    for (const int error : {ENOSYS, EPERM, EACCES}) {
      const EveryStep all;
      Command command = all.attributes();
      const auto failure = attempt(command, {call, error}).error;
      EXPECT_FALSE(failure) << failure->describe();
    }
}

}  // namespace
}  // namespace sysfd_test
