// SPDX-License-Identifier: MIT
#include <sysfd/adapters/io_uring.hpp>

#include <liburing.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "support/prelude.hpp"

#include "adapters/cases.hpp"
#include "adapters/driver.hpp"

namespace sysfd_test {
namespace {

constexpr std::uint64_t own_key = 42;

class UringLoop {
 public:
  static std::string missing() {
    io_uring ring;
    if (const int error = ::io_uring_queue_init(2, &ring, 0); error < 0)
      return std::string("needs io_uring: ") + std::strerror(-error);
    ::io_uring_queue_exit(&ring);
    return {};
  }
  UringLoop() : UringLoop(io_uring_params{}) {}
  UringLoop(const UringLoop&) = delete;
  UringLoop& operator=(const UringLoop&) = delete;
  UringSet& loop() { return set_; }
  io_uring* ring() { return &ring_.ring; }
  void turn() {
    EXPECT_GE(::io_uring_submit_and_wait(ring(), 1), 0);
    io_uring_cqe* entry = nullptr;
    while (::io_uring_peek_cqe(ring(), &entry) == 0) {
      const io_uring_cqe completion = *entry;
      ::io_uring_cqe_seen(ring(), entry);
      if (!set_.handle(completion)) own_.push_back(completion.user_data);
    }
  }
  std::size_t registered() { return set_.size(); }
  const std::vector<std::uint64_t>& own() const { return own_; }

 protected:
  // The queue is short: a storm fills it.
  explicit UringLoop(io_uring_params params) : ring_(params), set_(ring_.ring) {}

 private:
  struct Ring {
    explicit Ring(io_uring_params params) {
      EXPECT_EQ(::io_uring_queue_init_params(8, &ring, &params), 0);
    }
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;
    ~Ring() { ::io_uring_queue_exit(&ring); }
    io_uring ring;
  };
  Ring ring_;
  UringSet set_;
  std::vector<std::uint64_t> own_;
};

io_uring_params with_flags(unsigned flags) {
  io_uring_params params{};
  params.flags = flags;
  params.sq_thread_idle = 1;  // milliseconds
  return params;
}

// A ring that refuses all other operations.
class RestrictedUringLoop : public UringLoop {
 protected:
  explicit RestrictedUringLoop(std::initializer_list<std::uint8_t> operations)
      : UringLoop(with_flags(IORING_SETUP_R_DISABLED)) {
    std::vector<io_uring_restriction> allowed;
    for (const std::uint8_t operation : operations) {
      io_uring_restriction each{};
      each.opcode = IORING_RESTRICTION_SQE_OP;
      each.sqe_op = operation;
      allowed.push_back(each);
    }
    // liburing 2.3 declares functions for this, and does not have them.
    do_register(IORING_REGISTER_RESTRICTIONS, allowed.data(), allowed.size());
    do_register(IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
  }

 private:
  void do_register(unsigned operation, void* argument, std::size_t count) {
    EXPECT_EQ(::syscall(SYS_io_uring_register, ring()->ring_fd, operation, argument, count), 0);
  }
};

// As that of a kernel without waitid.
struct UringLoopWithoutWaitid : RestrictedUringLoop {
  UringLoopWithoutWaitid()
      : RestrictedUringLoop({IORING_OP_POLL_ADD, IORING_OP_ASYNC_CANCEL, IORING_OP_TIMEOUT,
                             IORING_OP_TIMEOUT_REMOVE}) {}
};

struct UringLoopWithoutTimers : RestrictedUringLoop {
  UringLoopWithoutTimers() : RestrictedUringLoop({IORING_OP_POLL_ADD, IORING_OP_ASYNC_CANCEL}) {}
};

// A thread of the kernel takes what is queued.
struct UringLoopOfAThread : UringLoop {
  UringLoopOfAThread() : UringLoop(with_flags(IORING_SETUP_SQPOLL)) {}
};

using UringDrivers =
    testing::Types<CallbackDriver<UringLoop>, CallbackDriver<UringLoopWithoutWaitid>,
                   CallbackDriver<UringLoopOfAThread>>;
INSTANTIATE_TYPED_TEST_SUITE_P(IoUring, Await, UringDrivers);

TEST(IoUring, LeavesOtherCompletionsToTheCaller) {
  SYSFD_REQUIRE_ISOLATION();
  if (const auto missing = UringLoop::missing(); !missing.empty()) GTEST_SKIP() << missing;
  UringLoop loop;
  Held one = held();
  int calls = 0;
  const auto wait = must(await_end(loop.loop(), std::move(one.child), 1h, [&](AwaitedEnd end) {
    ++calls;
    EXPECT_EQ(end.status->code(), 7);
  }));
  io_uring_sqe* entry = ::io_uring_get_sqe(loop.ring());
  ::io_uring_prep_nop(entry);
  entry->user_data = own_key;
  loop.turn();
  EXPECT_EQ(loop.own(), std::vector{own_key});
  EXPECT_EQ(calls, 0);
  one.let_go();
  while (calls == 0)
    loop.turn();
  EXPECT_EQ(loop.own().size(), 1u);
}

TEST(IoUring, CountsAWaitThatOnlyHasATimer) {
  if (const auto missing = UringLoop::missing(); !missing.empty()) GTEST_SKIP() << missing;
  UringLoop loop;
  expect_counted(loop.loop());
}

TEST(IoUring, EndsAWaitWhoseTimerIsRefused) {
  SYSFD_REQUIRE_ISOLATION();
  if (const auto missing = UringLoop::missing(); !missing.empty()) GTEST_SKIP() << missing;
  UringLoopWithoutTimers loop;
  Held one = held();
  int calls = 0;
  const auto wait = must(await_end(loop.loop(), std::move(one.child), 1h, [&](AwaitedEnd end) {
    ++calls;
    EXPECT_EQ(error_of(end.status), std::errc::permission_denied);
  }));
  while (calls == 0)
    loop.turn();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(loop.registered(), 0u);
}

// What the first set has canceled completes when the second one is there.
TEST(IoUring, LetsOneSetFollowAnotherInARing) {
  SYSFD_REQUIRE_ISOLATION();
  if (const auto missing = UringLoop::missing(); !missing.empty()) GTEST_SKIP() << missing;
  io_uring ring;
  ASSERT_EQ(::io_uring_queue_init(8, &ring, 0), 0);
  const auto handle_all = [&](UringSet& set) {
    // Also what the kernel has not told yet.
    EXPECT_GE(::io_uring_submit(&ring), 0);
    EXPECT_GE(::syscall(SYS_io_uring_enter, ring.ring_fd, 0, 0, IORING_ENTER_GETEVENTS, nullptr, 0),
              0);
    int handled = 0;
    io_uring_cqe* entry = nullptr;
    for (; ::io_uring_peek_cqe(&ring, &entry) == 0; ++handled) {
      const io_uring_cqe completion = *entry;
      ::io_uring_cqe_seen(&ring, entry);
      EXPECT_TRUE(set.handle(completion));
    }
    return handled;
  };
  Held one = held();
  std::optional<Child> child;
  {
    UringSet first(ring);
    auto wait = must(await_end(first, std::move(one.child), 1h, [](AwaitedEnd) { FAIL(); }));
    EXPECT_GE(::io_uring_submit(&ring), 0);
    child = wait.cancel();
  }
  {
    UringSet second(ring);
    auto wait = must(await_end(second, *std::move(child), 1h, [](AwaitedEnd) { FAIL(); }));
    EXPECT_GT(handle_all(second), 0);
    child = wait.cancel();
    while (handle_all(second) > 0) {
    }
    one.let_go();
    EXPECT_EQ(child->wait()->code(), 7);
    EXPECT_EQ(handle_all(second), 0) << "the kernel has not forgotten all";
  }
  ::io_uring_queue_exit(&ring);
}

}  // namespace
}  // namespace sysfd_test
