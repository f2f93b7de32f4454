// SPDX-License-Identifier: MIT
//
// Tests what all adapters share, in a loop whose events the test makes: events that come for
// nothing or too early, and registrations that fail.
#include <sysfd/adapters/await.hpp>

#include <poll.h>

#include <chrono>
#include <optional>
#include <utility>

#include "support/prelude.hpp"

#include "adapters/cases.hpp"

namespace sysfd_test {
namespace {

struct ManualLoop {
  detail::Watcher* watcher = nullptr;
  std::optional<int> watched;
  std::optional<std::chrono::nanoseconds> timer;
  int watch_error = 0, timer_error = 0;
};

}  // namespace
}  // namespace sysfd_test

template <>
struct sysfd::detail::WatchOf<sysfd_test::ManualLoop> {
  class type {
   public:
    type(sysfd_test::ManualLoop& loop, Watcher& watcher) : loop_(loop) { loop.watcher = &watcher; }
    Result<> watch(BorrowedFd fd, Awaited) noexcept {
      if (loop_.watch_error) return failure(loop_.watch_error);
      loop_.watched = fd.get();
      return {};
    }
    void unwatch() noexcept { loop_.watched.reset(); }
    Result<> set_timer(std::chrono::nanoseconds after) noexcept {
      if (loop_.timer_error) return failure(loop_.timer_error);
      loop_.timer = after;
      return {};
    }
    void clear_timer() noexcept { loop_.timer.reset(); }

   private:
    sysfd_test::ManualLoop& loop_;
  };
};

namespace sysfd_test {
namespace {

struct Outcome {
  int calls = 0;
  std::error_code error;
  std::optional<Child> child;
};

EndWait begin(ManualLoop& loop, Child child, Timeout timeout, Outcome& outcome) {
  return must(await_end(loop, std::move(child), timeout, [&](AwaitedEnd end) {
    EXPECT_FALSE(loop.watched);
    EXPECT_FALSE(loop.timer);
    ++outcome.calls;
    outcome.error = error_of(end.status);
    outcome.child.emplace(std::move(end.child));
  }));
}

void await_readable(int fd) {
  pollfd entry{fd, POLLIN, 0};
  EXPECT_EQ(::poll(&entry, 1, -1), 1);
}

TEST(AwaitingWait, GoesOnAfterAnEventThatCameForNothing) {
  SYSFD_REQUIRE_ISOLATION();
  ManualLoop loop;
  Held one = held();
  const int fd = one.child.fd().get();
  Outcome outcome;
  const auto wait = begin(loop, std::move(one.child), Timeout::forever(), outcome);
  EXPECT_EQ(loop.watched, fd);
  EXPECT_FALSE(loop.timer);
  loop.watcher->on_ready();
  EXPECT_EQ(loop.watched, fd) << "it is watched again at once";
  for (const auto pause : {1ms, 2ms, 4ms, 8ms, 16ms, 32ms, 64ms, 64ms}) {
    loop.watcher->on_ready();
    EXPECT_FALSE(loop.watched) << "a descriptor that stays readable would be reported all the time";
    ASSERT_TRUE(loop.timer);
    EXPECT_LE(*loop.timer, pause);
    while (!loop.watched)
      loop.watcher->on_timer();
    EXPECT_EQ(loop.watched, fd);
    EXPECT_FALSE(loop.timer);
  }
  EXPECT_EQ(outcome.calls, 0);
  one.let_go();
  await_readable(fd);
  loop.watcher->on_ready();
  EXPECT_EQ(outcome.calls, 1);
  EXPECT_EQ(outcome.error, std::error_code());
}

TEST(AwaitingWait, SetsATimerAgainThatCameTooEarly) {
  SYSFD_REQUIRE_ISOLATION();
  ManualLoop loop;
  Held one = held();
  Outcome outcome;
  const auto wait = begin(loop, std::move(one.child), 1h, outcome);
  EXPECT_EQ(loop.timer, 1h);
  loop.watcher->on_timer();
  EXPECT_TRUE(loop.watched);
  ASSERT_TRUE(loop.timer);
  EXPECT_LT(*loop.timer, 1h);
  EXPECT_EQ(outcome.calls, 0);
  loop.watcher->on_ready();
  loop.watcher->on_ready();
  EXPECT_LT(*loop.timer, 1s) << "it pauses";
  while (!loop.watched)
    loop.watcher->on_timer();
  ASSERT_TRUE(loop.timer);
  EXPECT_GT(*loop.timer, 1min) << "the timeout goes on";
}

TEST(AwaitingWait, EndsAtTheTimeoutDuringAPause) {
  SYSFD_REQUIRE_ISOLATION();
  ManualLoop loop;
  Held one = held();
  Outcome outcome;
  const auto wait = begin(loop, std::move(one.child), 1ns, outcome);
  loop.watcher->on_ready();
  loop.watcher->on_ready();
  while (outcome.calls == 0)
    loop.watcher->on_timer();
  EXPECT_EQ(outcome.calls, 1);
  EXPECT_EQ(outcome.error, std::errc::timed_out);
  EXPECT_FALSE(wait.is_waiting());
}

TEST(AwaitingWait, TakesAnEndThatIsFoundByTheTimer) {
  SYSFD_REQUIRE_ISOLATION();
  ManualLoop loop;
  Child child = shell("exit 0");
  await_readable(child.fd().get());
  Outcome outcome;
  const auto wait = begin(loop, std::move(child), 0ms, outcome);
  loop.watcher->on_timer();
  EXPECT_EQ(outcome.calls, 1);
  EXPECT_EQ(outcome.error, std::error_code());
}

TEST(AwaitingWait, GivesTheChildBackIfItCannotBeWatchedAgain) {
  SYSFD_REQUIRE_ISOLATION();
  ManualLoop loop;
  Held one = held();
  Outcome outcome;
  const auto wait = begin(loop, std::move(one.child), 1h, outcome);
  loop.watch_error = ENOSPC;
  loop.watcher->on_ready();
  EXPECT_EQ(outcome.error.value(), ENOSPC);
  one.let_go();
  EXPECT_EQ(outcome.child->wait()->code(), 7);
}

TEST(AwaitingWait, GivesTheChildBackIfTheTimerCannotBeSetAgain) {
  SYSFD_REQUIRE_ISOLATION();
  ManualLoop loop;
  Held one = held();
  Outcome outcome;
  const auto wait = begin(loop, std::move(one.child), 1h, outcome);
  loop.timer_error = ENOMEM;
  loop.watcher->on_timer();
  EXPECT_EQ(outcome.error.value(), ENOMEM);
  one.let_go();
  EXPECT_EQ(outcome.child->wait()->code(), 7);
}

TEST(AwaitingWait, ThatCannotBeginLeavesTheChildToTheCaller) {
  SYSFD_REQUIRE_ISOLATION();
  for (const bool by_timer : {false, true}) {
    ManualLoop loop;
    (by_timer ? loop.timer_error : loop.watch_error) = EMFILE;
    Held one = held();
    const auto wait = await_end(loop, std::move(one.child), 1h, [](AwaitedEnd) { ADD_FAILURE(); });
    EXPECT_EQ(error_of(wait).value(), EMFILE);
    EXPECT_FALSE(loop.watched);
    one.let_go();
    EXPECT_EQ(one.child.wait()->code(), 7);
  }
}

TEST(AwaitingWait, OfAStartThatCannotBeWatchedAgainGoesOn) {
  SYSFD_REQUIRE_ISOLATION();
  run_apart([] {
    ManualLoop loop;
    StoppedCalls execve(SYS_execve);
    PendingChild begun = pending(Command::shell("exit 1"));
    execve.await();
    std::optional<AwaitedStart> outcome;
    const auto wait = must(await_start(loop, std::move(begun), 1h, [&](AwaitedStart start) {
      outcome.emplace(std::move(start));
    }));
    loop.watch_error = ENOSPC;
    loop.watcher->on_ready();
    EXPECT_EQ(outcome->child.error().step, SpawnStep::confirmation);
    EXPECT_EQ(outcome->child.error().code.value(), ENOSPC);
    execve.let_go();
    EXPECT_EQ(must(outcome->pending->finish()).wait()->code(), 1);
  });
}

}  // namespace
}  // namespace sysfd_test
