// SPDX-License-Identifier: MIT
//
// Waits for locks, and changes their mode.
#include <sysfd/description_lock.hpp>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <optional>

#include <sysfd/stop_fd.hpp>

#include "support/prelude.hpp"

#include "sharing/files.hpp"
#include "sharing/second_holder.hpp"
#include "sharing/waiting_thread.hpp"
#include "support/interruptions.hpp"

namespace sysfd_test {
namespace {

using Clock = std::chrono::steady_clock;

// A file that another process can lock too.
class LockWait : public testing::Test {
 public:
  LockWait() {
    if (holder(Do::open, file.path(), O_RDWR) < 0) std::abort();
  }
  const ScratchFile file{"0123456789"};
  const OwnedFd fd = file.open(O_RDWR);
  SecondHolder holder;
};

TEST_F(LockWait, EndsWhenAnotherProcessUnlocks) {
  for (const LockMode mode : {LockMode::shared, LockMode::exclusive}) {
    std::optional ours = must(DescriptionLock::acquire(fd, mode));
    holder.begin({.what = Do::lock_waiting, .a = F_WRLCK});
    holder.wait_until_blocked();
    ours.reset();
    EXPECT_EQ(holder.end(), 0) << "it waited for us";
    EXPECT_EQ(error_of(DescriptionLock::try_acquire(fd, mode)),
              std::errc::resource_unavailable_try_again);
    std::optional<DescriptionLock> lock;
    WaitingThread waiting([&] { lock = must(DescriptionLock::acquire(fd, mode)); });
    EXPECT_TRUE(waiting.waits()) << "now this process waits for it";
    EXPECT_EQ(holder(Do::lock, F_UNLCK), 0);
    waiting.join();
    EXPECT_EQ(holder(Do::lock, F_RDLCK), mode == LockMode::shared ? 0 : -EAGAIN);
    EXPECT_EQ(holder(Do::lock, F_UNLCK), 0);
  }
}

TEST_F(LockWait, EndsWhenAnotherProcessEnds) {
  SYSFD_REQUIRE_ISOLATION();
  EXPECT_EQ(holder(Do::lock, F_WRLCK), 0);
  EXPECT_EQ(error_of(DescriptionLock::try_acquire(fd, LockMode::shared)),
            std::errc::resource_unavailable_try_again);
  holder.begin({.what = Do::exit});
  EXPECT_TRUE(DescriptionLock::acquire(fd, LockMode::exclusive).has_value());
  holder.wait();
}

TEST_F(LockWait, EndsAtTheDeadline) {
  EXPECT_EQ(holder(Do::lock, F_WRLCK), 0);
  for (const auto timeout : {-1h, 0h}) {
    EXPECT_EQ(error_of(DescriptionLock::try_acquire_for(fd, LockMode::shared, timeout)),
              std::errc::timed_out);
  }
  const auto begin = Clock::now();
  EXPECT_EQ(error_of(DescriptionLock::try_acquire_for(fd, LockMode::shared, 30ms)),
            std::errc::timed_out);
  EXPECT_GE(Clock::now() - begin, 30ms) << "not before";
  const auto deadline = Clock::now() + 20ms;
  EXPECT_EQ(error_of(DescriptionLock::try_acquire_until(fd, LockMode::exclusive, deadline)),
            std::errc::timed_out);
  EXPECT_GE(Clock::now(), deadline);
  EXPECT_EQ(
      error_of(DescriptionLock::try_acquire_until(fd, LockMode::shared, Clock::time_point::min())),
      std::errc::timed_out);
}

TEST_F(LockWait, WithADeadlineInThePastTakesWhatIsFree) {
  const auto past = Clock::time_point::min();
  EXPECT_TRUE(DescriptionLock::try_acquire_until(fd, LockMode::exclusive, past).has_value());
  EXPECT_TRUE(DescriptionLock::try_acquire_for(fd, LockMode::exclusive, -1h).has_value());
  EXPECT_TRUE(
      DescriptionLock::try_acquire_for(fd, LockMode::exclusive, std::chrono::nanoseconds::min())
          .has_value());
}

TEST_F(LockWait, EndsWhenTheLockIsFree) {
  for (const auto longest : {std::chrono::nanoseconds(1h), std::chrono::nanoseconds::max()}) {
    EXPECT_EQ(holder(Do::lock, F_WRLCK), 0);
    EXPECT_EQ(error_of(DescriptionLock::try_acquire_for(fd, LockMode::exclusive, 1ms)),
              std::errc::timed_out);
    holder.begin({.what = Do::lock, .a = F_UNLCK});
    EXPECT_TRUE(DescriptionLock::try_acquire_for(fd, LockMode::exclusive, longest).has_value());
    EXPECT_EQ(holder.end(), 0);
  }
  EXPECT_TRUE(DescriptionLock::try_acquire_until(fd, LockMode::exclusive, Clock::time_point::max())
                  .has_value());
}

// A process that interrupts this one this often, and then drops its lock.
class Interrupter {
 public:
  Interrupter(const Interruptions& interruptions, const ScratchFile& file, int times)
      : ready_(must(sysfd::pipe())) {
    child_ = ::fork();
    if (child_ < 0) std::abort();
    if (child_ == 0) {
      const OwnedFd own = file.open(O_RDWR);
      const auto lock = DescriptionLock::acquire(own, LockMode::exclusive);
      if (!lock || ::write(ready_.write.get(), "x", 1) != 1) ::_exit(1);
      interruptions.interrupt(times);
      ::_exit(0);
    }
    char byte = 0;
    if (::read(ready_.read.get(), &byte, 1) != 1) std::abort();
  }
  ~Interrupter() {
    int status = 0;
    ::waitpid(child_, &status, 0);
    EXPECT_EQ(status, 0);
  }
  Interrupter(const Interrupter&) = delete;
  Interrupter& operator=(const Interrupter&) = delete;

 private:
  Pipe ready_;
  pid_t child_;
};

TEST(LockInterrupted, GoesOnWaiting) {
  SYSFD_REQUIRE_ISOLATION();
  const ScratchFile file;
  const OwnedFd fd = file.open(O_RDWR);
  const Interruptions interruptions;
  {
    const Interrupter interrupter(interruptions, file, 20);
    const auto lock = DescriptionLock::acquire(fd, LockMode::exclusive);
    EXPECT_TRUE(lock);
    EXPECT_EQ(interruptions.seen(), 20) << "it was acquired before the deadline";
  }
  {
    const Interrupter interrupter(interruptions, file, 20);
    const auto lock = must(DescriptionLock::try_acquire_for(fd, LockMode::exclusive, 1h));
    EXPECT_EQ(interruptions.seen(), 40);
  }
}

TEST_F(LockWait, CanBeCanceled) {
  EXPECT_EQ(holder(Do::lock, F_WRLCK), 0);
  const OwnedFd stop = must(event_fd());
  const auto for_ever = Timeout::forever().canceled_by(stop);
  detail::raise_event(stop);
  EXPECT_EQ(error_of(DescriptionLock::try_acquire_for(fd, LockMode::shared, for_ever)),
            std::errc::operation_canceled);
  EXPECT_EQ(holder(Do::lock, F_UNLCK), 0);
  EXPECT_TRUE(DescriptionLock::try_acquire_for(fd, LockMode::shared, for_ever).has_value())
      << "it is free";
}

class LockChange : public LockWait {};

TEST_F(LockChange, FromSharedToExclusiveAndBack) {
  auto lock = must(DescriptionLock::acquire(fd, LockMode::shared));
  EXPECT_TRUE(lock.upgrade());
  EXPECT_EQ(lock.mode(), LockMode::exclusive);
  EXPECT_EQ(holder(Do::lock, F_RDLCK), -EAGAIN);
  EXPECT_TRUE(lock.downgrade());
  EXPECT_EQ(lock.mode(), LockMode::shared);
  EXPECT_EQ(holder(Do::lock, F_RDLCK), 0);
  EXPECT_EQ(holder(Do::lock, F_WRLCK), -EAGAIN);
  EXPECT_EQ(holder(Do::lock, F_UNLCK), 0);
  EXPECT_TRUE(lock.try_upgrade());
  EXPECT_EQ(lock.mode(), LockMode::exclusive);
  EXPECT_TRUE(lock.upgrade()) << "it is already";
  EXPECT_TRUE(lock.try_upgrade());
  EXPECT_EQ(holder(Do::lock, F_RDLCK), -EAGAIN);
}

TEST_F(LockChange, IsOfItsRangeAlone) {
  auto lock = must(DescriptionLock::acquire(fd, LockMode::shared, {2, 3}));
  EXPECT_TRUE(lock.upgrade());
  EXPECT_EQ(holder(Do::lock, F_RDLCK, 2, 0), 0);
  EXPECT_EQ(holder(Do::lock, F_RDLCK, 1, 5), 0);
  EXPECT_EQ(holder(Do::lock, F_RDLCK, 1, 4), -EAGAIN);
}

TEST_F(LockChange, ThatCannotBeTriedLeavesItShared) {
  auto lock = must(DescriptionLock::acquire(fd, LockMode::shared));
  EXPECT_EQ(holder(Do::lock, F_RDLCK), 0);
  EXPECT_EQ(error_of(lock.try_upgrade()), std::errc::resource_unavailable_try_again);
  EXPECT_EQ(lock.mode(), LockMode::shared);
  EXPECT_EQ(error_of(lock.try_upgrade_for(1ms)), std::errc::timed_out);
  EXPECT_EQ(error_of(lock.try_upgrade_until(Clock::now())), std::errc::timed_out);
  EXPECT_EQ(lock.mode(), LockMode::shared);
  EXPECT_EQ(holder(Do::lock, F_WRLCK), -EAGAIN) << "it is still locked";
  holder.begin({.what = Do::lock, .a = F_UNLCK});
  EXPECT_TRUE(lock.try_upgrade_for(1h));
  EXPECT_EQ(lock.mode(), LockMode::exclusive);
  EXPECT_EQ(holder.end(), 0);
}

TEST_F(LockChange, WaitsForOtherReaders) {
  auto lock = must(DescriptionLock::acquire(fd, LockMode::shared));
  EXPECT_EQ(holder(Do::lock, F_RDLCK), 0);
  WaitingThread waiting([&] { EXPECT_TRUE(lock.upgrade()); });
  EXPECT_TRUE(waiting.waits());
  EXPECT_EQ(holder(Do::lock, F_WRLCK), -EAGAIN) << "it is still locked";
  EXPECT_EQ(holder(Do::lock, F_UNLCK), 0);
  waiting.join();
  EXPECT_EQ(lock.mode(), LockMode::exclusive);
  EXPECT_EQ(holder(Do::lock, F_RDLCK), -EAGAIN);
}

TEST_F(LockChange, NeverUnlocksInBetween) {
  auto lock = must(DescriptionLock::acquire(fd, LockMode::shared));
  holder.begin({.what = Do::watch_locks, .a = F_WRLCK});
  for (int i = 0; i < fewer_if_sanitized(20000); ++i) {
    ASSERT_TRUE(i % 2 == 0 ? lock.upgrade() : lock.try_upgrade());
    ASSERT_TRUE(lock.downgrade());
  }
  EXPECT_EQ(holder.stop(), 0) << "how often it was seen unlocked";
}

}  // namespace
}  // namespace sysfd_test
