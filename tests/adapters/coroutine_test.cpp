// SPDX-License-Identifier: MIT
#include <sysfd/adapters/coroutine.hpp>

#include <coroutine>
#include <exception>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>

#include <sysfd/adapters/epoll.hpp>

#include "support/prelude.hpp"

#include "adapters/cases.hpp"
#include "adapters/driver.hpp"

namespace sysfd_test {
namespace {

// A coroutine that runs at once until it waits, and is destroyed with this object.
struct Task {
  struct promise_type {
    Task get_return_object() {
      return Task{std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() { handle_.destroy(); }
  bool is_done() const { return handle_.done(); }

 private:
  std::coroutine_handle<promise_type> handle_;
};

template <class Outcome>
class Coroutine final : public Running<Outcome> {
 public:
  template <class Subject>
  Coroutine(EpollSet& set, Subject subject, Timeout timeout)
      : task_(run(set, std::move(subject), timeout, stop_.get_token())) {}
  void cancel() override { stop_.request_stop(); }

 private:
  Task run(EpollSet& set, Child child, Timeout timeout, std::stop_token stop) {
    auto status = co_await end_of(set, child, timeout, stop);
    this->take({std::move(child), status});
  }
  Task run(EpollSet& set, PendingChild pending, Timeout timeout, std::stop_token stop) {
    auto child = co_await start_of(set, pending, timeout, stop);
    const bool goes_on = !child && child.error().step == SpawnStep::confirmation;
    Outcome result{std::move(child), {}};
    if (goes_on) result.pending.emplace(std::move(pending));
    this->take(std::move(result));
  }

  std::stop_source stop_;
  Task task_;
};

class CoroutineDriver {
 public:
  static std::string missing() { return {}; }
  std::unique_ptr<Running<AwaitedEnd>> end(Child child, Timeout timeout) {
    return std::make_unique<Coroutine<AwaitedEnd>>(set_, std::move(child), timeout);
  }
  std::unique_ptr<Running<AwaitedStart>> start(PendingChild pending, Timeout timeout) {
    return std::make_unique<Coroutine<AwaitedStart>>(set_, std::move(pending), timeout);
  }
  void turn() { EXPECT_TRUE(set_.dispatch(Timeout::forever())); }
  std::size_t registered() { return set_.size(); }

 private:
  EpollSet set_ = must(EpollSet::make());
};

INSTANTIATE_TYPED_TEST_SUITE_P(Coroutine, Await, CoroutineDriver);

TEST(AwaitableEnd, IsNotWaitedForWhereTheStopWasRequestedBefore) {
  auto set = must(EpollSet::make());
  Held one = held();
  std::stop_source stop;
  stop.request_stop();
  std::error_code code;
  const Task task = [](EpollSet& loop, Child& child, std::stop_token token,
                       std::error_code& result) -> Task {
    result = error_of(co_await end_of(loop, child, 1h, token));
  }(set, one.child, stop.get_token(), code);
  EXPECT_TRUE(task.is_done());
  EXPECT_EQ(code, std::errc::operation_canceled);
}

TEST(AwaitableEnd, TellsWhyItCouldNotBegin) {
  auto set = must(EpollSet::make());
  Held one = held();
  const OwnedFd control = must(event_fd(0));
  std::error_code code;
  const Task task = [](EpollSet& loop, Child& child, Timeout timeout,
                       std::error_code& result) -> Task {
    result = error_of(co_await end_of(loop, child, timeout));
  }(set, one.child, Timeout(1h).canceled_by(control), code);
  EXPECT_TRUE(task.is_done());
  EXPECT_EQ(code, std::errc::invalid_argument);
}

// The awaitable of the first wait lives until the end of the expression.
TEST(AwaitableEnd, IsNotStoppedAfterItsEnd) {
  auto set = must(EpollSet::make());
  Held one = held(1), two = held(2);
  std::stop_source stop;
  std::pair<std::error_code, std::error_code> codes;
  const Task task = [](EpollSet& loop, Child& first, Child& second, std::stop_token token,
                       auto& results) -> Task {
    results = std::pair{error_of(co_await end_of(loop, first, 1h, token)),
                        error_of(co_await end_of(loop, second, 1h, token))};
  }(set, one.child, two.child, stop.get_token(), codes);
  one.let_go();
  ASSERT_TRUE(set.dispatch(Timeout::forever()));
  EXPECT_FALSE(task.is_done());
  stop.request_stop();
  EXPECT_TRUE(task.is_done());
  EXPECT_EQ(codes.first, std::error_code());
  EXPECT_EQ(codes.second, std::errc::operation_canceled);
}

}  // namespace
}  // namespace sysfd_test
