// SPDX-License-Identifier: MIT
//
// Tests the signals of a child at its start, and that no handler of the parent ever runs in it.
#include <sysfd/command.hpp>

#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <new>
#include <thread>
#include <vector>

#include "support/prelude.hpp"

#include "spawn/inspect.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

constexpr std::uint64_t bit(int signo) {
  return std::uint64_t{1} << (signo - 1);
}

void do_nothing(int) {}

void expect_default_signals() {
  run_apart([] {
    ::signal(SIGUSR1, &do_nothing);
    ::signal(SIGRTMAX, &do_nothing);
    ::signal(SIGUSR2, SIG_IGN);
    ::signal(SIGPIPE, SIG_IGN);
    sigset_t blocked;
    ::sigemptyset(&blocked);
    ::sigaddset(&blocked, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &blocked, nullptr);
    const Report report = inspect([](Command&) {});
    EXPECT_EQ(report.signals_blocked, 0U);
    EXPECT_EQ(report.signals_caught & (bit(SIGUSR1) | bit(SIGRTMAX)), 0U);
    EXPECT_EQ(report.signals_ignored & bit(SIGUSR2), bit(SIGUSR2)) << "ignored stays ignored";
    EXPECT_EQ(report.signals_ignored & bit(SIGPIPE), 0U);

    struct sigaction action;
    ::sigaction(SIGUSR1, nullptr, &action);
    EXPECT_EQ(action.sa_handler, &do_nothing) << "the parent's handlers are the parent's";
    ::sigaction(SIGPIPE, nullptr, &action);
    EXPECT_EQ(action.sa_handler, SIG_IGN);
    sigset_t now;
    ::sigprocmask(SIG_BLOCK, nullptr, &now);
    EXPECT_EQ(::sigismember(&now, SIGTERM), 1);
    EXPECT_EQ(::sigismember(&now, SIGUSR1), 0);
  });
}

TEST(ChildSignals, StartEmptyDefaultAndWithWhatWasIgnored) {
  expect_default_signals();
}

TEST(ChildSignals, StartTheSameWhereOnlyCloneIsAllowed) {
  run_apart([] {
    refuse_calls({{SYS_clone3, EPERM}});
    expect_default_signals();
  });
}

// Is in memory that every process here shares, however it was made.
struct Counts {
  std::atomic<int> sent;  // real-time signals, which are queued: none is lost
  std::atomic<int> handled_here;
  std::atomic<int> handled_elsewhere;
  std::atomic<int> starts;
};
Counts* counts = nullptr;
std::atomic<pid_t> parent;

void count(int) {
  ++(static_cast<pid_t>(::syscall(SYS_getpid)) == parent ? counts->handled_here
                                                         : counts->handled_elsewhere);
}

void set_all_blocked(bool blocked) {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(blocked ? SIG_BLOCK : SIG_UNBLOCK, &all, nullptr);
}

// Sends signals to the whole group until it is killed, but never so many at a time that nothing
// else could run.
[[noreturn]] void send_signals() {
  constexpr int in_flight = 64,
                for_each_start = 1000;  // a slow machine does nothing else otherwise
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (const int signo : {SIGUSR1, SIGRTMIN, SIGRTMAX})
    ::signal(signo, SIG_IGN);
  set_all_blocked(false);
  for (long i = 0; i < 100'000'000; ++i) {
    const int sent = counts->sent;
    if (sent - counts->handled_here > in_flight || sent > (counts->starts + 1) * for_each_start) {
      ::sched_yield();
      continue;
    }
    ++counts->sent;
    if (::kill(0, i % 2 == 0 ? SIGRTMIN : SIGRTMAX) != 0) --counts->sent;
    if (i % 16 == 0) ::kill(0, SIGUSR1);
  }
  ::_exit(0);
}

// Starts children of all kinds. The storm also hits them, and decides how they end.
void spawn_in_storm(int rounds, bool changes_identity) {
  for (int round = 0; round < rounds; ++round) {
    const auto child = Command("/bin/true").spawn();
    EXPECT_TRUE(child) << child.error().describe();
    ++counts->starts;
    if (changes_identity) {
      const auto other = Command("/bin/true").identity({.user = 65534, .group = 65534}).spawn();
      EXPECT_TRUE(other) << other.error().describe();
    }
    const auto output = Command("/bin/echo").arg("text").output();
    EXPECT_TRUE(output) << output.error().describe();
    if (output) {
      EXPECT_TRUE(output->status) << output->status.error().message();
    }
    ++counts->starts;
  }
}

// Call this inside run_apart().
void expect_no_handler_in_a_child_in_a_storm() {
  ASSERT_EQ(::setpgid(0, 0), 0);  // our own group: this process, its children, and the storm
  void* page =
      ::mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(page, MAP_FAILED);
  counts = new (page) Counts{};
  parent = ::getpid();
  struct sigaction action = {};
  action.sa_handler = &count;
  action.sa_flags = SA_RESTART;
  for (const int signo : {SIGUSR1, SIGRTMIN, SIGRTMAX})
    ASSERT_EQ(::sigaction(signo, &action, nullptr), 0);

  std::vector<pid_t> storm;
  set_all_blocked(true);  // until a sender ignores the signals of the others
  for (int sender = 0; sender < 3; ++sender) {
    const pid_t pid = ::fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) send_signals();
    storm.push_back(pid);
  }
  set_all_blocked(false);
  {
    const bool by_root = is_root();
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] { spawn_in_storm(30, by_root); });
    set_all_blocked(true);  // only here: the signals are for the threads that spawn
  }
  for (const pid_t pid : storm) {
    ASSERT_GT(pid, 1);
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  EXPECT_GT(counts->handled_here, 100) << "there was no storm";
  EXPECT_EQ(counts->handled_elsewhere, 0);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG | __WALL), -1) << "a child was left";
}

TEST(ChildSignals, NeverRunAHandlerOfTheParentInAStorm) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_EVERY_SIGNAL();
  run_apart(expect_no_handler_in_a_child_in_a_storm);
}

TEST(ChildSignals, NeverRunAHandlerOfTheParentInAStormWhereOnlyCloneIsAllowed) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_EVERY_SIGNAL();
  run_apart([] {
    refuse_calls({{SYS_clone3, ENOSYS}});
    expect_no_handler_in_a_child_in_a_storm();
  });
}

}  // namespace
}  // namespace sysfd_test
