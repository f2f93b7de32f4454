// SPDX-License-Identifier: MIT
//
// Runs every public function of this module on a thread with a stack of 16 KiB.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sysfd/description.hpp>
#include <sysfd/description_lock.hpp>
#include <sysfd/fd_passing.hpp>
#include <sysfd/flock_lock.hpp>
#include <sysfd/positioned_file.hpp>
#include <sysfd/sealed_memory.hpp>

#include "support/prelude.hpp"

#include "sharing/files.hpp"
#include "support/small_stack.hpp"

namespace sysfd_test {
namespace {

TEST(SharingSmallStack, SufficesForDescriptions) {
  const ScratchFile scratch(digits);
  const OwnedFd file = scratch.open(O_RDWR);
  const std::string path = scratch.path();
  run_on_small_stack([&] {
    EXPECT_TRUE(same_description(file, file) == true);
    EXPECT_TRUE(reopen(file, O_RDONLY));
    EXPECT_TRUE(UniqueDescription::open(cwd(), path, O_RDONLY));
    EXPECT_TRUE(UniqueDescription::memfd("memory"));
    auto unique = UniqueDescription::reopen(file, O_RDONLY);
    ASSERT_TRUE(unique);
    EXPECT_GE(LentFd(*unique).get(), 0);
    EXPECT_TRUE(std::move(*unique).close());
    EXPECT_TRUE(must(UniqueDescription::memfd("memory")).into_shareable().duplicate());
  });
}

void use(PositionedFile file) {
  std::array<std::byte, 4> buffer{};
  std::string text = "text";
  const iovec vector{text.data(), text.size()};
  EXPECT_TRUE(file.read(buffer));
  EXPECT_TRUE(file.read_exact(buffer));
  EXPECT_TRUE(file.read(text));
  (void)file.read_at(buffer, 0, {.nowait = true});
  EXPECT_TRUE(file.read_at(std::span(&vector, 1), 0));
  EXPECT_TRUE(file.read_exact_at(buffer, 0));
  EXPECT_TRUE(file.write(buffer));
  EXPECT_TRUE(file.write_all(buffer));
  EXPECT_TRUE(file.write(text));
  EXPECT_TRUE(file.write_at(buffer, 0));
  EXPECT_TRUE(file.write_at(std::span(&vector, 1), 0));
  EXPECT_TRUE(file.write_all_at(buffer, 0));
  (void)file.append(buffer);
  EXPECT_TRUE(file.seek(-1, SeekFrom::end));
  EXPECT_TRUE(file.size());
  EXPECT_TRUE(file.truncate(10));
  EXPECT_TRUE(file.sync());
  EXPECT_TRUE(file.sync({.data_only = true}));
  EXPECT_GE(std::move(file).into_fd().get(), 0);
}

TEST(SharingSmallStack, SufficesForPositionedFiles) {
  const ScratchFile scratch(digits);
  const OwnedFd file = scratch.open(O_RDWR);
  run_on_small_stack([&] {
    use(PositionedFile(must(UniqueDescription::reopen(file, O_RDWR))));
    (void)PositionedFile(must(file.duplicate())).write_at(bytes("x"), 0);
  });
}

TEST(SharingSmallStack, SufficesForLocks) {
  const ScratchFile scratch(digits);
  const OwnedFd file = scratch.open(O_RDWR);
  run_on_small_stack([&] {
    auto lock = DescriptionLock::acquire(file, LockMode::shared);
    ASSERT_TRUE(lock);
    EXPECT_TRUE(lock->upgrade());
    EXPECT_TRUE(lock->downgrade());
    EXPECT_TRUE(lock->try_upgrade());
    EXPECT_TRUE(lock->try_upgrade_for(1ms));
    EXPECT_TRUE(lock->try_upgrade_until(std::chrono::steady_clock::now()));
    DescriptionLock moved = std::move(*lock);
    EXPECT_TRUE(std::move(moved).unlock());
    EXPECT_TRUE(DescriptionLock::try_acquire(file, LockMode::shared).has_value());
    EXPECT_TRUE(DescriptionLock::try_acquire_for(file, LockMode::shared, 1ms).has_value());
    EXPECT_TRUE(DescriptionLock::try_acquire_until(file, LockMode::shared, {}).has_value());
  });
}

TEST(SharingSmallStack, SufficesForLocksOfWholeFiles) {
  const ScratchFile scratch(digits);
  const OwnedFd file = scratch.open(O_RDWR);
  run_on_small_stack([&] {
    auto lock = FlockLock::acquire(file, LockMode::shared);
    ASSERT_TRUE(lock);
    EXPECT_TRUE(lock->upgrade());
    EXPECT_TRUE(lock->downgrade());
    EXPECT_TRUE(lock->try_upgrade());
    EXPECT_TRUE(lock->try_upgrade_for(1ms));
    EXPECT_TRUE(lock->try_upgrade_until(std::chrono::steady_clock::now()));
    EXPECT_TRUE(lock->is_locked());
    FlockLock moved = std::move(*lock);
    EXPECT_TRUE(FlockLock::adopt(std::move(moved).release(), LockMode::exclusive).has_value());
    EXPECT_TRUE(must(FlockLock::try_acquire(file, LockMode::shared)).unlock());
    EXPECT_TRUE(FlockLock::try_acquire_for(file, LockMode::shared, 1ms).has_value());
    EXPECT_TRUE(FlockLock::try_acquire_until(file, LockMode::shared, {}).has_value());
  });
}

TEST(SharingSmallStack, SufficesForMemory) {
  const ScratchFile scratch(digits);
  const OwnedFd file = scratch.open(O_RDWR);
  run_on_small_stack([&] {
    const auto sealed = sealed_memfd("memory", bytes("content"));
    ASSERT_TRUE(sealed);
    EXPECT_EQ(must(SealedMemory::map(*sealed)).bytes().size(), 7U);
    const auto fixed = fixed_memfd("memory", 100);
    ASSERT_TRUE(fixed);
    EXPECT_EQ(must(SharedMemory::map(*fixed)).bytes().size(), 100U);
    const auto refused = SealedMemory::map(*fixed);
    ASSERT_FALSE(refused);
    EXPECT_FALSE(refused.error().message().empty());
    EXPECT_EQ(must(SealedMemory::copy(file, 1000)).bytes().size(), digits.size());
  });
}

TEST(SharingSmallStack, SufficesForMessages) {
  const ScratchFile scratch(digits);
  const OwnedFd file = scratch.open(O_RDWR);
  const auto pair = must(socket_pair(SOCK_STREAM));
  const std::vector<BorrowedFd> fds(max_fds_in_message, file);
  run_on_small_stack([&] {
    EXPECT_TRUE(pass_credentials(pair.second));
    (void)pass_pidfd(pair.second);
    (void)pass_fds(pair.second, true);
    std::array<std::byte, 4> payload{};
    std::vector<OwnedFd> unwanted;
    EXPECT_TRUE(send_fds(pair.first, fds, bytes("x")));
    EXPECT_TRUE(receive_fds(pair.second, payload));
    EXPECT_TRUE(send_fds(pair.first, fds, bytes("x")));
    EXPECT_TRUE(receive_fds(pair.second, payload, {.max_fds = 1, .unwanted = &unwanted}));
    EXPECT_EQ(unwanted.size(), fds.size());
    EXPECT_TRUE(send_fds(pair.first, fds, bytes("x"), 1ms));
    EXPECT_TRUE(receive_fds(pair.second, payload, {.timeout = 1h}));
    EXPECT_FALSE(receive_fds(pair.second, payload, {.timeout = 1ms}));
  });
}

}  // namespace
}  // namespace sysfd_test
