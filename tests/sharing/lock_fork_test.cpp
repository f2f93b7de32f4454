// SPDX-License-Identifier: MIT
//
// Tests locks and forked processes: each has a copy of the descriptor.
#include <sysfd/description_lock.hpp>

#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>

#include "support/prelude.hpp"

#include "sharing/files.hpp"
#include "sharing/second_holder.hpp"

namespace sysfd_test {
namespace {

// A forked process that only lives, with copies of all descriptors, until this is destroyed.
class ForkedProcess {
 public:
  ForkedProcess() : rope_(must(sysfd::pipe())) {
    child_ = ::fork();
    if (child_ < 0) std::abort();
    if (child_ == 0) {
      ::close(rope_.write.get());
      char byte = 0;
      (void)!::read(rope_.read.get(), &byte, 1);
      ::_exit(0);
    }
  }
  ~ForkedProcess() {
    (void)std::move(rope_.write).close();
    ::waitpid(child_, nullptr, 0);
  }
  ForkedProcess(const ForkedProcess&) = delete;
  ForkedProcess& operator=(const ForkedProcess&) = delete;

 private:
  Pipe rope_;
  pid_t child_;
};

bool can_lock(const OwnedFd& fd) {
  return DescriptionLock::try_acquire(fd, LockMode::exclusive).has_value();
}

TEST(ForkedFlock, IsProlongedByAForkedProcess) {
  const ScratchFile file;
  const OwnedFd other = file.open(O_RDWR);
  std::optional fd = file.open(O_RDWR);
  ASSERT_EQ(::flock(fd->get(), LOCK_EX), 0);
  {
    const ForkedProcess forked;
    fd.reset();
    EXPECT_EQ(::flock(other.get(), LOCK_EX | LOCK_NB), -1) << "closed, and locked nevertheless";
  }
  EXPECT_EQ(::flock(other.get(), LOCK_EX | LOCK_NB), 0);
}

TEST(ForkedFlock, IsNotProlongedByACommand) {
  const ScratchFile file;
  const OwnedFd other = file.open(O_RDWR);
  std::optional fd = file.open(O_RDWR);
  ASSERT_EQ(::flock(fd->get(), LOCK_EX), 0);
  const SecondHolder holder;
  fd.reset();
  EXPECT_EQ(::flock(other.get(), LOCK_EX | LOCK_NB), 0);
}

TEST(ForkedFlock, IsDroppedByAnyHolder) {
  const ScratchFile file;
  const OwnedFd other = file.open(O_RDWR);
  const OwnedFd fd = file.open(O_RDWR);
  ASSERT_EQ(::flock(fd.get(), LOCK_EX), 0);
  SecondHolder holder(fd);
  EXPECT_EQ(holder(Do::file_lock, LOCK_UN), 0);
  EXPECT_EQ(::flock(other.get(), LOCK_EX | LOCK_NB), 0);
}

TEST(ForkedLock, IsUnlockedThoughAForkedProcessHasACopy) {
  const ScratchFile file;
  const OwnedFd other = file.open(O_RDWR);
  const OwnedFd fd = file.open(O_RDWR);
  std::optional lock = must(DescriptionLock::acquire(fd, LockMode::exclusive));
  const ForkedProcess forked;
  EXPECT_FALSE(can_lock(other));
  lock.reset();
  EXPECT_TRUE(can_lock(other));
}

TEST(ForkedLock, IsUnlockedThoughACommandRuns) {
  const ScratchFile file;
  const OwnedFd other = file.open(O_RDWR);
  std::optional fd = file.open(O_RDWR);
  std::optional lock = must(DescriptionLock::acquire(*fd, LockMode::exclusive));
  SecondHolder nothing;
  SecondHolder holder(*fd);
  lock.reset();
  EXPECT_TRUE(can_lock(other));
}

// Destroys the guard's copy in a forked process, and lets it unlock and change there.
void expect_to_leave_it_alone(std::optional<DescriptionLock>& lock) {
  EXPECT_EQ(error_of(lock->upgrade()).value(), EPERM);
  EXPECT_EQ(error_of(lock->downgrade()).value(), EPERM);
  EXPECT_EQ(error_of(lock->try_upgrade()).value(), EPERM);
  EXPECT_EQ(error_of(lock->try_upgrade_for(std::chrono::hours(1))).value(), EPERM);
  EXPECT_EQ(error_of(std::move(*lock).unlock()).value(), EPERM);
  DescriptionLock moved = *std::move(lock);
  EXPECT_EQ(error_of(std::move(moved).unlock()).value(), EPERM);
  lock.reset();
}

TEST(ForkedLock, BelongsToItsParentAndNotToTheForkedProcess) {
  const ScratchFile file;
  const OwnedFd other = file.open(O_RDWR);
  const OwnedFd fd = file.open(O_RDWR);
  std::optional lock = must(DescriptionLock::acquire(fd, LockMode::exclusive));
  run_apart([&] { expect_to_leave_it_alone(lock); });
  EXPECT_FALSE(can_lock(other)) << "the forked process has unlocked it";
  run_apart([&] {
    run_apart([&] { expect_to_leave_it_alone(lock); });  // a grandchild
    lock.reset();
  });
  EXPECT_FALSE(can_lock(other));
  EXPECT_TRUE(lock->downgrade()) << "here it is what it was";
  lock.reset();
  EXPECT_TRUE(can_lock(other));
}

TEST(ForkedLock, OfTheForkedProcessBelongsToIt) {
  const ScratchFile file;
  const OwnedFd other = file.open(O_RDWR);
  const OwnedFd fd = file.open(O_RDWR);
  std::optional lock = must(DescriptionLock::acquire(fd, LockMode::exclusive, {0, 1}));
  run_apart([&] {
    auto own = must(DescriptionLock::acquire(fd, LockMode::shared, {1, 1}));
    EXPECT_TRUE(own.upgrade());
    run_apart([&] { EXPECT_EQ(error_of(std::move(own).unlock()).value(), EPERM); });
    EXPECT_EQ(error_of(DescriptionLock::try_acquire(other, LockMode::shared, {1, 1})),
              std::errc::resource_unavailable_try_again);
    EXPECT_TRUE(std::move(own).unlock());
    EXPECT_TRUE(DescriptionLock::try_acquire(other, LockMode::shared, {1, 1}).has_value());
    EXPECT_EQ(error_of(std::move(*lock).unlock()).value(), EPERM);
  });
  EXPECT_FALSE(can_lock(other));
}

// It is process 1 there, as is another process's parent: process numbers prove nothing.
TEST(ForkedLockInPidNamespaces, BelongsToItsParentIfBothHaveTheSameNumber) {
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_ONE_THREAD();
  const ScratchFile file;
  const OwnedFd other = file.open(O_RDWR);
  run_apart([&] {
    ASSERT_EQ(::unshare(CLONE_NEWPID), 0);
    run_apart([&] {
      ASSERT_EQ(::getpid(), 1);
      const OwnedFd fd = file.open(O_RDWR);
      std::optional lock = must(DescriptionLock::acquire(fd, LockMode::exclusive));
      ASSERT_EQ(::unshare(CLONE_NEWPID), 0);
      run_apart([&] {
        ASSERT_EQ(::getpid(), 1);
        expect_to_leave_it_alone(lock);
      });
      EXPECT_FALSE(can_lock(other));
    });
  });
}

}  // namespace
}  // namespace sysfd_test
