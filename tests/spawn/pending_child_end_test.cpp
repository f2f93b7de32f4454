// SPDX-License-Identifier: MIT
//
// Tests how a PendingChild settles: through a descriptor, a cancel or another process; and that the
// parent keeps its own state meanwhile.
#include <sysfd/pending_child.hpp>

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>
#include <sysfd/prepared_command.hpp>
#include <sysfd/spawn_all.hpp>

#include "support/prelude.hpp"

#include "in_child/child_args.hpp"
#include "spawn/inspect.hpp"
#include "spawn/pending.hpp"
#include "spawn/talk.hpp"
#include "support/refuse_calls.hpp"
#include "support/sanitizers.hpp"
#include "support/scratch_directory.hpp"
#include "support/stopped_calls.hpp"

namespace sysfd_test {
namespace {

TEST(PendingChildDescriptor, IsHungUpWhenTheProgramExecutes) {
  auto pending = start(Command("/bin/true"), Confirmation::by_descriptor);
  pollfd entry{pending.fd().get(), POLLIN, 0};
  ASSERT_EQ(::poll(&entry, 1, -1), 1);
  EXPECT_EQ(entry.revents, POLLHUP);
  auto child = pending.try_finish();
  ASSERT_TRUE(child) << "a descriptor that was hung up means that it is settled";
  expect_success(*std::move(child));
}

TEST(PendingChildDescriptor, IsHungUpWhenItCannotBeStarted) {
  auto pending = start(Command("/no/such"), Confirmation::by_descriptor);
  pollfd entry{pending.fd().get(), POLLIN, 0};
  ASSERT_EQ(::poll(&entry, 1, -1), 1);
  const auto child = pending.try_finish();
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error().code, std::errc::no_such_file_or_directory);
}

// The plan for one child is also right for the next, except for the pipe.
TEST(PendingChildDescriptor, IsThereForEachOfAPreparedCommand) {
  const auto prepared = must(Command("/bin/true").prepare());
  for (int i = 0; i < 3; ++i) {
    expect_success(must(prepared.spawn()));
    auto pending = must(prepared.spawn_async({}, Confirmation::by_descriptor));
    pollfd entry{pending.fd().get(), POLLIN, 0};
    ASSERT_EQ(::poll(&entry, 1, -1), 1);
    EXPECT_EQ(entry.revents, POLLHUP);
    expect_success(must(pending.finish()));
    expect_success(must(must(prepared.spawn_async()).finish()));
  }
}

TEST(PendingChildDescriptor, IsNotInTheChild) {
  Inspection inspection;
  expect_success(must(start(std::move(inspection.command), Confirmation::by_descriptor).finish()));
  EXPECT_EQ(inspection.read().descriptors.size(), 3U);
}

// A child is killed while it is stopped at one of these calls: before it has its own table; and
// just before it executes.
constexpr int stages[] = {SYS_close_range, SYS_execve};

TEST(PendingChildCancel, LeavesNothingWhereverTheChildIs) {
  SYSFD_REQUIRE_ISOLATION();
  for (const int call : stages)
    for (const auto confirmation : confirmations)
      run_apart([=] {
        StoppedCalls stopped(call);
        const auto before = open_descriptors();
        auto pending = start(Command("/bin/true").stdout_to(Stdio::pipe()), confirmation);
        stopped.await();
        pending.cancel();
        EXPECT_EQ(open_descriptors(), before);
        expect_no_child_left();
      });
}

TEST(PendingChildCancel, EndsTheProgramTooIfItRuns) {
  SYSFD_REQUIRE_ISOLATION();
  const Rope rope;
  Witness witness;
  Command command("/bin/cat");
  command.stdin_from(rope.end());
  witness.go_with(command, 9);
  auto pending = start(std::move(command), Confirmation::by_descriptor);
  pollfd entry{pending.fd().get(), POLLIN, 0};
  ASSERT_EQ(::poll(&entry, 1, -1), 1);  // it is executing the program
  pending.cancel();
  EXPECT_TRUE(witness.is_alone());
  expect_no_child_left();
}

TEST(PendingChildCancel, IsNoErrorAfterItHasFailed) {
  auto pending = start(Command("/no/such"), Confirmation::by_descriptor);
  pollfd entry{pending.fd().get(), POLLIN, 0};
  ASSERT_EQ(::poll(&entry, 1, -1), 1);
  pending.cancel();
  expect_no_child_left();
}

TEST(PendingChildDrop, CancelsUnlessTheCommandSaysOtherwise) {
  SYSFD_REQUIRE_ISOLATION();
  for (const int call : stages)
    run_apart([=] {
      StoppedCalls stopped(call);
      {
        const auto pending = start(Command("/bin/true"));
        stopped.await();
      }
      expect_no_child_left();
    });
}

TEST(PendingChildDrop, WaitsWithAPolicyThatLetsItLive) {
  SYSFD_REQUIRE_ISOLATION();
  run_apart([] {
    StoppedCalls execve(SYS_execve);
    const OwnedFd file = some_file();
    std::jthread releaser;
    {
      const auto pending = start(shell("echo done").stdout_to(file).on_drop(DropPolicy::wait));
      execve.await();
      releaser = std::jthread([&] { execve.let_go(); });
    }
    EXPECT_EQ(::lseek(file.get(), 0, SEEK_END), 5);
    expect_no_child_left();
  });
}

TEST(PendingChildDrop, AsksToEndWithAPolicyThatDoes) {
  SYSFD_REQUIRE_ISOLATION();
  for (const bool in_time : {true, false})
    run_apart([in_time] {
      StoppedCalls execve(SYS_execve);
      const OwnedFd file = some_file();
      std::jthread releaser;
      {
        const auto pending = start(shell("trap 'echo asked; exit' TERM; kill -TERM $$")
                                       .stdout_to(file)
                                       .on_drop(DropPolicy::terminate, in_time ? 1h : 0s));
        execve.await();
        if (in_time) releaser = std::jthread([&] { execve.let_go(); });
      }
      EXPECT_TRUE(in_time || ::lseek(file.get(), 0, SEEK_END) == 0) << "it was killed";
      expect_no_child_left();
    });
}

TEST(PendingChildDrop, OfOneThatIsAssignedToCancelsIt) {
  SYSFD_REQUIRE_ISOLATION();
  run_apart([] {
    StoppedCalls execve(SYS_execve);
    auto pending = start(Command("/bin/true"));
    execve.await();
    auto other = start(Command("/bin/true"));
    const pid_t number = other.pid();
    pending = std::move(other);
    EXPECT_EQ(pending.pid(), number);
    execve.await();
    execve.let_go();
    expect_success(must(pending.finish()));
    expect_no_child_left();
  });
}

TEST(PendingChild, ThatIsKilledOnItsWayIsAnError) {
  SYSFD_REQUIRE_ISOLATION();
  run_apart([] {
    StoppedCalls first_call(SYS_close_range);
    auto pending = start(Command("/bin/true"));
    first_call.await();
    ASSERT_GT(pending.pid(), 1);
    ASSERT_EQ(::kill(pending.pid(), SIGKILL), 0);
    const SpawnError error = error_of(std::move(pending));
    EXPECT_EQ(error.step, SpawnStep::start);
    EXPECT_EQ(error.code, std::errc::operation_canceled);
    expect_no_child_left();
  });
}

TEST(PendingChild, LeavesTheSignalMaskAlone) {
  SYSFD_REQUIRE_ISOLATION();
  run_apart([] {
    StoppedCalls execve(SYS_execve);
    sigset_t before;
    sigset_t during;
    ::pthread_sigmask(SIG_BLOCK, nullptr, &before);
    auto pending = start(Command("/bin/true"));
    ::pthread_sigmask(SIG_BLOCK, nullptr, &during);
    for (int signo = 1; signo <= SIGRTMAX; ++signo)
      EXPECT_EQ(::sigismember(&before, signo), ::sigismember(&during, signo));
    execve.await();
    execve.let_go();
    expect_success(must(pending.finish()));
  });
}

std::atomic<int> handled_elsewhere = 0;
pid_t own_number = 0;

// The child shares this memory, and must not run the handlers of this process in it.
TEST(PendingChild, RunsNoHandlerOfItsParentInAStorm) {
  SYSFD_REQUIRE_ISOLATION();
  run_apart([] {
    own_number = ::getpid();
    ::setpgid(0, 0);
    struct sigaction action = {};
    action.sa_handler = [](int) {
      if (::syscall(SYS_getpid) != own_number) ++handled_elsewhere;
    };
    action.sa_flags = SA_RESTART;
    ::sigaction(SIGUSR1, &action, nullptr);
    std::atomic<bool> over = false;
    std::jthread storm([&] {
      while (!over)
        ::kill(0, SIGUSR1);  // this group: the process and its children
    });
    const auto prepared = must(Command("/bin/true").signals({.ignored = {SIGUSR1}}).prepare());
    for (int i = 0; i < 200; ++i) {
      auto pending = must(prepared.spawn_async());
      expect_success(must(pending.finish()));
    }
    over = true;
    EXPECT_EQ(handled_elsewhere, 0);
  });
}

std::string own_oom_score_adjust() {
  std::string text;
  std::getline(std::ifstream("/proc/self/oom_score_adj"), text);
  return text;
}

// For the kernel, this value is the same for all processes that share memory.
TEST(PendingChild, LeavesTheOomScoreOfItsParentAlone) {
  run_apart([] {
    const std::string before = own_oom_score_adjust();
    ASSERT_NE(before, "321");
    const Resources resources{.oom_score_adjust = 321};
    const auto command = [&](const OwnedFd& out) {
      return Command("/bin/cat")
          .arg("/proc/self/oom_score_adj")
          .stdout_to(out)
          .resources(resources);
    };
    const OwnedFd file = some_file();
    for (const auto confirmation : confirmations)
      expect_success(must(start(command(file), confirmation).finish()));
    Command commands[] = {command(file), Command("/bin/true")};
    for (auto& child : spawn_all(commands))
      expect_success(must(std::move(child)));
    EXPECT_EQ(own_oom_score_adjust(), before);
    EXPECT_EQ(::lseek(file.get(), 0, SEEK_END), 12);  // "321\n" by each
  });
}

TEST(PendingChild, OfLessPowerLeavesTheParentDumpable) {
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ISOLATION();
  run_apart([] {
    ::prctl(PR_SET_DUMPABLE, 1);
    StoppedCalls execve(SYS_execve);
    auto pending = start(Command("/bin/true").identity({.user = 65534, .group = 65534}));
    execve.await();
    EXPECT_EQ(::prctl(PR_GET_DUMPABLE), 0)
        << "a process with its privileges must not access this process";
    execve.let_go();
    auto child = must(pending.finish());
    EXPECT_EQ(::prctl(PR_GET_DUMPABLE), 1);
    expect_success(std::move(child));
  });
}

TEST(PendingChild, MapsTheIdsOfAUserNamespace) {
  SYSFD_REQUIRE_ROOT();
  Inspection inspection;
  inspection.command.namespaces({.create = Namespace::user,
                                 .user_map = {{.inside = 0, .outside = 0, .count = 10}},
                                 .group_map = {{.inside = 0, .outside = 0, .count = 10}}});
  expect_success(must(start(std::move(inspection.command)).finish()));
}

// For the kernel, the parent is a thread.
TEST(PendingChild, MapsIdsAlsoWhenTheThreadThatStartedItHasEnded) {
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ISOLATION();
  run_apart([] {
    // Only the child's: the start of a static program makes this call, too, with another size.
    StoppedCalls before_the_maps(SYS_readlinkat,
                                 RefusedCall::Match{3, sizeof detail::IdMaps::process - 1});
    std::optional<PendingChild> pending;
    std::jthread([&] {
      Command command("/bin/true");
      command.namespaces(
          {.create = Namespace::user, .user_map = {{.inside = 0, .outside = 0, .count = 10}}});
      pending = start(std::move(command));
      before_the_maps.await();
    }).join();
    before_the_maps.let_go();
    auto child = pending->finish();
    ASSERT_TRUE(child) << child.error().describe();
    expect_success(*std::move(child));
  });
}

// A filter may fail in the same way as an emulator.
TEST(PendingChild, StartsWhereAFilterRefusesWhatEmulatorsLack) {
  run_apart([] {
    refuse_calls({{SYS_pidfd_send_signal, EPERM}, {SYS_clone3, ENOSYS}});
    auto pending = Command("/bin/true").spawn_async();
    ASSERT_TRUE(pending) << pending.error().describe();
    expect_success(must(pending->finish()));
  });
}

TEST(PendingChildInAnEmulator, DISABLED_IsRefused) {
  const auto pending = Command("/bin/true").spawn_async();
  ASSERT_FALSE(pending);
  EXPECT_EQ(pending.error().step, SpawnStep::start);
  EXPECT_EQ(pending.error().code, std::errc::function_not_supported);
  Command command("/bin/true");
  const auto children = spawn_all({&command, 1});
  ASSERT_FALSE(children.front());
  EXPECT_EQ(children.front().error().describe(), pending.error().describe());
}

TEST(PendingChildInAnEmulator, IsRefused) {
  if (is_sanitized) GTEST_SKIP() << "needs to be without sanitizers, which valgrind cannot run";
  if (::access("/usr/bin/valgrind", X_OK) != 0) GTEST_SKIP() << "there is no valgrind";
  auto child = must(Command("/usr/bin/valgrind")
                        .args({"--tool=none", "-q", std::filesystem::read_symlink("/proc/self/exe"),
                               "--gtest_filter=PendingChildInAnEmulator.DISABLED_IsRefused",
                               "--gtest_also_run_disabled_tests"})
                        .stdout_to(Stdio::pipe())
                        .stderr_to(Stdio::like_stdout())
                        .spawn());
  const auto output = must(child.communicate());
  EXPECT_TRUE(output.status->success()) << output.out;
  EXPECT_TRUE(output.out.contains("1 test from")) << output.out;
}

TEST(PendingChildDeathTest, ThatWasFinishedStopsTheProgram) {
  auto pending = start(Command("/bin/true"));
  expect_success(must(pending.finish()));
  constexpr const char* message =
      "sysfd: use of a PendingChild that was finished, canceled or moved from";
  EXPECT_DEATH((void)pending.finish(), message);
  EXPECT_DEATH(pending.cancel(), message);
  EXPECT_DEATH((void)pending.pid(), message);
}

TEST(PendingChildDeathTest, HasNoDescriptorThatWasNotAskedFor) {
  auto pending = start(Command("/bin/true"));
  EXPECT_DEATH((void)pending.fd(), "sysfd: PendingChild::fd\\(\\) without Confirmation");
}

}  // namespace
}  // namespace sysfd_test
