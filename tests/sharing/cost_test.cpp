// SPDX-License-Identifier: MIT
//
// Counts system calls and allocations. Those of a PositionedFile are in its own tests.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <vector>

#include <sysfd/description.hpp>
#include <sysfd/description_lock.hpp>
#include <sysfd/fd_passing.hpp>
#include <sysfd/flock_lock.hpp>
#include <sysfd/positioned_file.hpp>
#include <sysfd/sealed_memory.hpp>

#include "support/prelude.hpp"

#include "sharing/files.hpp"
#include "support/allocations.hpp"
#include "support/kernel_features.hpp"
#include "support/system_calls.hpp"

namespace sysfd_test {
namespace {

using Calls = std::vector<long>;

class SharingCost : public testing::Test {
 public:
  void SetUp() override {
    SYSFD_REQUIRE_COUNTED_ALLOCATIONS();
    SYSFD_REQUIRE_ISOLATION();
    SYSFD_REQUIRE_ONE_THREAD();  // the sanitizer's runtime makes calls for its memory
  }
  const ScratchFile scratch{"0123456789"};
  const OwnedFd fd = scratch.open(O_RDWR);
};

// fstat(2) has different numbers in different libraries.
#define SYSFD_EXPECT_NUMBER_OF_CALLS(body, count) \
  {                                               \
    const auto calls = system_calls_of(body);     \
    if (!calls) GTEST_SKIP() << "needs ptrace";   \
    EXPECT_EQ(calls->size(), std::size_t{count}); \
  }

#define SYSFD_EXPECT_CALLS(body, ...)           \
  {                                             \
    const auto calls = system_calls_of(body);   \
    if (!calls) GTEST_SKIP() << "needs ptrace"; \
    EXPECT_EQ(*calls, (Calls{__VA_ARGS__}));    \
  }

TEST_F(SharingCost, AllocatesNothing) {
  EXPECT_GT(allocations_of([] { (void)std::vector<int>(1).data(); }), 0) << "or nothing counts";
  const OwnedFd sealed = must(sealed_memfd("sealed", bytes("x")));
  const OwnedFd fixed = must(fixed_memfd("fixed", 1));
  const OwnedFd closed_soon = must(fd.duplicate());
  const auto pair = must(socket_pair(SOCK_STREAM));
  const std::vector<BorrowedFd> fds(253, fd);
  PositionedFile file(must(UniqueDescription::open(cwd(), scratch.path(), O_RDWR)));
  std::array<char, 4> buffer{};
  const std::string path = scratch.path();
  const auto each = [&] {
    EXPECT_TRUE(same_description(fd, closed_soon) == true);
    EXPECT_TRUE(reopen(fd, O_RDONLY));
    EXPECT_FALSE(reopen(pair.first, O_RDONLY));
    EXPECT_TRUE(UniqueDescription::open(cwd(), path, O_RDONLY));
    EXPECT_TRUE(UniqueDescription::memfd("memory"));
    EXPECT_TRUE(file.read(buffer));
    EXPECT_TRUE(file.read_exact(buffer));
    EXPECT_TRUE(file.write(buffer));
    EXPECT_TRUE(file.write_all(buffer));
    EXPECT_TRUE(file.append(buffer));
    EXPECT_TRUE(file.seek(-1, SeekFrom::end));
    EXPECT_TRUE(file.size());
    EXPECT_TRUE(file.truncate(10));
    EXPECT_TRUE(file.sync({.data_only = true}));
    {
      auto lock = DescriptionLock::acquire(fd, LockMode::shared);
      EXPECT_TRUE(lock && lock->upgrade() && lock->downgrade() && lock->try_upgrade());
      EXPECT_FALSE(DescriptionLock::try_acquire(file, LockMode::shared).has_value());
    }
    {
      auto lock = FlockLock::acquire(fd, LockMode::shared);
      EXPECT_TRUE(lock && lock->upgrade() && lock->downgrade() && lock->try_upgrade());
    }
    EXPECT_TRUE(sealed_memfd("memory", bytes("x")));
    EXPECT_TRUE(fixed_memfd("memory", 10));
    EXPECT_TRUE(SealedMemory::map(sealed));
    EXPECT_FALSE(SealedMemory::map(fixed));
    EXPECT_TRUE(SharedMemory::map(fixed));
    EXPECT_TRUE(SealedMemory::copy(fd, 1000));
    EXPECT_TRUE(send_fds(pair.first, fds, bytes("x")));
    EXPECT_TRUE(send_fds(pair.first, fds, bytes("x"), std::chrono::hours(1)));
    EXPECT_TRUE(pass_credentials(pair.second));
  };
  EXPECT_EQ(allocations_of(each), 0);
}

TEST_F(SharingCost, ReceivingAllocatesRoomOnceBefore) {
  const auto pair = must(socket_pair(SOCK_DGRAM));
  const std::vector<BorrowedFd> fds(253, fd);
  std::array<std::byte, 4> payload{};
  for (const std::size_t count : {0U, 1U, 253U}) {
    EXPECT_TRUE(send_fds(pair.first, std::span(fds).first(count), bytes("x")));
    const auto receive = [&] { EXPECT_TRUE(receive_fds(pair.second, payload)); };
    EXPECT_EQ(allocations_of(receive), 1) << count;
  }
  EXPECT_TRUE(send_fds(pair.first, {}, bytes("x")));
  const auto receive_none = [&] { EXPECT_TRUE(receive_fds(pair.second, payload, {.max_fds = 0})); };
  EXPECT_EQ(allocations_of(receive_none), 0);
  EXPECT_TRUE(send_fds(pair.first, fds, bytes("x")));
  const auto refuse = [&] {
    EXPECT_TRUE(must(receive_fds(pair.second, payload, {.max_fds = 1})).fds_error);
  };
  EXPECT_EQ(allocations_of(refuse), 1);
}

// /proc is checked before its links are opened.
TEST_F(SharingCost, OfReopeningIsNineSystemCalls) {
  SYSFD_EXPECT_NUMBER_OF_CALLS([&] { EXPECT_TRUE(reopen(fd, O_RDONLY)); }, 9 + 1);
  SYSFD_EXPECT_CALLS([] { EXPECT_TRUE(UniqueDescription::open(cwd(), "/", O_RDONLY)); }, SYS_openat,
                     SYS_close);
}

TEST_F(SharingCost, OfALockIsOneSystemCallEachInAdditionToItsDuplicate) {
  // The first one in a process takes two more.
  const auto acquire = [&] {
    EXPECT_TRUE(DescriptionLock::acquire(fd, LockMode::shared).has_value());
  };
  const auto try_it = [&] {
    EXPECT_TRUE(DescriptionLock::try_acquire(fd, LockMode::shared).has_value());
  };
  acquire();
  SYSFD_EXPECT_CALLS(acquire, SYS_fcntl, SYS_fcntl, SYS_fcntl, SYS_close);
  SYSFD_EXPECT_CALLS(try_it, SYS_fcntl, SYS_fcntl, SYS_fcntl, SYS_close);
  const OwnedFd other = scratch.open(O_RDWR);
  auto lock = must(DescriptionLock::acquire(other, LockMode::exclusive));
  SYSFD_EXPECT_CALLS(
      [&] { EXPECT_FALSE(DescriptionLock::try_acquire(fd, LockMode::shared).has_value()); },
      SYS_fcntl, SYS_fcntl, SYS_close);
  const auto change = [&] {
    auto own = must(DescriptionLock::acquire(fd, LockMode::shared, {100, 1}));
    EXPECT_TRUE(own.upgrade() && own.downgrade() && own.try_upgrade() && std::move(own).unlock());
  };
  EXPECT_TRUE(std::move(lock).unlock());
  SYSFD_EXPECT_CALLS(change, SYS_fcntl, SYS_fcntl, SYS_fcntl, SYS_fcntl, SYS_fcntl, SYS_fcntl,
                     SYS_close);
}

TEST_F(SharingCost, OfALockOfAWholeFileIsTwoSystemCallsAndTwoToUnlock) {
  const auto acquire = [&] { EXPECT_TRUE(FlockLock::acquire(fd, LockMode::shared).has_value()); };
  acquire();  // the first one in a process takes two more
  SYSFD_EXPECT_CALLS(acquire, SYS_fcntl, SYS_flock, SYS_flock, SYS_close);
  const auto change = [&] {
    auto lock = must(FlockLock::acquire(fd, LockMode::shared));
    EXPECT_TRUE(lock.upgrade() && lock.downgrade() && std::move(lock).unlock());
  };
  SYSFD_EXPECT_CALLS(change, SYS_fcntl, SYS_flock, SYS_flock, SYS_flock, SYS_flock, SYS_close);
}

TEST_F(SharingCost, OfTheSizeIsOneSystemCall) {
  PositionedFile file(must(fd.duplicate()));
  SYSFD_EXPECT_NUMBER_OF_CALLS([&] { EXPECT_TRUE(file.size()); }, 1);
  SYSFD_EXPECT_NUMBER_OF_CALLS([&] { EXPECT_TRUE(file.seek(0, SeekFrom::end)); }, 1);
}

TEST_F(SharingCost, OfMemory) {
  const OwnedFd sealed = must(sealed_memfd("sealed", bytes("x")));
  const OwnedFd fixed = must(fixed_memfd("fixed", 1));
  const auto close_and_make = [] { EXPECT_TRUE(sealed_memfd("memory", bytes("x"))); };
  if (kernel_has("MFD_NOEXEC_SEAL")) {  // otherwise it is tried first
    SYSFD_EXPECT_CALLS(close_and_make, SYS_memfd_create, SYS_write, SYS_fcntl, SYS_close);
    SYSFD_EXPECT_CALLS([] { EXPECT_TRUE(sealed_memfd("memory", {})); }, SYS_memfd_create, SYS_fcntl,
                       SYS_close);
    SYSFD_EXPECT_CALLS([] { EXPECT_TRUE(fixed_memfd("memory", 1)); }, SYS_memfd_create,
                       SYS_ftruncate, SYS_fcntl, SYS_close);
  }
  SYSFD_EXPECT_NUMBER_OF_CALLS([&] { EXPECT_TRUE(SealedMemory::map(sealed)); }, 3 + 1);
  SYSFD_EXPECT_NUMBER_OF_CALLS([&] { EXPECT_TRUE(SharedMemory::map(fixed)); }, 3 + 1);
  SYSFD_EXPECT_CALLS([&] { EXPECT_FALSE(SealedMemory::map(fixed)); }, SYS_fcntl);
}

TEST_F(SharingCost, OfAMessageIsOneSystemCall) {
  const auto pair = must(socket_pair(SOCK_STREAM));
  const std::vector<BorrowedFd> fds(3, fd);
  SYSFD_EXPECT_CALLS([&] { EXPECT_TRUE(send_fds(pair.first, fds, bytes("x"))); }, SYS_getsockopt,
                     SYS_sendmsg);
  SYSFD_EXPECT_CALLS(
      [&] { EXPECT_TRUE(send_fds(pair.first, {}, bytes("x"), std::chrono::hours(1))); },
      SYS_sendmsg);
  SYSFD_EXPECT_CALLS([&] { EXPECT_TRUE(send_fds(pair.second, {}, bytes("x"))); }, SYS_sendmsg);
  std::array<std::byte, 4> payload{};
  SYSFD_EXPECT_CALLS([&] { EXPECT_TRUE(receive_fds(pair.second, payload)); }, SYS_recvmsg,
                     SYS_close, SYS_close, SYS_close);
  SYSFD_EXPECT_CALLS([&] { EXPECT_FALSE(send_fds(pair.first, fds, {})); });
  SYSFD_EXPECT_CALLS([&] { EXPECT_TRUE(pass_credentials(pair.first)); }, SYS_setsockopt);
}

}  // namespace
}  // namespace sysfd_test
