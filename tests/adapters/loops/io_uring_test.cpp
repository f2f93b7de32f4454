// SPDX-License-Identifier: MIT
#include <sysfd/adapters/io_uring.hpp>

#include <liburing.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <iterator>
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
  UringLoop() : UringLoop(0) {}
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
  explicit UringLoop(unsigned flags) : ring_(flags), set_(ring_.ring) {}

 private:
  struct Ring {
    explicit Ring(unsigned flags) { EXPECT_EQ(::io_uring_queue_init(8, &ring, flags), 0); }
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;
    ~Ring() { ::io_uring_queue_exit(&ring); }
    io_uring ring;
  };
  Ring ring_;
  UringSet set_;
  std::vector<std::uint64_t> own_;
};

// A ring that refuses waitid, as that of an older kernel does.
class UringLoopWithoutWaitid : public UringLoop {
 public:
  UringLoopWithoutWaitid() : UringLoop(IORING_SETUP_R_DISABLED) {
    io_uring_restriction allowed[4] = {};
    const std::uint8_t operations[] = {IORING_OP_POLL_ADD, IORING_OP_ASYNC_CANCEL,
                                       IORING_OP_TIMEOUT, IORING_OP_TIMEOUT_REMOVE};
    for (std::size_t i = 0; i < std::size(allowed); ++i) {
      allowed[i].opcode = IORING_RESTRICTION_SQE_OP;
      allowed[i].sqe_op = operations[i];
    }
    // liburing 2.3 declares functions for this, and does not have them.
    do_register(IORING_REGISTER_RESTRICTIONS, allowed, std::size(allowed));
    do_register(IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
  }

 private:
  void do_register(unsigned operation, void* argument, unsigned count) {
    EXPECT_EQ(::syscall(SYS_io_uring_register, ring()->ring_fd, operation, argument, count), 0);
  }
};

using UringDrivers =
    testing::Types<CallbackDriver<UringLoop>, CallbackDriver<UringLoopWithoutWaitid>>;
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

}  // namespace
}  // namespace sysfd_test
