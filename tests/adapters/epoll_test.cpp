// SPDX-License-Identifier: MIT
#include <sysfd/adapters/epoll.hpp>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <utility>

#include "support/prelude.hpp"

#include "adapters/cases.hpp"
#include "adapters/driver.hpp"

namespace sysfd_test {
namespace {

class EpollLoop {
 public:
  static std::string missing() { return {}; }
  EpollSet& loop() { return set_; }
  void turn() { EXPECT_TRUE(set_.dispatch(Timeout::forever())); }
  // Its timer stays registered.
  std::size_t registered() {
    EXPECT_LE(registered_in(set_.fd()).size(), set_.size() + 1);
    return set_.size();
  }

 private:
  EpollSet set_ = must(EpollSet::make());
};

INSTANTIATE_TYPED_TEST_SUITE_P(Epoll, Await, CallbackDriver<EpollLoop>);

bool is_readable(BorrowedFd fd) {
  pollfd entry{fd.get(), POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1;
}

TEST(EpollSet, IsReadableWhenAChildHasEnded) {
  auto set = must(EpollSet::make());
  Held one = held();
  int calls = 0;
  const auto wait =
      must(await_end(set, std::move(one.child), Timeout::forever(), [&](AwaitedEnd) { ++calls; }));
  EXPECT_FALSE(is_readable(set.fd()));
  EXPECT_EQ(must(set.dispatch()), 0u);
  one.let_go();
  pollfd entry{set.fd().get(), POLLIN, 0};
  EXPECT_EQ(::poll(&entry, 1, -1), 1);
  EXPECT_EQ(must(set.dispatch()), 1u);
  EXPECT_EQ(calls, 1);
  EXPECT_FALSE(wait.is_waiting());
  EXPECT_FALSE(is_readable(set.fd()));
}

TEST(EpollSet, WaitsNoLongerThanItIsTold) {
  auto set = must(EpollSet::make());
  EXPECT_EQ(must(set.dispatch(1ms)), 0u);
  const OwnedFd control = must(event_fd(1));
  EXPECT_EQ(error_of(set.dispatch(Timeout::forever().canceled_by(control))),
            std::errc::operation_canceled);
}

TEST(EpollSet, KnowsOnlyTheDescriptorsOfItsWaits) {
  auto set = must(EpollSet::make());
  Held one = held();
  auto wait = must(await_end(set, std::move(one.child), Timeout::forever(), [](AwaitedEnd) {}));
  EXPECT_EQ(registered_in(set.fd()).size(), 1u);
  EXPECT_TRUE(wait.cancel());
  EXPECT_TRUE(registered_in(set.fd()).empty());
  EXPECT_FALSE(wait.cancel());
}

TEST(EpollSet, RefusesATimeoutThatADescriptorCancels) {
  auto set = must(EpollSet::make());
  Child child = shell("exit 1");
  const OwnedFd control = must(event_fd(0));
  const auto wait = await_end(set, std::move(child), Timeout(1h).canceled_by(control),
                              [](AwaitedEnd) { FAIL(); });
  EXPECT_EQ(error_of(wait), std::errc::invalid_argument);
  EXPECT_EQ(child.wait()->code(), 1) << "the child is still the caller's";
}

// One handler ends the wait whose event was read together with its own.
TEST(EpollSet, DoesNotCallAHandlerOfAWaitThatAnotherHandlerEnded) {
  auto set = must(EpollSet::make());
  std::optional<EndWait> waits[2];
  std::optional<Child> other;
  int calls = 0;
  Child children[2] = {shell("exit 1"), shell("exit 2")};
  for (Child& child : children)
    ASSERT_TRUE(child.wait());
  for (int i = 0; i < 2; ++i)
    waits[i].emplace(
        must(await_end(set, std::move(children[i]), Timeout::forever(), [&, i](AwaitedEnd) {
          ++calls;
          waits[i].reset();  // its own
          other = waits[1 - i]->cancel();
        })));
  EXPECT_EQ(must(set.dispatch()), 1u);
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(other);
  EXPECT_EQ(set.size(), 0u);
}

TEST(EpollSet, LetsAHandlerBeginTheNextWait) {
  auto set = must(EpollSet::make());
  std::optional<EndWait> first, second;
  int code = -1;
  first.emplace(must(await_end(set, shell("exit 1"), Timeout::forever(), [&](AwaitedEnd end) {
    second.emplace(must(await_end(set, std::move(end.child), 0ms,
                                  [&](AwaitedEnd again) { code = *again.status->code(); })));
  })));
  while (code < 0)
    ASSERT_TRUE(set.dispatch(Timeout::forever()));
  EXPECT_EQ(code, 1);
}

// While the status is late, only a timer is there: the wait goes on all the same.
TEST(EpollSet, CountsAWaitThatOnlyHasATimer) {
  auto set = must(EpollSet::make());
  expect_counted(set);
}

TEST(EpollSet, StaysAsItIsWhenACopyOfTheProcessDestroysAWait) {
  SYSFD_REQUIRE_ISOLATION();
  auto set = must(EpollSet::make());
  Held one = held();
  int calls = 0;
  std::optional<EndWait> wait(
      must(await_end(set, std::move(one.child), Timeout::forever(), [&](AwaitedEnd) { ++calls; })));
  const pid_t copy = ::fork();
  if (copy == 0) {
    wait.reset();
    ::_exit(0);
  }
  ASSERT_GT(copy, 0);
  EXPECT_EQ(::waitpid(copy, nullptr, 0), copy);
  EXPECT_EQ(registered_in(set.fd()).size(), 1u);
  one.let_go();
  EXPECT_EQ(must(set.dispatch(1min)), 1u);
  EXPECT_EQ(calls, 1);
}

TEST(EpollSetDeathTest, StopsTheProgramIfItEndsBeforeAWait) {
  EXPECT_DEATH(
      {
        std::optional<EpollSet> set = must(EpollSet::make());
        const auto wait = must(await_end(*set, shell("sleep 100"), 1h, [](AwaitedEnd) {}));
        set.reset();
      },
      "an EpollSet is destroyed before a wait in it");
}

}  // namespace
}  // namespace sysfd_test
