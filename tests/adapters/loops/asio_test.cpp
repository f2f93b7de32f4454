// SPDX-License-Identifier: MIT
#include <sysfd/adapters/asio.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <atomic>
#include <deque>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "support/prelude.hpp"

#include "adapters/cases.hpp"
#include "adapters/driver.hpp"

namespace asio = boost::asio;

namespace sysfd_test {
namespace {

class AsioContext {
 public:
  static std::string missing() { return {}; }
  void turn() {
    context_.restart();
    context_.run_one();
  }
  // The context does not tell its epoll(7) set: it is the only one here, from the first wait on.
  std::size_t registered() {
    for (const int fd : open_descriptors())
      if (is_epoll(fd)) return awaited_in(BorrowedFd::unsafe_borrow(fd));
    return 0;
  }

 protected:
  asio::io_context context_;

 private:
  static bool is_epoll(int fd) {
    std::error_code closed;
    return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), closed) ==
           "anon_inode:[eventpoll]";
  }
};

// An operation of Asio cannot be destroyed: it is canceled, and completes.
template <class Outcome>
class AsioRunning : public Running<Outcome> {
 public:
  explicit AsioRunning(AsioContext& context) : context_(context) {}
  void cancel() override { signal_.emit(asio::cancellation_type::terminal); }

 protected:
  void finish() {
    if (!this->outcome) cancel();
    while (!this->outcome)
      context_.turn();
  }
  AsioContext& context_;
  asio::cancellation_signal signal_;
};

template <class Outcome>
class CalledByAsio final : public AsioRunning<Outcome> {
 public:
  CalledByAsio(AsioContext& context, asio::any_io_executor executor, Child child, Timeout timeout)
      : AsioRunning<Outcome>(context) {
    async_end(executor, std::move(child), timeout, handler());
  }
  CalledByAsio(AsioContext& context, asio::any_io_executor executor, PendingChild pending,
               Timeout timeout)
      : AsioRunning<Outcome>(context) {
    async_start(executor, std::move(pending), timeout, handler());
  }
  ~CalledByAsio() override { this->finish(); }

 private:
  auto handler() {
    return asio::bind_cancellation_slot(this->signal_.slot(),
                                        [this](Outcome given) { this->take(std::move(given)); });
  }
};

template <class Outcome>
class AsioCoroutine final : public AsioRunning<Outcome> {
 public:
  template <class Subject>
  AsioCoroutine(AsioContext& context, asio::any_io_executor executor, Subject subject,
                Timeout timeout)
      : AsioRunning<Outcome>(context) {
    asio::co_spawn(executor, run(std::move(subject), timeout),
                   asio::bind_cancellation_slot(this->signal_.slot(), [](std::exception_ptr error) {
                     EXPECT_FALSE(error);
                   }));
    context.turn();  // it begins in the loop
  }
  ~AsioCoroutine() override { this->finish(); }

 private:
  asio::awaitable<void> run(Child child, Timeout timeout) {
    this->take(co_await async_end(co_await asio::this_coro::executor, std::move(child), timeout,
                                  asio::use_awaitable));
  }
  asio::awaitable<void> run(PendingChild pending, Timeout timeout) {
    this->take(co_await async_start(co_await asio::this_coro::executor, std::move(pending), timeout,
                                    asio::use_awaitable));
  }
};

template <template <class> class Operation>
class AsioDriver : public AsioContext {
 public:
  std::unique_ptr<Running<AwaitedEnd>> end(Child child, Timeout timeout) {
    auto running = std::make_unique<Operation<AwaitedEnd>>(*this, context_.get_executor(),
                                                           std::move(child), timeout);
    turn();  // registers the descriptor
    return running;
  }
  std::unique_ptr<Running<AwaitedStart>> start(PendingChild pending, Timeout timeout) {
    auto running = std::make_unique<Operation<AwaitedStart>>(*this, context_.get_executor(),
                                                             std::move(pending), timeout);
    turn();
    return running;
  }
};

using AsioDrivers = testing::Types<AsioDriver<CalledByAsio>, AsioDriver<AsioCoroutine>>;
INSTANTIATE_TYPED_TEST_SUITE_P(Asio, Await, AsioDrivers);

TEST(Asio, CompletesInAFuture) {
  SYSFD_REQUIRE_ISOLATION();
  asio::thread_pool pool(1);
  auto future =
      async_end(pool.get_executor(), shell("exit 3"), Timeout::forever(), asio::use_future);
  EXPECT_EQ(future.get().status->code(), 3);
  pool.join();
}

TEST(Asio, DropsTheChildrenOfAContextThatIsDestroyed) {
  SYSFD_REQUIRE_ISOLATION();
  Held one = held(), two = held();
  const pid_t pids[] = {one.child.pid(), two.child.pid()};
  int calls = 0;
  {
    asio::io_context context;
    async_end(context.get_executor(), std::move(one.child), 1h, [&](AwaitedEnd) { ++calls; });
    context.poll();  // the other one has not begun
    async_end(context.get_executor(), std::move(two.child), 1h, [&](AwaitedEnd) { ++calls; });
  }
  EXPECT_EQ(calls, 0);
  for (const pid_t pid : pids)
    EXPECT_EQ(::kill(pid, 0), -1) << "it was not killed and reaped";
}

// Cancellations meet ends in other threads: each wait completes once, and tells the truth.
TEST(Asio, IsCanceledWhileOtherThreadsRunTheContext) {
  SYSFD_REQUIRE_ISOLATION();
  constexpr int count = 100;
  std::atomic<int> completed = 0, canceled = 0, ended = 0, wrong = 0;
  {
    asio::thread_pool pool(3);
    std::deque<asio::cancellation_signal> signals(count);
    for (auto& signal : signals) {
      // The signal is not for two threads: it is used in the strand of its handler only.
      const auto strand = asio::make_strand(pool.get_executor());
      asio::dispatch(strand, [&, strand] {
        async_end(
            strand, shell("exit 3"), 1h,
            asio::bind_cancellation_slot(
                signal.slot(), asio::bind_executor(strand, [&](AwaitedEnd end) {
                  ++completed;
                  if (end.status)
                    ++(end.status->code() == 3 ? ended : wrong);
                  else
                    ++(end.status.error() == std::errc::operation_canceled ? canceled : wrong);
                })));
        asio::post(strand, [&signal, strand] {
          asio::post(strand, [&signal] { signal.emit(asio::cancellation_type::total); });
        });
      });
    }
    pool.join();
  }
  EXPECT_EQ(completed, count);
  EXPECT_EQ(ended + canceled, count);
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace sysfd_test
