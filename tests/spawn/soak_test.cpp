// SPDX-License-Identifier: MIT
//
// Eight threads start children of all kinds, wait for them, signal them and drop them, while timers
// interrupt them, and another thread forks. The accounts must be right: as many statuses as
// children, no other descriptor, no child, no more memory.
//
// SYSFD_SOAK_SECONDS: for so long, instead of a few rounds.
#include <malloc.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <sysfd/command.hpp>
#include <sysfd/containment.hpp>
#include <sysfd/create.hpp>
#include <sysfd/pending_child.hpp>
#include <sysfd/pidfd.hpp>
#include <sysfd/pipeline.hpp>
#include <sysfd/prepared_command.hpp>

#include "support/prelude.hpp"

#include "support/sanitizers.hpp"

namespace sysfd_test {
namespace {

using Clock = std::chrono::steady_clock;

struct Accounts {
  std::atomic<long> started = 0, ended = 0, interruptions = 0, forks = 0;
  std::atomic<long> killed = 0;  // without a status for who started them
};
Accounts accounts;

Command exiting(int code) {
  return Command("/bin/sh").args({"-c", "exit " + std::to_string(code)});
}
Command waiting() {
  return Command("/bin/sleep").arg("1000");
}

void expect_code(const Result<ExitStatus>& status, int code) {
  ++accounts.ended;
  ASSERT_TRUE(status) << status.error().message();
  EXPECT_EQ(status->code(), code);
}
void expect_signal(const Result<ExitStatus>& status, int signo) {
  ++accounts.ended;
  ASSERT_TRUE(status) << status.error().message();
  EXPECT_EQ(status->signal(), signo);
}
template <class T, class E>
T started(Result<T, E>&& result) {
  T it = must(std::move(result));
  ++accounts.started;
  return it;
}

// One child, or a few. `code` is what it exits with: no other thread has the same at this moment.
using Round = void (*)(int code, const PreparedCommand& prepared);
constexpr Round rounds[] = {
    [](int code, const PreparedCommand&) {
      ++accounts.started;
      const auto status = must(exiting(code).status());
      expect_code(status, code);
    },
    [](int code, const PreparedCommand&) {
      Child child = started(exiting(code).spawn());
      expect_code(child.wait(), code);
    },
    [](int, const PreparedCommand&) {
      Child child = started(waiting().spawn());
      EXPECT_TRUE(child.pidfd().send_signal(SIGTERM));
      expect_signal(child.wait(), SIGTERM);
    },
    [](int, const PreparedCommand&) {
      {
        const Child dropped = started(waiting().spawn());
      }
      ++accounts.killed;
    },
    [](int, const PreparedCommand&) {
      ++accounts.started;
      const Output output = must(waiting().output({.timeout = 1ms}));
      EXPECT_TRUE(output.timed_out);
      expect_signal(output.status, SIGKILL);
    },
    [](int code, const PreparedCommand&) {
      PendingChild pending = must(exiting(code).spawn_async());
      Child child = started(std::move(pending).finish());
      expect_code(child.wait(), code);
    },
    [](int, const PreparedCommand&) {
      ++accounts.started;
      PendingChild pending = must(waiting().spawn_async());
      pending.cancel();
      ++accounts.killed;
    },
    [](int code, const PreparedCommand&) {
      accounts.started += 2;
      const std::string text = std::to_string(code);
      const auto output = must((Command("/bin/echo").arg(text) | Command("/bin/cat")).output());
      EXPECT_EQ(output.out, text + '\n');
      for (const auto& status : output.statuses)
        expect_code(status, 0);
    },
    [](int code, const PreparedCommand& prepared) {
      const std::string line = "exit " + std::to_string(code);
      const std::array<CStr, 2> arguments{"-c", line};
      Child child = started(prepared.spawn({.arguments = arguments}));
      expect_code(child.wait(), code);
    },
    [](int code, const PreparedCommand&) {
      Child waits = started(waiting().spawn());
      Child exits = started(exiting(code).spawn());
      const std::array<const PidFd*, 2> both{&waits.pidfd(), &exits.pidfd()};
      EXPECT_EQ(must(wait_any(both)), 1U);
      expect_code(exits.wait(), code);
      expect_signal(waits.terminate(Timeout::forever()), SIGTERM);
    },
    [](int code, const PreparedCommand&) {
      Child child = started(exiting(code).contain({.reach = Reach::best_effort}).spawn());
      expect_code(child.wait(), code);
    },
};

// Runs until all threads have done `count` rounds, or until `end`.
void run_threads(const PreparedCommand& prepared, int count, Clock::time_point end) {
  constexpr int thread_count = 8;
  std::vector<std::jthread> threads;
  for (int number = 0; number < thread_count; ++number)
    threads.emplace_back([=, &prepared] {
      for (int round = 0; round < count || Clock::now() < end; ++round) {
        if (testing::Test::HasFailure()) return;
        const int code = number * 32 + round % 32;
        rounds[static_cast<std::size_t>(number + round) % std::size(rounds)](code, prepared);
      }
    });
}

// A process may be forked at any moment by those who know nothing of this library. The copy can
// start children, too.
void fork_meanwhile(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto status = Command("/bin/true").status();
      ::_exit(status && status->code() == 0 ? 0 : 1);
    }
    ASSERT_GT(child, 0);
    int status = -1;
    while (::waitpid(child, &status, 0) < 0)
      ASSERT_EQ(errno, EINTR);
    ASSERT_EQ(status, 0) << "the copy could not start a child";
    ++accounts.forks;
  }
}

// Stacks of children are mappings of their own.
long count_mappings() {
  std::ifstream maps("/proc/self/maps");
  return std::count(std::istreambuf_iterator<char>(maps), {}, '\n');
}

TEST(Soak, HasRightAccounts) {
  SYSFD_REQUIRE_ISOLATION();
  const char* const seconds = std::getenv("SYSFD_SOAK_SECONDS");
  const int count = seconds ? 0 : fewer_if_sanitized(22, 4);
  run_apart([&] {
    struct sigaction action = {};
    action.sa_handler = [](int) { ++accounts.interruptions; };
    ASSERT_EQ(::sigaction(SIGALRM, &action, nullptr), 0);
    const itimerval often{.it_interval = {.tv_sec = 0, .tv_usec = 500},
                          .it_value = {.tv_sec = 0, .tv_usec = 500}};
    ASSERT_EQ(::setitimer(ITIMER_REAL, &often, nullptr), 0);
    {
      const PreparedCommand prepared = must(Command("/bin/sh").prepare());
      run_threads(prepared, static_cast<int>(std::size(rounds)), {});  // everything exists now
      const auto descriptors = open_descriptors();
      const auto memory = ::mallinfo2().uordblks;
      const long mappings = count_mappings();
      {
        const std::jthread forks(fork_meanwhile);
        run_threads(prepared, count,
                    Clock::now() + std::chrono::seconds(std::atoi(seconds ? seconds : "0")));
      }
      EXPECT_EQ(open_descriptors(), descriptors);
      EXPECT_LT(::mallinfo2().uordblks, memory + 65'536);
      EXPECT_LT(count_mappings(), mappings + 32) << "but for stacks and heaps of threads";
    }
    EXPECT_EQ(accounts.started, accounts.ended + accounts.killed);
    EXPECT_GT(accounts.interruptions, 0);
    EXPECT_GT(accounts.forks, 0);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG | __WALL), -1) << "a child was left";
    EXPECT_EQ(errno, ECHILD);
    if (seconds)
      std::printf("%ld children, %ld interruptions, %ld forks\n", accounts.started.load(),
                  accounts.interruptions.load(), accounts.forks.load());
  });
}

}  // namespace
}  // namespace sysfd_test
