// SPDX-License-Identifier: MIT
//
// Tests guards of flock(2): which other locks they exclude, changes of the mode, and forked
// processes.
#include <sysfd/flock_lock.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <stop_token>
#include <utility>

#include <sysfd/create.hpp>
#include <sysfd/description_lock.hpp>
#include <sysfd/stop_fd.hpp>

#include "support/prelude.hpp"

#include "sharing/files.hpp"
#include "sharing/second_holder.hpp"
#include "sharing/waiting_thread.hpp"
#include "support/interruptions.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto locked_by_others = std::errc::resource_unavailable_try_again;

// The lock that flock(2) grants to another description: none, shared, or exclusive.
enum class Free { nothing, shared, exclusive };

Free what_is_free(const ScratchFile& file) {
  const OwnedFd other = file.open(O_RDONLY);
  if (::flock(other.get(), LOCK_EX | LOCK_NB) == 0) return Free::exclusive;
  if (::flock(other.get(), LOCK_SH | LOCK_NB) == 0) return Free::shared;
  return Free::nothing;
}

Free compatible_with(LockMode mode) {
  return mode == LockMode::shared ? Free::shared : Free::nothing;
}

class Flock : public testing::Test {
 public:
  const ScratchFile file{"0123456789"};
  const OwnedFd one = file.open(O_RDWR);
  const OwnedFd two = file.open(O_RDWR);
};

TEST_F(Flock, KeepsAnotherDescriptionOutAsItsModeSays) {
  for (const LockMode mode : {LockMode::shared, LockMode::exclusive})
    for (const LockMode wanted : {LockMode::shared, LockMode::exclusive}) {
      const auto lock = must(FlockLock::acquire(one, mode));
      EXPECT_EQ(lock.mode(), mode);
      EXPECT_TRUE(lock.is_locked());
      const bool both = mode == LockMode::shared && wanted == LockMode::shared;
      EXPECT_EQ(error_of(FlockLock::try_acquire(two, wanted)).value(), both ? 0 : EAGAIN);
      EXPECT_EQ(what_is_free(file), compatible_with(mode));
    }
  EXPECT_EQ(what_is_free(file), Free::exclusive);
}

TEST_F(Flock, KeepsAProgramOutThatUsesFlockAndIsKeptOutByIt) {
  SecondHolder holder;
  EXPECT_GE(holder(Do::open, file.path(), O_RDONLY), 0);
  EXPECT_EQ(holder(Do::file_lock, LOCK_SH), 0);
  EXPECT_EQ(error_of(FlockLock::try_acquire(one, LockMode::exclusive)), locked_by_others);
  EXPECT_TRUE(FlockLock::try_acquire(one, LockMode::shared).has_value());
  EXPECT_EQ(holder(Do::file_lock, LOCK_UN), 0);
  const auto lock = must(FlockLock::acquire(one, LockMode::exclusive));
  EXPECT_EQ(holder(Do::file_lock, LOCK_SH | LOCK_NB), -EAGAIN);
}

TEST_F(Flock, NeedsNoDescriptorThatIsOpenForWriting) {
  const OwnedFd reader = file.open(O_RDONLY);
  EXPECT_TRUE(FlockLock::acquire(reader, LockMode::exclusive).has_value());
  const ScratchDirectory scratch;
  const OwnedFd directory =
      must(sysfd::open(cwd(), scratch.path().string(), O_RDONLY | O_DIRECTORY));
  EXPECT_TRUE(FlockLock::acquire(directory, LockMode::exclusive).has_value());
}

TEST_F(Flock, OfWhatIsNotOpenIsAnError) {
  const int number = must(one.duplicate()).get();  // closed again
  const auto closed = BorrowedFd::unsafe_borrow(number);
  EXPECT_EQ(error_of(FlockLock::acquire(closed, LockMode::shared)).value(), EBADF);
  EXPECT_EQ(error_of(FlockLock::acquire(cwd(), LockMode::shared)).value(), EBADF);
  const OwnedFd path = file.open(O_PATH);
  EXPECT_EQ(error_of(FlockLock::acquire(path, LockMode::shared)).value(), EBADF);
  EXPECT_EQ(error_of(FlockLock::try_acquire(path, LockMode::shared)).value(), EBADF);
  EXPECT_EQ(error_of(FlockLock::try_acquire_for(path, LockMode::shared, 1h)).value(), EBADF);
}

TEST_F(Flock, IsNotSeenByADescriptionLock) {
  const auto lock = must(FlockLock::acquire(one, LockMode::exclusive));
  EXPECT_TRUE(DescriptionLock::try_acquire(two, LockMode::exclusive).has_value());
}

TEST_F(Flock, IsThatOfAllWhoHaveTheDescription) {
  const OwnedFd copy = must(one.duplicate());
  const auto lock = must(FlockLock::acquire(one, LockMode::exclusive));
  EXPECT_TRUE(FlockLock::try_acquire(copy, LockMode::exclusive).has_value());
  EXPECT_EQ(what_is_free(file), Free::exclusive) << "the second guard has unlocked it for both";
}

TEST_F(Flock, IsMovedAndThenUnlockedOnce) {
  auto first = must(FlockLock::acquire(one, LockMode::exclusive));
  {
    const FlockLock moved = std::move(first);
    EXPECT_EQ(what_is_free(file), Free::nothing);
  }
  EXPECT_EQ(what_is_free(file), Free::exclusive);
  const auto second = must(FlockLock::acquire(one, LockMode::exclusive));
  {
    const FlockLock gone = std::move(first);
  }
  EXPECT_EQ(what_is_free(file), Free::nothing) << "a guard that was moved from unlocks nothing";
}

TEST_F(Flock, ThatIsAssignedToUnlocksAnotherDescriptionOnly) {
  const ScratchFile other_file;
  const OwnedFd other = other_file.open(O_RDWR);
  auto lock = must(FlockLock::acquire(one, LockMode::exclusive));
  lock = must(FlockLock::acquire(other, LockMode::shared));
  EXPECT_EQ(what_is_free(file), Free::exclusive);
  EXPECT_EQ(what_is_free(other_file), Free::shared);
  EXPECT_EQ(lock.mode(), LockMode::shared);
  lock = must(FlockLock::acquire(other, LockMode::exclusive));
  EXPECT_EQ(what_is_free(other_file), Free::nothing) << "the description is the same";
  EXPECT_EQ(lock.mode(), LockMode::exclusive);
  FlockLock& itself = lock;
  lock = std::move(itself);
  EXPECT_EQ(what_is_free(other_file), Free::nothing);
  EXPECT_TRUE(std::move(lock).unlock());
  EXPECT_EQ(what_is_free(other_file), Free::exclusive);
}

using FlockLockDeathTest = Flock;

TEST_F(FlockLockDeathTest, UseAfterAMoveStopsTheProgram) {
  auto lock = must(FlockLock::acquire(one, LockMode::exclusive));
  auto moved = std::move(lock);
  constexpr const char* message = "use of a FlockLock that was moved from";
  EXPECT_DEATH(static_cast<void>(std::move(lock).release()), message);
  EXPECT_DEATH(static_cast<void>(std::move(lock).unlock()), message);
  moved = std::move(lock);
  EXPECT_EQ(what_is_free(file), Free::exclusive) << "what is assigned has no lock";
}

// Its lock is not the one that the copy of its guard had.
TEST_F(Flock, OfAForkedProcessMayBeAssignedToTheGuardThatWasCopied) {
  auto lock = must(FlockLock::acquire(one, LockMode::exclusive));
  const ScratchFile other_file;
  run_apart([&] {
    const OwnedFd other = other_file.open(O_RDWR);
    lock = must(FlockLock::acquire(other, LockMode::exclusive));
    EXPECT_EQ(what_is_free(other_file), Free::nothing);
    EXPECT_TRUE(std::move(lock).unlock());
  });
  EXPECT_EQ(what_is_free(file), Free::nothing);
}

TEST_F(Flock, ThatCannotBeMadeCloseOnExecIsNotAdopted) {
  run_apart([this] {
    OwnedFd inherited = file.open(O_RDWR);
    refuse_calls({{SYS_fcntl, EPERM, RefusedCall::Match{1, F_SETFD}}});
    EXPECT_EQ(error_of(FlockLock::adopt(std::move(inherited), LockMode::shared)),
              std::errc::operation_not_permitted);
  });
}

TEST_F(Flock, ThatIsDestroyedLeavesErrnoAlone) {
  std::optional lock = must(FlockLock::acquire(one, LockMode::exclusive));
  errno = ENOTNAM;
  lock.reset();
  EXPECT_EQ(errno, ENOTNAM);
}

TEST_F(Flock, OutlivesTheDescriptorThatItWasAcquiredBy) {
  std::optional<OwnedFd> ours = file.open(O_RDWR);
  std::optional lock = must(FlockLock::acquire(*ours, LockMode::exclusive));
  ours.reset();
  EXPECT_EQ(what_is_free(file), Free::nothing);
  lock.reset();
  EXPECT_EQ(what_is_free(file), Free::exclusive);
}

TEST_F(Flock, CanBePassedOn) {
  OwnedFd released = must(FlockLock::acquire(one, LockMode::exclusive)).release();
  EXPECT_EQ(what_is_free(file), Free::nothing) << "it goes on";
  ASSERT_TRUE(set_close_on_exec(released, false));
  {
    auto adopted = must(FlockLock::adopt(std::move(released), LockMode::exclusive));
    EXPECT_EQ(what_is_free(file), Free::nothing);
    const OwnedFd again = std::move(adopted).release();
    EXPECT_EQ(is_close_on_exec(again), true);
    adopted = must(FlockLock::adopt(must(again.duplicate()), LockMode::exclusive));
  }
  EXPECT_EQ(what_is_free(file), Free::exclusive) << "the guard unlocks";
  const auto theirs = must(FlockLock::acquire(two, LockMode::shared));
  EXPECT_EQ(error_of(FlockLock::adopt(file.open(O_RDWR), LockMode::exclusive)), locked_by_others);
}

TEST_F(Flock, WaitsUntilTheOtherOneUnlocks) {
  std::optional theirs = must(FlockLock::acquire(two, LockMode::exclusive));
  std::optional<FlockLock> lock;
  WaitingThread waiting([&] { lock = must(FlockLock::acquire(one, LockMode::exclusive)); });
  EXPECT_TRUE(waiting.waits());
  theirs.reset();
  waiting.join();
  EXPECT_EQ(what_is_free(file), Free::nothing);
}

TEST_F(Flock, IsWaitedForUntilTheDeadline) {
  {
    const auto theirs = must(FlockLock::acquire(two, LockMode::exclusive));
    for (const Timeout timeout : {Timeout(-1h), Timeout(0s), Timeout(1ms)})
      EXPECT_EQ(error_of(FlockLock::try_acquire_for(one, LockMode::shared, timeout)),
                std::errc::timed_out);
    for (const auto past : {Clock::time_point::min(), Clock::now()})
      EXPECT_EQ(error_of(FlockLock::try_acquire_until(one, LockMode::shared, past)),
                std::errc::timed_out);
  }
  EXPECT_TRUE(FlockLock::try_acquire_for(one, LockMode::shared, -1h).has_value())
      << "it acquires what is free";
  EXPECT_TRUE(
      FlockLock::try_acquire_until(one, LockMode::shared, Clock::time_point::min()).has_value());
}

TEST_F(Flock, IsAcquiredBeforeALongTimeout) {
  std::optional theirs = must(FlockLock::acquire(two, LockMode::exclusive));
  WaitingThread waiting([&] {
    EXPECT_TRUE(
        FlockLock::try_acquire_for(one, LockMode::exclusive, Timeout::forever()).has_value());
  });
  EXPECT_TRUE(waiting.waits());
  theirs.reset();
}

TEST_F(Flock, IsWaitedForUntilTheWaitIsCanceled) {
  const auto theirs = must(FlockLock::acquire(two, LockMode::exclusive));
  std::stop_source source;
  const auto stop = must(StopFd::make(source.get_token()));
  const Timeout forever = Timeout::forever().canceled_by(stop);
  WaitingThread waiting([&] {
    EXPECT_EQ(error_of(FlockLock::try_acquire_for(one, LockMode::shared, forever)),
              std::errc::operation_canceled);
  });
  EXPECT_TRUE(waiting.waits());
  source.request_stop();
}

TEST_F(Flock, ChangesItsMode) {
  auto lock = must(FlockLock::acquire(one, LockMode::shared));
  EXPECT_TRUE(lock.upgrade());
  EXPECT_EQ(lock.mode(), LockMode::exclusive);
  EXPECT_EQ(what_is_free(file), Free::nothing);
  EXPECT_TRUE(lock.downgrade());
  EXPECT_EQ(lock.mode(), LockMode::shared);
  EXPECT_EQ(what_is_free(file), Free::shared);
  EXPECT_TRUE(lock.try_upgrade());
  EXPECT_EQ(what_is_free(file), Free::nothing);
  EXPECT_TRUE(lock.downgrade());
  EXPECT_TRUE(lock.try_upgrade_for(0s));
  EXPECT_EQ(what_is_free(file), Free::nothing);
  EXPECT_TRUE(lock.downgrade());
  EXPECT_TRUE(lock.try_upgrade_until(Clock::time_point::min()));
  EXPECT_EQ(lock.mode(), LockMode::exclusive);
  EXPECT_TRUE(lock.is_locked());
}

TEST_F(Flock, ThatCannotBeUpgradedIsSharedAgain) {
  auto lock = must(FlockLock::acquire(one, LockMode::shared));
  const auto theirs = must(FlockLock::acquire(two, LockMode::shared));
  EXPECT_EQ(error_of(lock.try_upgrade()), locked_by_others);
  EXPECT_EQ(error_of(lock.try_upgrade_for(1ms)), std::errc::timed_out);
  EXPECT_EQ(error_of(lock.try_upgrade_until(Clock::now())), std::errc::timed_out);
  EXPECT_TRUE(lock.is_locked());
  EXPECT_EQ(lock.mode(), LockMode::shared);
  EXPECT_EQ(::flock(two.get(), LOCK_EX | LOCK_NB), -1) << "the kernel has it too";
}

// The kernel drops the old lock before it waits for the new one.
TEST_F(Flock, LetsOthersInWhileItIsUpgraded) {
  auto lock = must(FlockLock::acquire(one, LockMode::shared));
  ASSERT_EQ(::flock(two.get(), LOCK_SH), 0);
  WaitingThread waiting([&] { EXPECT_TRUE(lock.upgrade()); });
  EXPECT_TRUE(waiting.waits());
  EXPECT_EQ(::flock(two.get(), LOCK_EX | LOCK_NB), 0) << "they may write now";
  EXPECT_EQ(::flock(two.get(), LOCK_UN), 0);
  waiting.join();
  EXPECT_TRUE(lock.is_locked());
  EXPECT_EQ(what_is_free(file), Free::nothing);
}

TEST_F(Flock, ReportsThatItIsLostIfAnotherDescriptionHasItAfterAChange) {
  auto lock = must(FlockLock::acquire(one, LockMode::shared));
  ASSERT_EQ(::flock(two.get(), LOCK_SH), 0);
  std::stop_source source;
  const auto stop = must(StopFd::make(source.get_token()));
  WaitingThread waiting([&] {
    EXPECT_EQ(error_of(lock.try_upgrade_for(Timeout::forever().canceled_by(stop))),
              std::errc::operation_canceled);
  });
  EXPECT_TRUE(waiting.waits());
  ASSERT_EQ(::flock(two.get(), LOCK_EX | LOCK_NB), 0);
  source.request_stop();
  waiting.join();
  EXPECT_FALSE(lock.is_locked());
  EXPECT_EQ(lock.mode(), LockMode::shared);
  EXPECT_EQ(error_of(lock.downgrade()), locked_by_others);
  EXPECT_EQ(error_of(lock.try_upgrade()), locked_by_others);
  ASSERT_EQ(::flock(two.get(), LOCK_UN), 0);
  EXPECT_TRUE(lock.downgrade()) << "now it acquires it again";
  EXPECT_TRUE(lock.is_locked());
  EXPECT_EQ(what_is_free(file), Free::shared);
}

TEST_F(Flock, TellsErrorsOfUnlocking) {
  run_apart([&] {
    auto lock = must(FlockLock::acquire(one, LockMode::exclusive));
    refuse_calls({{SYS_flock, EIO}});
    EXPECT_EQ(error_of(std::move(lock).unlock()).value(), EIO);
  });
}

TEST(FlockInterrupted, GoesOnWaiting) {
  SYSFD_REQUIRE_ISOLATION();
  const ScratchFile file;
  const OwnedFd one = file.open(O_RDWR);
  const Interruptions interruptions;
  auto ready = must(sysfd::pipe());
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const OwnedFd own = file.open(O_RDWR);
    if (::flock(own.get(), LOCK_EX) != 0 || ::write(ready.write.get(), "x", 1) != 1) ::_exit(1);
    interruptions.interrupt(20);
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready.read.get(), &byte, 1), 1);
  EXPECT_TRUE(FlockLock::acquire(one, LockMode::exclusive).has_value());
  EXPECT_EQ(interruptions.seen(), 20) << "it was acquired before the deadline";
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
}

void expect_to_leave_it_alone(std::optional<FlockLock>& lock) {
  EXPECT_EQ(error_of(lock->upgrade()).value(), EPERM);
  EXPECT_EQ(error_of(lock->downgrade()).value(), EPERM);
  EXPECT_EQ(error_of(lock->try_upgrade()).value(), EPERM);
  EXPECT_EQ(error_of(lock->try_upgrade_for(1h)).value(), EPERM);
  EXPECT_EQ(error_of(std::move(*lock).unlock()).value(), EPERM);
  FlockLock moved = *std::move(lock);
  EXPECT_EQ(error_of(std::move(moved).unlock()).value(), EPERM);
  lock.reset();
}

TEST_F(Flock, OfAForkedCopyBelongsToItsParent) {
  std::optional lock = must(FlockLock::acquire(one, LockMode::exclusive));
  run_apart([&] { expect_to_leave_it_alone(lock); });
  EXPECT_EQ(what_is_free(file), Free::nothing) << "the forked process has unlocked it";
  EXPECT_TRUE(lock->downgrade()) << "here it is what it was";
  lock.reset();
  EXPECT_EQ(what_is_free(file), Free::exclusive);
}

TEST_F(Flock, IsUnlockedThoughAnotherProcessHasTheDescription) {
  std::optional lock = must(FlockLock::acquire(one, LockMode::exclusive));
  const SecondHolder holder(one);
  lock.reset();
  EXPECT_EQ(what_is_free(file), Free::exclusive);
}

}  // namespace
}  // namespace sysfd_test
