// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "capi/objects.hpp"
#include "support/kernel_features.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

using CDescriptionLock = CObject<sysfd_description_lock, sysfd_description_lock_free>;
using CFlockLock = CObject<sysfd_flock_lock, sysfd_flock_lock_free>;
using CSealed = CObject<sysfd_sealed_memory, sysfd_sealed_memory_free>;
using CShared = CObject<sysfd_shared_memory, sysfd_shared_memory_free>;
using CMessage = CObject<sysfd_message, sysfd_message_free>;

TEST(CDescription, IsOpenedAgain) {
  const int file = sysfd_memfd("file", 0);
  const int again = sysfd_reopen(file, O_RDWR);
  ASSERT_GE(again, 3);
  EXPECT_EQ(sysfd_same_description(file, again), 0);
  EXPECT_EQ(sysfd_reopen(file, O_CREAT), -EINVAL);
  EXPECT_EQ(sysfd_close_take(file), 0);
  EXPECT_EQ(sysfd_close_take(again), 0);
}

TEST(CPositionedFile, ReadsAndWritesAtItsPosition) {
  const auto file =
      made<CFile>([](auto out) { return sysfd_positioned_file_memfd("file", 0, out); });
  EXPECT_EQ(sysfd_positioned_file_write(file.get(), "hello", 5), 5);
  EXPECT_EQ(sysfd_positioned_file_write_all(file.get(), " world", 6), 0);
  EXPECT_EQ(sysfd_positioned_file_position(file.get()), 11);
  EXPECT_EQ(sysfd_positioned_file_size(file.get()), 11);
  EXPECT_EQ(sysfd_positioned_file_seek(file.get(), -5, SYSFD_SEEK_END), 6);
  EXPECT_EQ(sysfd_positioned_file_seek(file.get(), -50, SYSFD_SEEK_POSITION), -EINVAL);
  EXPECT_EQ(sysfd_positioned_file_seek(file.get(), 0, 3), -EINVAL);
  char text[12] = {};
  EXPECT_EQ(sysfd_positioned_file_read(file.get(), text, 3, 0), 3);
  EXPECT_STREQ(text, "wor");
  EXPECT_EQ(sysfd_positioned_file_read(file.get(), text, 3, 2), -EINVAL);
  EXPECT_EQ(sysfd_positioned_file_read_exact(file.get(), text, 3), -ENODATA);
  EXPECT_EQ(sysfd_positioned_file_position(file.get()), 9);
}

TEST(CPositionedFile, ReadsAndWritesAtOffsets) {
  const auto file =
      made<CFile>([](auto out) { return sysfd_positioned_file_memfd("file", 0, out); });
  char left[] = "ab", right[] = "cd";
  const std::array<sysfd_bytes, 2> parts = {{{left, 2}, {right, 2}}};
  EXPECT_EQ(sysfd_positioned_file_writev_at(file.get(), parts.data(), 2, 2), 4);
  EXPECT_EQ(sysfd_positioned_file_write_at(file.get(), "x", 1, 0), 1);
  EXPECT_EQ(sysfd_positioned_file_write_all_at(file.get(), "y", 1, 1), 0);
  EXPECT_EQ(sysfd_positioned_file_append(file.get(), "z", 1), 1);
  char text[8] = {};
  EXPECT_EQ(sysfd_positioned_file_read_at(file.get(), text, 7, 0, 0), 7);
  EXPECT_STREQ(text, "xyabcdz");
  EXPECT_EQ(sysfd_positioned_file_readv_at(file.get(), parts.data(), 2, 3, 0), 4);
  EXPECT_STREQ(left, "bc");
  EXPECT_EQ(sysfd_positioned_file_read_exact_at(file.get(), text, 7, 1), -ENODATA);
  EXPECT_EQ(sysfd_positioned_file_truncate(file.get(), 3), 0);
  EXPECT_EQ(sysfd_positioned_file_size(file.get()), 3);
  EXPECT_EQ(sysfd_positioned_file_sync(file.get(), SYSFD_SYNC_DATA_ONLY), 0);
  EXPECT_EQ(sysfd_positioned_file_sync(file.get(), 2), -EINVAL);
}

TEST(CPositionedFile, OwnsWhatItTakesAndReleasesIt) {
  const ScratchDirectory directory;
  const std::string path = directory.path() / "file";
  auto file = made<CFile>([&](auto out) {
    return sysfd_positioned_file_open(SYSFD_CWD, path.c_str(), O_RDWR | O_CREAT, 0600, out);
  });
  const int borrowed = sysfd_positioned_file_fd_borrow(file.get());
  const auto again =
      made<CFile>([&](auto out) { return sysfd_positioned_file_reopen(borrowed, O_RDONLY, out); });
  const int fd = sysfd_positioned_file_fd_release(file.get());
  EXPECT_EQ(fd, borrowed);
  EXPECT_EQ(sysfd_positioned_file_fd_release(file.get()), -EINVAL);
  EXPECT_EQ(sysfd_positioned_file_position(file.get()), -EINVAL);
  EXPECT_EQ(sysfd_positioned_file_write(file.get(), "x", 1), -EINVAL);
  file.reset();
  EXPECT_EQ(sysfd_is_open(fd), 1);
  const auto taken = made<CFile>([&](auto out) { return sysfd_positioned_file_take(fd, 4, out); });
  EXPECT_EQ(sysfd_positioned_file_position(taken.get()), 4);
}

TEST(CPositionedFile, HasPositionsThatAreNoErrors) {
  const int fd = sysfd_memfd("file", 0);
  sysfd_positioned_file* none = nullptr;
  EXPECT_EQ(sysfd_positioned_file_take(fd, std::uint64_t{INT64_MAX} + 1, &none), -EINVAL);
  EXPECT_EQ(none, nullptr);
  sysfd_positioned_file_free(none);
  EXPECT_EQ(sysfd_is_open(fd), 0);
  const auto file = made<CFile>(
      [](auto out) { return sysfd_positioned_file_take(sysfd_memfd("file", 0), INT64_MAX, out); });
  EXPECT_EQ(sysfd_positioned_file_position(file.get()), INT64_MAX);
  EXPECT_EQ(sysfd_positioned_file_seek(file.get(), 1, SYSFD_SEEK_POSITION), -EINVAL);
}

TEST(CPositionedFile, IsClosedIfItCannotBeTaken) {
  const int fd = sysfd_memfd("file", 0);
  EXPECT_EQ(sysfd_positioned_file_take(fd, 0, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_is_open(fd), 0);
}

// Locks of both kinds, by one table of their functions.
class CLocks : public testing::Test {
 protected:
  CLocks() : path_(directory_.path() / "file") {
    for (int& fd : fds_)
      fd = sysfd_open(SYSFD_CWD, path_.c_str(), O_RDWR | O_CREAT, 0600);
  }
  ~CLocks() override {
    for (const int fd : fds_)
      EXPECT_EQ(sysfd_close_take(fd), 0);
  }
  ScratchDirectory directory_;
  std::string path_;
  int fds_[2];  // of two descriptions
};

TEST_F(CLocks, OfRangesExcludeOthers) {
  sysfd_lock_range range = SYSFD_LOCK_RANGE_INIT;
  range.start = 5;
  range.length = 10;
  auto lock = made<CDescriptionLock>([&](auto out) {
    return sysfd_description_lock_acquire(fds_[0], SYSFD_LOCK_EXCLUSIVE, &range, out);
  });
  sysfd_description_lock* none = nullptr;
  const auto soon = timeout_of(1);
  EXPECT_EQ(sysfd_description_lock_try_acquire(fds_[1], SYSFD_LOCK_SHARED, nullptr, &none),
            -EAGAIN);
  EXPECT_EQ(
      sysfd_description_lock_try_acquire_for(fds_[1], SYSFD_LOCK_SHARED, nullptr, &soon, &none),
      -ETIMEDOUT);
  EXPECT_EQ(sysfd_description_lock_try_acquire(fds_[1], 2, nullptr, &none), -EINVAL);
  EXPECT_EQ(none, nullptr);
  EXPECT_EQ(sysfd_description_lock_mode(lock.get()), SYSFD_LOCK_EXCLUSIVE);
  EXPECT_EQ(sysfd_description_lock_downgrade(lock.get()), 0);
  EXPECT_EQ(sysfd_description_lock_mode(lock.get()), SYSFD_LOCK_SHARED);
  EXPECT_EQ(sysfd_description_lock_upgrade(lock.get()), 0);
  EXPECT_EQ(sysfd_description_lock_downgrade(lock.get()), 0);
  EXPECT_EQ(sysfd_description_lock_try_upgrade(lock.get()), 0);
  EXPECT_EQ(sysfd_description_lock_try_upgrade_for(lock.get(), &soon), 0);
  sysfd_lock_range told = SYSFD_LOCK_RANGE_INIT;
  EXPECT_EQ(sysfd_description_lock_range(lock.get(), &told), 0);
  EXPECT_EQ(told.start, 5U);
  EXPECT_EQ(told.length, 10U);

  const int released = sysfd_description_lock_release(lock.get());
  EXPECT_EQ(sysfd_description_lock_mode(lock.get()), -EINVAL);
  EXPECT_EQ(sysfd_description_lock_try_acquire(fds_[1], SYSFD_LOCK_SHARED, &range, &none), -EAGAIN);
  lock = made<CDescriptionLock>([&](auto out) {
    return sysfd_description_lock_adopt_take(released, SYSFD_LOCK_EXCLUSIVE, &range, out);
  });
  EXPECT_EQ(sysfd_description_lock_unlock(lock.get()), 0);
  EXPECT_EQ(sysfd_description_lock_unlock(lock.get()), -EINVAL);
  ASSERT_EQ(sysfd_description_lock_try_acquire(fds_[1], SYSFD_LOCK_SHARED, &range, &none), 0);
  sysfd_description_lock_free(none);
}

TEST_F(CLocks, OfFlockExcludeOthers) {
  auto lock = made<CFlockLock>(
      [&](auto out) { return sysfd_flock_lock_acquire(fds_[0], SYSFD_LOCK_EXCLUSIVE, out); });
  sysfd_flock_lock* none = nullptr;
  const auto soon = timeout_of(1);
  EXPECT_EQ(sysfd_flock_lock_try_acquire(fds_[1], SYSFD_LOCK_SHARED, &none), -EAGAIN);
  EXPECT_EQ(sysfd_flock_lock_try_acquire_for(fds_[1], SYSFD_LOCK_SHARED, &soon, &none), -ETIMEDOUT);
  EXPECT_EQ(none, nullptr);
  EXPECT_EQ(sysfd_flock_lock_downgrade(lock.get()), 0);
  EXPECT_EQ(sysfd_flock_lock_upgrade(lock.get()), 0);
  EXPECT_EQ(sysfd_flock_lock_try_upgrade(lock.get()), 0);
  EXPECT_EQ(sysfd_flock_lock_try_upgrade_for(lock.get(), nullptr), 0);
  EXPECT_EQ(sysfd_flock_lock_mode(lock.get()), SYSFD_LOCK_EXCLUSIVE);
  EXPECT_EQ(sysfd_flock_lock_is_locked(lock.get()), 1);
  const int released = sysfd_flock_lock_release(lock.get());
  EXPECT_EQ(sysfd_flock_lock_is_locked(lock.get()), -EINVAL);
  lock = made<CFlockLock>(
      [&](auto out) { return sysfd_flock_lock_adopt_take(released, SYSFD_LOCK_EXCLUSIVE, out); });
  EXPECT_EQ(sysfd_flock_lock_unlock(lock.get()), 0);
  EXPECT_EQ(sysfd_flock_lock_unlock(lock.get()), -EINVAL);
  EXPECT_EQ(sysfd_flock_lock_adopt_take(sysfd_duplicate(fds_[0]), 9, &none), -EINVAL);  // closed
}

TEST(CSealedMemory, IsMappedIfItIsSealed) {
  const int fd = sysfd_sealed_memfd("sealed", "abc", 3);
  const auto memory = made<CSealed>(
      [&](auto out) { return sysfd_sealed_memory_map(fd, SYSFD_UNLIMITED, out, nullptr); });
  const void* data = nullptr;
  std::size_t size = 0;
  ASSERT_EQ(sysfd_sealed_memory_bytes(memory.get(), &data, &size), 0);
  ASSERT_EQ(size, 3U);
  EXPECT_EQ(std::memcmp(data, "abc", 3), 0);
  sysfd_sealed_memory* none = nullptr;
  EXPECT_EQ(sysfd_sealed_memory_map(fd, 2, &none, nullptr), -EFBIG);
  EXPECT_EQ(sysfd_close_take(fd), 0);
}

TEST(CSealedMemory, TellsWhyItIsNotMapped) {
  const int fd = sysfd_memfd("open to all", 0);
  sysfd_sealed_memory* none = nullptr;
  sysfd_shared_memory* shared = nullptr;
  sysfd_error error = SYSFD_ERROR_INIT;
  EXPECT_EQ(sysfd_sealed_memory_map(fd, SYSFD_UNLIMITED, &none, &error), -EPERM);
  EXPECT_EQ(error.code, EPERM);
  EXPECT_EQ(error.kind, SYSFD_SEAL_MAY_SHRINK);
  EXPECT_STRNE(error.text, "");
  EXPECT_EQ(sysfd_shared_memory_map(fd, SYSFD_UNLIMITED, &shared, nullptr), -EPERM);
  EXPECT_EQ(none, nullptr);
  ASSERT_EQ(sysfd_sealed_memory_copy(fd, 10, &none), 0);
  sysfd_sealed_memory_free(none);
  EXPECT_EQ(sysfd_close_take(fd), 0);

  const int fixed = sysfd_fixed_memfd("fixed", 4096);
  EXPECT_EQ(sysfd_sealed_memory_map(fixed, SYSFD_UNLIMITED, &none, &error), -EPERM);
  EXPECT_EQ(error.kind, SYSFD_SEAL_MAY_CHANGE);
  const auto memory = made<CShared>(
      [&](auto out) { return sysfd_shared_memory_map(fixed, SYSFD_UNLIMITED, out, nullptr); });
  void* data = nullptr;
  std::size_t size = 0;
  ASSERT_EQ(sysfd_shared_memory_bytes(memory.get(), &data, &size), 0);
  EXPECT_EQ(size, 4096U);
  std::memset(data, 1, size);
  EXPECT_EQ(sysfd_close_take(fixed), 0);
}

class CFdPassing : public testing::Test {
 protected:
  CFdPassing() {
    EXPECT_EQ(sysfd_socket_pair(SOCK_SEQPACKET, sockets_), 0);
    file_ = sysfd_memfd("sent", 0);
  }
  ~CFdPassing() override {
    for (const int fd : {sockets_[0], sockets_[1], file_})
      EXPECT_EQ(sysfd_close_take(fd), 0);
  }
  CMessage receive(const sysfd_receive_options* options = nullptr) {
    return made<CMessage>([&](auto out) {
      const auto size = sysfd_receive_fds(sockets_[1], text_, sizeof text_, options, out);
      EXPECT_EQ(size, 2);
      return size;
    });
  }
  int sockets_[2];
  int file_;
  char text_[16] = {};
};

TEST_F(CFdPassing, DeliversDescriptors) {
  const int fds[] = {file_, file_};
  ASSERT_EQ(sysfd_send_fds(sockets_[0], fds, 2, "hi", 2), 2);
  const auto message = receive();
  EXPECT_STREQ(text_, "hi");
  ASSERT_EQ(sysfd_message_fd_count(message.get()), 2);
  EXPECT_EQ(sysfd_message_fds_error(message.get()), 0);
  EXPECT_EQ(sysfd_same_description(sysfd_message_fd_borrow(message.get(), 0), file_), 1);
  const int released = sysfd_message_fd_release(message.get(), 1);
  EXPECT_EQ(sysfd_close_take(released), 0);
  EXPECT_EQ(sysfd_message_fd_release(message.get(), 1), -ENOENT);
  EXPECT_EQ(sysfd_message_fd_borrow(message.get(), 1), -ENOENT);
  EXPECT_EQ(sysfd_message_fd_borrow(message.get(), 2), -EINVAL);
  EXPECT_EQ(sysfd_message_credentials(message.get(), nullptr, nullptr, nullptr), -ENODATA);
  EXPECT_EQ(sysfd_message_pidfd_release(message.get()), -ENODATA);
}

TEST_F(CFdPassing, TellsWhyDescriptorsAreNotDelivered) {
  const int fds[] = {file_, file_};
  for (const std::uint32_t flags : {0U, unsigned{SYSFD_RECEIVE_KEEP_UNWANTED}}) {
    const auto limit = timeout_of(SYSFD_FOREVER);
    ASSERT_EQ(sysfd_send_fds_for(sockets_[0], fds, 2, "hi", 2, &limit), 2);
    sysfd_receive_options options = SYSFD_RECEIVE_OPTIONS_INIT;
    options.max_fds = 1;
    options.flags = flags;
    const auto message = receive(&options);
    EXPECT_EQ(sysfd_message_fd_count(message.get()), 0);
    EXPECT_EQ(sysfd_message_fds_error(message.get()), -E2BIG);
  }
}

TEST_F(CFdPassing, TellsTheSender) {
  ASSERT_EQ(sysfd_pass_credentials(sockets_[1], 1), 0);
  const bool has_pidfd = sysfd_pass_pidfd(sockets_[1], 1) == 0;
  ASSERT_EQ(sysfd_send_fds(sockets_[0], nullptr, 0, "hi", 2), 2);
  const auto message = receive();
  std::int32_t pid = 0;
  EXPECT_EQ(sysfd_message_credentials(message.get(), &pid, nullptr, nullptr), 0);
  EXPECT_EQ(pid, ::getpid());
  if (!has_pidfd) GTEST_SKIP() << needs("SO_PASSPIDFD");
  const int pidfd = sysfd_message_pidfd_release(message.get());
  EXPECT_EQ(sysfd_pidfd_pid(pidfd), ::getpid());
  EXPECT_EQ(sysfd_close_take(pidfd), 0);
  EXPECT_EQ(sysfd_message_pidfd_release(message.get()), -ENOENT);
}

TEST_F(CFdPassing, ReportsErrors) {
  sysfd_message* none = nullptr;
  const int bad[] = {file_, -1};
  EXPECT_EQ(sysfd_send_fds(sockets_[0], bad, 2, "hi", 2), -EBADF);
  EXPECT_EQ(sysfd_send_fds(sockets_[0], bad, 254, "hi", 2), -E2BIG);
  EXPECT_EQ(sysfd_send_fds(sockets_[0], bad, 1, "", 0), -EINVAL);
  EXPECT_EQ(sysfd_send_fds(file_, bad, 1, "hi", 2), -ENOTSOCK);
  sysfd_receive_options options = SYSFD_RECEIVE_OPTIONS_INIT;
  options.flags = SYSFD_RECEIVE_NOWAIT;
  EXPECT_EQ(sysfd_receive_fds(sockets_[1], text_, sizeof text_, &options, &none), -EAGAIN);
  const auto soon = timeout_of(1);
  options.flags = 0;
  options.timeout = &soon;
  EXPECT_EQ(sysfd_receive_fds(sockets_[1], text_, sizeof text_, &options, &none), -ETIMEDOUT);
  options.flags = 8;
  EXPECT_EQ(sysfd_receive_fds(sockets_[1], text_, sizeof text_, &options, &none), -EINVAL);
  EXPECT_EQ(none, nullptr);
  EXPECT_EQ(sysfd_pass_fds(sockets_[1], 0) == 0, kernel_has("SO_PASSRIGHTS"));
}

}  // namespace
}  // namespace sysfd_test
