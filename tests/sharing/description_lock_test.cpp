// SPDX-License-Identifier: MIT
//
// Tests which locks exclude which others.
#include <sysfd/description_lock.hpp>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <thread>
#include <vector>

#include <sysfd/positioned_file.hpp>

#include "support/prelude.hpp"

#include "sharing/files.hpp"
#include "sharing/second_holder.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

// Returns the conflicting lock for this description from the kernel: F_UNLCK if there is none.
short in_the_way(const OwnedFd& fd, LockRange range = {}) {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_start = static_cast<off_t>(range.start);
  lock.l_len = static_cast<off_t>(range.length);
  if (::fcntl(fd.get(), 36 /* F_OFD_GETLK */, &lock) != 0) std::abort();
  return lock.l_type;
}

bool is_had(const Result<DescriptionLock>& lock) {
  if (lock) return true;
  EXPECT_EQ(lock.error(), std::errc::resource_unavailable_try_again);
  return false;
}

class Lock : public testing::Test {
 public:
  const ScratchFile file{"0123456789"};
  const OwnedFd one = file.open(O_RDWR);
  const OwnedFd two = file.open(O_RDWR);
};

TEST_F(Lock, KeepsAnotherDescriptionOfThisProcessOutAsItsModeSays) {
  for (const LockMode held : {LockMode::shared, LockMode::exclusive})
    for (const LockMode wanted : {LockMode::shared, LockMode::exclusive}) {
      const auto lock = must(DescriptionLock::acquire(one, held));
      EXPECT_EQ(lock.mode(), held);
      EXPECT_EQ(lock.range().start + lock.range().length, 0U);
      const bool both = held == LockMode::shared && wanted == LockMode::shared;
      EXPECT_EQ(is_had(DescriptionLock::try_acquire(two, wanted)), both);
      EXPECT_EQ(in_the_way(two), held == LockMode::shared ? F_RDLCK : F_WRLCK);
    }
  EXPECT_EQ(in_the_way(two), F_UNLCK);
}

TEST_F(Lock, KeepsAnotherProcessOutAndIsKeptOutByIt) {
  SecondHolder holder;
  EXPECT_GE(holder(Do::open, file.path(), O_RDWR), 0);
  for (const LockMode held : {LockMode::shared, LockMode::exclusive})
    for (const LockMode wanted : {LockMode::shared, LockMode::exclusive}) {
      const bool both = held == LockMode::shared && wanted == LockMode::shared;
      const short their_type = wanted == LockMode::shared ? F_RDLCK : F_WRLCK;
      const long answer = both ? 0 : -EAGAIN;
      std::optional lock = must(DescriptionLock::acquire(one, held));
      EXPECT_EQ(holder(Do::lock, their_type), answer);
      EXPECT_EQ(holder(Do::lock, F_UNLCK), 0);
      lock.reset();
      EXPECT_EQ(holder(Do::lock, their_type), 0);
      EXPECT_EQ(is_had(DescriptionLock::try_acquire(one, held)), both);
      EXPECT_EQ(holder(Do::lock, F_UNLCK), 0);
      EXPECT_TRUE(is_had(DescriptionLock::try_acquire(one, held)));
    }
}

TEST_F(Lock, ExcludesTheLocksOfProcessesAndIsExcludedByThem) {
  SecondHolder holder;
  EXPECT_GE(holder(Do::open, file.path(), O_RDWR), 0);
  for (const LockMode held : {LockMode::shared, LockMode::exclusive})
    for (const short their_type : {short{F_RDLCK}, short{F_WRLCK}}) {
      const bool both = held == LockMode::shared && their_type == F_RDLCK;
      std::optional lock = must(DescriptionLock::acquire(one, held, {0, 5}));
      EXPECT_EQ(holder(Do::process_lock, their_type, 5, 0), both ? 0 : -EAGAIN);
      EXPECT_EQ(holder(Do::process_lock, F_UNLCK), 0);
      EXPECT_EQ(holder(Do::process_lock, their_type, 5, 5), 0) << "is beside it";
      EXPECT_EQ(is_had(DescriptionLock::try_acquire(one, held)), both);
      lock.reset();
      EXPECT_EQ(holder(Do::process_lock, F_UNLCK), 0);
      EXPECT_TRUE(is_had(DescriptionLock::try_acquire(one, held)));
    }
}

TEST_F(Lock, IsThatOfAllWhoHaveTheDescription) {
  SecondHolder holder(one);
  const OwnedFd copy = must(one.duplicate());
  const auto lock = must(DescriptionLock::acquire(one, LockMode::exclusive));
  EXPECT_TRUE(is_had(DescriptionLock::try_acquire(copy, LockMode::exclusive)));
  EXPECT_EQ(in_the_way(two), F_UNLCK) << "the second guard has unlocked it for both";
  const auto again = must(DescriptionLock::acquire(one, LockMode::exclusive));
  EXPECT_EQ(holder(Do::lock, F_WRLCK), 0) << "it does not exclude another process with it either";
}

TEST_F(Lock, IsNotLostWhenSomeOtherDescriptorOfTheFileIsClosed) {
  const auto lock = must(DescriptionLock::acquire(one, LockMode::exclusive));
  (void)file.content();  // closes a descriptor: an F_SETLK lock would be lost
  EXPECT_EQ(in_the_way(two), F_WRLCK);
}

TEST_F(Lock, IsForARange) {
  const auto lock = must(DescriptionLock::acquire(one, LockMode::exclusive, {10, 5}));
  EXPECT_EQ(lock.range().start, 10U);
  EXPECT_EQ(lock.range().length, 5U);
  const auto can_have = [&](LockRange range) {
    return is_had(DescriptionLock::try_acquire(two, LockMode::shared, range));
  };
  EXPECT_TRUE(can_have({0, 10})) << "they are adjacent";
  EXPECT_TRUE(can_have({15, 1}));
  EXPECT_TRUE(can_have({15, 0})) << "to the end";
  EXPECT_FALSE(can_have({0, 11}));
  EXPECT_FALSE(can_have({14, 1}));
  EXPECT_FALSE(can_have({12, 1}));
  EXPECT_FALSE(can_have({5, 100}));
  EXPECT_FALSE(can_have({5, 0}));
  EXPECT_FALSE(can_have({}));
}

TEST_F(Lock, ToTheEndIsAlsoForWhatComesLater) {
  const auto lock = must(DescriptionLock::acquire(one, LockMode::exclusive, {10, 0}));
  ASSERT_EQ(::ftruncate(one.get(), 1 << 20), 0);
  EXPECT_FALSE(is_had(DescriptionLock::try_acquire(two, LockMode::shared, {1 << 19, 1})));
  EXPECT_FALSE(is_had(DescriptionLock::try_acquire(two, LockMode::shared, {1ULL << 62, 1})));
  EXPECT_TRUE(is_had(DescriptionLock::try_acquire(two, LockMode::shared, {0, 10})));
}

TEST_F(Lock, BeyondTheLastOffsetIsAnError) {
  constexpr std::uint64_t furthest = std::numeric_limits<std::int64_t>::max();
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  for (const LockRange range :
       {LockRange{furthest + 1, 0}, LockRange{most, 1}, LockRange{0, furthest + 1},
        LockRange{0, most}, LockRange{10, furthest - 9}, LockRange{furthest, furthest},
        LockRange{most, most}, LockRange{2, most - 1}}) {
    const auto mode = LockMode::exclusive;
    EXPECT_EQ(error_of(DescriptionLock::acquire(one, mode, range)).value(), EINVAL);
    EXPECT_EQ(error_of(DescriptionLock::try_acquire(one, mode, range)).value(), EINVAL);
    EXPECT_EQ(error_of(DescriptionLock::try_acquire_for(one, mode, 1h, range)).value(), EINVAL);
  }
  EXPECT_TRUE(DescriptionLock::acquire(one, LockMode::exclusive, {furthest, 0}).has_value());
  EXPECT_TRUE(DescriptionLock::acquire(one, LockMode::exclusive, {0, furthest}).has_value());
  EXPECT_TRUE(DescriptionLock::acquire(one, LockMode::exclusive, {furthest - 1, 1}).has_value());
  EXPECT_EQ(in_the_way(two), F_UNLCK);
}

TEST_F(Lock, OfSeveralRangesIsSeveralGuards) {
  std::optional first = must(DescriptionLock::acquire(one, LockMode::exclusive, {0, 5}));
  std::optional second = must(DescriptionLock::acquire(one, LockMode::shared, {5, 5}));
  first.reset();
  EXPECT_EQ(in_the_way(two, {0, 5}), F_UNLCK);
  EXPECT_EQ(in_the_way(two, {5, 5}), F_RDLCK);
  second.reset();
  EXPECT_EQ(in_the_way(two), F_UNLCK);
}

TEST_F(Lock, NeedsADescriptorThatIsOpenForIt) {
  const OwnedFd reader = file.open(O_RDONLY);
  const OwnedFd writer = file.open(O_WRONLY);
  EXPECT_EQ(error_of(DescriptionLock::acquire(reader, LockMode::exclusive)).value(), EBADF);
  EXPECT_EQ(error_of(DescriptionLock::try_acquire(reader, LockMode::exclusive)).value(), EBADF);
  EXPECT_EQ(error_of(DescriptionLock::try_acquire_for(reader, LockMode::exclusive, 1h)).value(),
            EBADF);
  EXPECT_EQ(error_of(DescriptionLock::acquire(writer, LockMode::shared)).value(), EBADF);
  auto shared = must(DescriptionLock::acquire(reader, LockMode::shared, {0, 50}));
  EXPECT_EQ(error_of(shared.upgrade()).value(), EBADF);
  EXPECT_EQ(error_of(shared.try_upgrade()).value(), EBADF);
  EXPECT_EQ(shared.mode(), LockMode::shared);
  auto exclusive = must(DescriptionLock::acquire(writer, LockMode::exclusive, {100, 1}));
  EXPECT_EQ(error_of(exclusive.downgrade()).value(), EBADF);
  EXPECT_EQ(exclusive.mode(), LockMode::exclusive);
  EXPECT_EQ(in_the_way(two), F_RDLCK) << "and both still are what they were";
  EXPECT_EQ(in_the_way(two, {100, 1}), F_WRLCK);

  const int number = must(one.duplicate()).get();  // closed again
  const auto closed = BorrowedFd::unsafe_borrow(number);
  EXPECT_EQ(error_of(DescriptionLock::acquire(closed, LockMode::shared)).value(), EBADF);
  EXPECT_EQ(error_of(DescriptionLock::acquire(cwd(), LockMode::shared)).value(), EBADF);
}

TEST_F(Lock, WorksThroughEveryTypeThatCanBeBorrowedFrom) {
  auto description = must(UniqueDescription::open(cwd(), file.path(), O_RDWR));
  EXPECT_TRUE(is_had(DescriptionLock::try_acquire(description, LockMode::exclusive)));
  const PositionedFile positioned(std::move(description));
  const auto lock = must(DescriptionLock::acquire(positioned, LockMode::exclusive));
  EXPECT_EQ(in_the_way(two), F_WRLCK);
  EXPECT_FALSE(is_had(DescriptionLock::try_acquire(two.borrow(), LockMode::exclusive)));
}

TEST_F(Lock, IsMovedAndThenUnlockedOnce) {
  auto first = must(DescriptionLock::acquire(one, LockMode::exclusive, {0, 5}));
  {
    const DescriptionLock moved = std::move(first);
    EXPECT_EQ(in_the_way(two), F_WRLCK);
  }
  EXPECT_EQ(in_the_way(two), F_UNLCK);
  // A guard that was moved from must not unlock what another guard has locked since.
  const auto second = must(DescriptionLock::acquire(one, LockMode::exclusive, {0, 5}));
  {
    const DescriptionLock gone = std::move(first);
  }
  EXPECT_EQ(in_the_way(two), F_WRLCK);
}

TEST_F(Lock, ThatIsAssignedToUnlocksWhatItHadBefore) {
  auto lock = must(DescriptionLock::acquire(one, LockMode::exclusive, {0, 5}));
  auto other = must(DescriptionLock::acquire(one, LockMode::shared, {5, 5}));
  lock = std::move(other);
  EXPECT_EQ(in_the_way(two, {0, 5}), F_UNLCK);
  EXPECT_EQ(in_the_way(two, {5, 5}), F_RDLCK);
  EXPECT_EQ(lock.mode(), LockMode::shared);
  EXPECT_EQ(lock.range().start, 5U);
  DescriptionLock& itself = lock;
  lock = std::move(itself);
  EXPECT_EQ(in_the_way(two, {5, 5}), F_RDLCK) << "assigned to itself";
  EXPECT_TRUE(std::move(lock).unlock());
  EXPECT_EQ(in_the_way(two), F_UNLCK);
}

// The test uses the same range, and ranges that overlap.
TEST_F(Lock, ThatIsAssignedToKeepsWhatTheNewOneHasToo) {
  struct Case {
    LockRange before, after;
    std::vector<LockRange> locked, unlocked;
  };
  for (const Case& each : std::vector<Case>{
           {{}, {}, {{0, 1}, {1000, 1}}, {}},
           {{2, 6}, {2, 6}, {{2, 6}}, {{0, 2}, {8, 0}}},
           {{2, 6}, {4, 2}, {{4, 2}}, {{0, 4}, {6, 0}}},
           {{2, 6}, {0, 4}, {{0, 4}}, {{4, 0}}},
           {{2, 6}, {6, 0}, {{6, 0}}, {{0, 6}}},
           {{2, 0}, {4, 2}, {{4, 2}}, {{0, 4}, {6, 0}}},
           {{4, 2}, {}, {{0, 1}, {1000, 1}}, {}},
           {{0, 2}, {4, 2}, {{4, 2}}, {{0, 4}, {6, 0}}},
       }) {
    SCOPED_TRACE(std::to_string(each.before.start) + ", then " + std::to_string(each.after.start));
    auto lock = must(DescriptionLock::acquire(one, LockMode::shared, each.before));
    lock = must(DescriptionLock::acquire(one, LockMode::exclusive, each.after));
    EXPECT_EQ(lock.mode(), LockMode::exclusive);
    EXPECT_EQ(lock.range().start, each.after.start);
    for (const LockRange range : each.locked)
      EXPECT_EQ(in_the_way(two, range), F_WRLCK) << range.start;
    for (const LockRange range : each.unlocked)
      EXPECT_EQ(in_the_way(two, range), F_UNLCK) << range.start;
  }
  EXPECT_EQ(in_the_way(two), F_UNLCK);
}

TEST_F(Lock, ThatIsUnlockedIsNotUnlockedAgain) {
  auto lock = must(DescriptionLock::acquire(one, LockMode::exclusive));
  EXPECT_TRUE(std::move(lock).unlock());
  const auto next = must(DescriptionLock::acquire(one, LockMode::exclusive));
  {
    const DescriptionLock gone = std::move(lock);
  }
  EXPECT_EQ(in_the_way(two), F_WRLCK);
}

TEST_F(Lock, ThatIsDestroyedLeavesErrnoAlone) {
  std::optional copy = must(one.duplicate());
  std::optional lock = must(DescriptionLock::acquire(*copy, LockMode::exclusive));
  copy.reset();  // makes unlocking fail
  errno = ENOTNAM;
  lock.reset();
  EXPECT_EQ(errno, ENOTNAM);
}

TEST_F(Lock, OutlivesTheDescriptorThatItWasAcquiredBy) {
  std::optional<OwnedFd> ours = file.open(O_RDWR);
  const int number = ours->get();
  std::optional lock = must(DescriptionLock::acquire(*ours, LockMode::exclusive));
  ours.reset();
  const OwnedFd stranger = file.open(O_RDWR);  // gets the same number
  EXPECT_EQ(stranger.get(), number);
  EXPECT_FALSE(DescriptionLock::try_acquire(stranger, LockMode::exclusive).has_value())
      << "it is still locked";
  lock.reset();
  EXPECT_TRUE(DescriptionLock::try_acquire(stranger, LockMode::exclusive).has_value());
}

TEST_F(Lock, CanBePassedOn) {
  auto lock = must(DescriptionLock::acquire(file.open(O_RDWR).borrow(), LockMode::exclusive));
  OwnedFd released = std::move(lock).release();
  const OwnedFd other = file.open(O_RDWR);
  EXPECT_EQ(error_of(DescriptionLock::try_acquire(other, LockMode::shared)),
            std::errc::resource_unavailable_try_again)
      << "it goes on";
  {
    const auto adopted = must(DescriptionLock::adopt(std::move(released), LockMode::exclusive));
    EXPECT_FALSE(DescriptionLock::try_acquire(other, LockMode::shared).has_value());
  }
  EXPECT_TRUE(DescriptionLock::try_acquire(other, LockMode::exclusive).has_value())
      << "the guard unlocks";
}

TEST_F(Lock, ThatIsAssignedToUnlocksAnotherFile) {
  const ScratchFile other_file;
  const OwnedFd other = other_file.open(O_RDWR);
  auto lock = must(DescriptionLock::acquire(one, LockMode::exclusive));
  lock = must(DescriptionLock::acquire(other, LockMode::exclusive));
  EXPECT_EQ(in_the_way(two), F_UNLCK);
  EXPECT_EQ(in_the_way(other_file.open(O_RDWR)), F_WRLCK);
}

using DescriptionLockDeathTest = Lock;

TEST_F(DescriptionLockDeathTest, UseAfterAMoveStopsTheProgram) {
  auto lock = must(DescriptionLock::acquire(one, LockMode::exclusive));
  const auto moved = std::move(lock);
  constexpr const char* message = "use of a DescriptionLock that was moved from";
  EXPECT_DEATH(static_cast<void>(std::move(lock).release()), message);
  EXPECT_DEATH(static_cast<void>(std::move(lock).unlock()), message);
}

TEST_F(Lock, ThatCannotBeMadeCloseOnExecIsNotAdopted) {
  run_apart([this] {
    OwnedFd inherited = file.open(O_RDWR);
    refuse_calls({{SYS_fcntl, EPERM, RefusedCall::Match{1, F_SETFD}}});
    EXPECT_EQ(error_of(DescriptionLock::adopt(std::move(inherited), LockMode::shared)),
              std::errc::operation_not_permitted);
  });
}

TEST_F(Lock, ThatAnotherDescriptionHasCannotBeAdopted) {
  const OwnedFd other = file.open(O_RDWR);
  const auto lock = must(DescriptionLock::acquire(other, LockMode::exclusive));
  EXPECT_EQ(error_of(DescriptionLock::adopt(file.open(O_RDWR), LockMode::exclusive)),
            std::errc::resource_unavailable_try_again);
}

TEST_F(Lock, IsCloseOnExecOnceItIsAdopted) {
  OwnedFd inherited = file.open(O_RDWR);
  ASSERT_TRUE(set_close_on_exec(inherited, false));
  auto lock = must(DescriptionLock::adopt(std::move(inherited), LockMode::shared));
  const OwnedFd released = std::move(lock).release();
  EXPECT_EQ(is_close_on_exec(released), true);
}

TEST_F(Lock, IsExclusiveForManyThreads) {
  constexpr int rounds = fewer_if_sanitized(300, 3);
  std::vector<std::thread> threads;
  int inside = 0;  // protected only by the lock; sanitizers do not know the kernel's locks
  std::atomic<int> most = 0;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      const OwnedFd own = file.open(O_RDWR);
      for (int round = 0; round < rounds; ++round) {
        std::optional<DescriptionLock> lock;
        if (i % 2 == 0)
          lock = must(DescriptionLock::acquire(own, LockMode::exclusive));
        else
          while (!lock)
            lock = must(DescriptionLock::try_acquire_for(own, LockMode::exclusive, 1s));
        std::atomic_ref<int> here(inside);
        const int now = here.fetch_add(1) + 1;
        if (now > most) most = now;
        here.fetch_sub(1);
      }
    });
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(most, 1);
  EXPECT_EQ(in_the_way(two), F_UNLCK);
}

}  // namespace
}  // namespace sysfd_test
