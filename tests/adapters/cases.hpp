// SPDX-License-Identifier: MIT
//
// The cases that every adapter passes. A test file of an adapter defines a driver (driver.hpp) and
// instantiates them.
#ifndef SYSFD_TESTS_ADAPTERS_CASES_HPP
#define SYSFD_TESTS_ADAPTERS_CASES_HPP

#include <poll.h>
#include <sys/syscall.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>
#include <sysfd/pending_child.hpp>

#include "support/prelude.hpp"

#include "adapters/driver.hpp"
#include "support/stopped_calls.hpp"

namespace sysfd_test {

inline Child shell(const std::string& script) {
  return must(Command::shell(script).spawn());
}

// Reads its stdin to the end, which its pipe's owner decides: until then it runs.
struct Held {
  Child child;
  OwnedFd input;
  void let_go() { (void)std::move(input).close(); }
};

inline Held held(int code = 7) {
  Child child = must(
      Command::shell("read line; exit " + std::to_string(code)).stdin_from(Stdio::pipe()).spawn());
  OwnedFd input = *std::move(child.stdin_pipe());
  child.stdin_pipe().reset();
  return {std::move(child), std::move(input)};
}

template <class T>
T must(std::optional<T> value) {
  if (!value) std::abort();
  return *std::move(value);
}

inline PendingChild pending(Command command) {
  return must(std::move(command).spawn_async(Confirmation::by_descriptor));
}

// A set that has a size counts a watch as long as it has a descriptor or a timer.
template <class Set>
void expect_counted(Set& set) {
  struct Nobody : detail::Watcher {
    void on_ready() noexcept override {}
    void on_timer() noexcept override {}
    void on_failure(std::error_code) noexcept override {}
  } nobody;
  const OwnedFd fd = must(event_fd(0));
  typename detail::WatchOf<Set>::type watch(set, nobody);
  EXPECT_EQ(set.size(), 0u);
  EXPECT_TRUE(watch.watch(fd, detail::Awaited::start));
  EXPECT_EQ(set.size(), 1u);
  EXPECT_TRUE(watch.set_timer(1h));
  EXPECT_EQ(set.size(), 1u);
  watch.unwatch();
  EXPECT_EQ(set.size(), 1u);
  watch.clear_timer();
  EXPECT_EQ(set.size(), 0u);
}

template <class Driver>
class Await : public testing::Test {
 protected:
  void SetUp() override {
    SYSFD_REQUIRE_ISOLATION();
    if (const auto missing = Driver::missing(); !missing.empty()) GTEST_SKIP() << missing;
  }

  // Made by the first use: a loop does not survive fork(2).
  Driver& driver() {
    if (!driver_) {
      driver_ = std::make_unique<Driver>();
      unused_ = driver_->registered();
    }
    return *driver_;
  }

  template <class Outcome>
  Outcome finish(std::unique_ptr<Running<Outcome>> running) {
    while (!running->outcome)
      driver().turn();
    EXPECT_EQ(running->calls, 1);
    return *std::move(running->outcome);
  }
  AwaitedEnd await(Child child, Timeout timeout = Timeout::forever()) {
    return finish(driver().end(std::move(child), timeout));
  }
  AwaitedStart await(PendingChild pending, Timeout timeout = Timeout::forever()) {
    return finish(driver().start(std::move(pending), timeout));
  }

  std::size_t registered() { return driver().registered() - unused_; }
  void end_loop() { driver_.reset(); }

 private:
  std::unique_ptr<Driver> driver_;
  std::size_t unused_ = 0;  // what the loop itself has registered
};

TYPED_TEST_SUITE_P(Await);

TYPED_TEST_P(Await, TellsTheExitCode) {
  const auto end = this->await(shell("exit 3"));
  EXPECT_EQ(end.status->code(), 3);
  EXPECT_TRUE(end.child.ending().has_value());
}

TYPED_TEST_P(Await, TellsTheSignal) {
  const auto end = this->await(shell("kill -KILL $$"));
  EXPECT_EQ(end.status->signal(), SIGKILL);
}

TYPED_TEST_P(Await, FindsAChildThatHasEndedBefore) {
  Child child = shell("exit 4");
  pollfd entry{child.fd().get(), POLLIN, 0};
  ASSERT_EQ(::poll(&entry, 1, -1), 1);
  EXPECT_EQ(this->await(std::move(child)).status->code(), 4);
}

TYPED_TEST_P(Await, FindsAChildThatWasReapedBefore) {
  Child child = shell("exit 5");
  ASSERT_TRUE(child.wait());
  EXPECT_EQ(this->await(std::move(child)).status->code(), 5);
}

TYPED_TEST_P(Await, GivesTheChildBackAtTheTimeout) {
  Held one = held();
  auto late = this->await(std::move(one.child), 5ms);
  EXPECT_EQ(error_of(late.status), std::errc::timed_out);
  EXPECT_EQ(this->registered(), 0u);
  auto at_once = this->await(std::move(late.child), 0ms);
  EXPECT_EQ(error_of(at_once.status), std::errc::timed_out);
  one.let_go();
  EXPECT_EQ(this->await(std::move(at_once.child), 1h).status->code(), 7);
}

TYPED_TEST_P(Await, PrefersTheEndToATimeoutOfZero) {
  Child child = shell("exit 6");
  ASSERT_TRUE(child.wait());
  EXPECT_EQ(this->await(std::move(child), 0ms).status->code(), 6);
}

TYPED_TEST_P(Await, IsCanceledAndAwaitedAgain) {
  Held one = held();
  auto running = this->driver().end(std::move(one.child), 1h);
  EXPECT_FALSE(running->outcome);
  EXPECT_EQ(this->registered(), 1u);
  running->cancel();
  auto end = this->finish(std::move(running));
  EXPECT_EQ(error_of(end.status), std::errc::operation_canceled);
  EXPECT_EQ(this->registered(), 0u);
  one.let_go();
  EXPECT_EQ(this->await(std::move(end.child)).status->code(), 7);
}

TYPED_TEST_P(Await, ClosesTheInputThatNobodyTook) {
  Child child = must(Command("cat").stdin_from(Stdio::pipe()).stdout_to(Stdio::null()).spawn());
  EXPECT_TRUE(this->await(std::move(child)).status->success());
}

TYPED_TEST_P(Await, TakesANonBlockingPidFd) {
  Held one = held(8);
  ASSERT_TRUE(set_nonblocking(one.child.fd(), true));
  auto late = this->await(std::move(one.child), 1ms);
  EXPECT_EQ(error_of(late.status), std::errc::timed_out);
  one.let_go();
  EXPECT_EQ(this->await(std::move(late.child)).status->code(), 8);
}

TYPED_TEST_P(Await, LeavesAChildThatCanBeWaitedForWithoutTheLoop) {
  Held one = held(9);
  auto late = this->await(std::move(one.child), 1ms);
  EXPECT_EQ(error_of(late.child.try_wait()), std::errc::resource_unavailable_try_again);
  EXPECT_EQ(error_of(late.child.wait_for(1ms)), std::errc::timed_out);
  one.let_go();
  EXPECT_EQ(late.child.wait()->code(), 9);  // the loop may have made the pidfd non-blocking
}

TYPED_TEST_P(Await, DeregistersTheDescriptorAfterTheEnd) {
  (void)this->await(shell("exit 0"), 1h);  // what the loop opens for its first wait stays
  const auto before = open_descriptors();
  {
    auto end = this->await(shell("exit 0"));
    EXPECT_TRUE(end.status->success());
    EXPECT_EQ(this->registered(), 0u);
    EXPECT_TRUE(is_open(end.child.fd().get())) << "the loop closed a descriptor of another";
  }
  // The next child may get the number again.
  EXPECT_EQ(this->await(shell("exit 1")).status->code(), 1);
  EXPECT_EQ(this->registered(), 0u);
  EXPECT_EQ(open_descriptors(), before);
}

TYPED_TEST_P(Await, DropsTheChildOfAWaitThatIsDestroyed) {
  Held one = held();
  const pid_t pid = one.child.pid();
  auto running = this->driver().end(std::move(one.child), 1h);
  EXPECT_EQ(this->registered(), 1u);
  running.reset();
  EXPECT_EQ(this->registered(), 0u);
  EXPECT_EQ(::kill(pid, 0), -1) << "it was not killed and reaped";
  // The loop goes on.
  EXPECT_EQ(this->await(shell("exit 2")).status->code(), 2);
}

TYPED_TEST_P(Await, AwaitsAContainedChild) {
  auto child = Command::shell("exit 12").contain({}).spawn();
  if (!child) GTEST_SKIP() << child.error().describe();
  EXPECT_EQ(this->await(*std::move(child), 1h).status->code(), 12);
}

TYPED_TEST_P(Await, TellsThatAChildHasStarted) {
  auto start = this->await(pending(Command::shell("exit 10")), 1h);
  ASSERT_TRUE(start.child) << start.child.error().describe();
  EXPECT_FALSE(start.pending);
  EXPECT_EQ(this->registered(), 0u);
  EXPECT_EQ(this->await(*std::move(start.child)).status->code(), 10);
}

TYPED_TEST_P(Await, TellsWhyAChildHasNotStarted) {
  const auto start = this->await(pending(Command("/no/such/program")));
  ASSERT_FALSE(start.child);
  EXPECT_EQ(start.child.error().step, SpawnStep::exec);
  EXPECT_EQ(start.child.error().code, std::errc::no_such_file_or_directory);
  EXPECT_NE(start.child.error().describe().find("/no/such/program"), std::string::npos);
  EXPECT_FALSE(start.pending);
  EXPECT_EQ(this->registered(), 0u);
}

TYPED_TEST_P(Await, KeepsAStartThatIsNotSettled) {
  run_apart([this] {
    StoppedCalls execve(SYS_execve);
    PendingChild begun = pending(Command::shell("exit 11"));
    execve.await();
    auto late = this->await(std::move(begun), 1ms);
    EXPECT_EQ(late.child.error().step, SpawnStep::confirmation);
    EXPECT_EQ(late.child.error().code, std::errc::timed_out);
    auto running = this->driver().start(must(std::move(late.pending)), 1h);
    EXPECT_EQ(this->registered(), 1u);
    running->cancel();
    auto canceled = this->finish(std::move(running));
    EXPECT_EQ(canceled.child.error().code, std::errc::operation_canceled);
    EXPECT_EQ(this->registered(), 0u);
    execve.let_go();
    auto start = this->await(must(std::move(canceled.pending)), 1h);
    EXPECT_EQ(this->await(must(std::move(start.child))).status->code(), 11);
    this->end_loop();
  });
}

// Other threads start and reap children of their own meanwhile: no status is mixed up.
TYPED_TEST_P(Await, TellsEachStatusInAStorm) {
  constexpr int count = 200;
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0, others = 0;
  std::thread storm([&] {
    for (int i = 0; !stop; ++i, ++others)
      if (shell("exit " + std::to_string(i % 250)).wait()->code() != i % 250) ++wrong;
  });
  std::vector<std::unique_ptr<Running<AwaitedEnd>>> ends;
  std::vector<std::unique_ptr<Running<AwaitedStart>>> starts;
  for (int i = 0; i < count; ++i) {
    Command command = Command::shell("exit " + std::to_string(i % 250));
    if (i % 2)
      starts.push_back(this->driver().start(pending(std::move(command)), i % 4 == 1 ? 1h : 2h));
    else
      ends.push_back(this->driver().end(must(command.spawn()), i % 4 ? 1h : Timeout::forever()));
  }
  int number = 0;
  for (auto& end : ends) {
    EXPECT_EQ(this->finish(std::move(end)).status->code(), number % 250);
    number += 2;
  }
  number = 1;
  for (auto& begun : starts) {
    auto start = this->finish(std::move(begun));
    EXPECT_EQ(this->await(*std::move(start.child)).status->code(), number % 250);
    number += 2;
  }
  stop = true;
  storm.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(others, 0);
  EXPECT_EQ(this->registered(), 0u);
}

REGISTER_TYPED_TEST_SUITE_P(Await, TellsTheExitCode, TellsTheSignal, FindsAChildThatHasEndedBefore,
                            FindsAChildThatWasReapedBefore, GivesTheChildBackAtTheTimeout,
                            PrefersTheEndToATimeoutOfZero, IsCanceledAndAwaitedAgain,
                            ClosesTheInputThatNobodyTook, TakesANonBlockingPidFd,
                            LeavesAChildThatCanBeWaitedForWithoutTheLoop,
                            DeregistersTheDescriptorAfterTheEnd,
                            DropsTheChildOfAWaitThatIsDestroyed, AwaitsAContainedChild,
                            TellsThatAChildHasStarted, TellsWhyAChildHasNotStarted,
                            KeepsAStartThatIsNotSettled, TellsEachStatusInAStorm);

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_ADAPTERS_CASES_HPP
