// SPDX-License-Identifier: MIT
#include "plan/slots.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

#include <sysfd/create.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/spawn_slots.hpp>

namespace sysfd {
inline namespace v0 {
namespace {

struct FileId {
  dev_t device;
  ino_t inode;
  bool operator==(const FileId&) const = default;
};

constexpr std::size_t most_slots = 64;
constexpr int min_fd = detail::SlotLease::min_fd;

// State of the process, one for each copy of this library in it. Slot i is numbers[i],
// and holds a duplicate of `placeholder`, an empty file in memory, while nobody uses it.
//
// A program that closes what is not its own takes these numbers away, and may open something else
// there. So each number is checked before it is changed. (A file that is opened there between the
// check and the change is lost: two calls are never one.)
std::mutex reserving;
std::size_t reserved = 0;
std::array<int, most_slots> numbers;
std::array<FileId, most_slots> contents;  // of one that is used
std::atomic<int> placeholder = -1;
std::atomic<dev_t> placeholder_device;
std::atomic<ino_t> placeholder_inode;
std::atomic<std::uint64_t> free_slots = 0;
std::atomic<std::uint64_t> lost_slots = 0;  // somebody else's by now

std::optional<FileId> file_of(int number) noexcept {
  struct stat status{};
  if (detail::system_call(SYS_fstat, number, &status) < 0) return std::nullopt;
  return FileId{status.st_dev, status.st_ino};
}

FileId file_of_placeholder() noexcept {
  return {placeholder_device.load(std::memory_order_relaxed),
          placeholder_inode.load(std::memory_order_relaxed)};
}

bool is_ours(int number) noexcept {
  return number >= 0 && file_of(number) == file_of_placeholder();
}

// Which file, if it is a pipe or a socket without a name: closing a duplicate of one has no effect
// on the others. That of a file, also of a FIFO, drops the locks that this process has on it
// (F_SETLK), of a message queue its notification, ... Both live in file systems of their own, one
// each as long as the system is up.
std::optional<FileId> nameless_file_of(int fd) noexcept {
  static std::atomic<dev_t> pipes = 0, sockets = 0;
  const auto file = file_of(fd);
  if (!file || file->device == pipes.load(std::memory_order_relaxed) ||
      file->device == sockets.load(std::memory_order_relaxed))
    return file;
  struct statfs status{};
  if (detail::system_call(SYS_fstatfs, fd, &status) < 0) return std::nullopt;
  if (status.f_type != PIPEFS_MAGIC && status.f_type != SOCKFS_MAGIC) return std::nullopt;
  (status.f_type == PIPEFS_MAGIC ? pipes : sockets).store(file->device, std::memory_order_relaxed);
  return file;
}

bool put(int source, std::size_t slot) noexcept {
  return detail::system_call_retried(SYS_dup3, source, numbers[slot], O_CLOEXEC) >= 0;
}

std::size_t slot_of(std::uint64_t bit) noexcept {
  return static_cast<std::size_t>(std::countr_zero(bit));
}

// A slot that nobody uses, and nobody else takes from now on; 0: there is none.
std::uint64_t take() noexcept {
  std::uint64_t free = free_slots.load(std::memory_order_acquire);
  std::uint64_t bit = 0;
  do {
    if (free == 0) return 0;
    bit = free & -free;
  } while (!free_slots.compare_exchange_weak(free, free & ~bit, std::memory_order_acquire));
  return bit;
}

void give_back(std::uint64_t bits) noexcept {
  free_slots.fetch_or(bits, std::memory_order_release);
}

void lose(std::uint64_t bits) noexcept {
  lost_slots.fetch_or(bits, std::memory_order_release);
}

Result<> make_placeholder() noexcept {
  auto made = memfd("sysfd: kept for spawn");
  if (!made) return std::unexpected(made.error());
  const auto file = file_of(made->get());
  if (!file) return detail::failure(EBADF);
  placeholder_device = file->device;
  placeholder_inode = file->inode;
  placeholder = std::move(*made).release();
  return {};
}

// From a slot that is left, if there is one. Those that are not ours are lost.
Result<> find_placeholder() noexcept {
  while (const std::uint64_t bit = take()) {
    const int number = numbers[slot_of(bit)];
    if (!is_ours(number)) {
      lose(bit);
      continue;
    }
    auto duplicate = BorrowedFd::unsafe_borrow(number).duplicate();
    give_back(bit);
    if (!duplicate) return std::unexpected(duplicate.error());
    placeholder = std::move(*duplicate).release();
    return {};
  }
  return make_placeholder();
}

}  // namespace

Result<std::size_t> reserve_spawn_slots(std::size_t count) noexcept {
  const std::lock_guard lock(reserving);
  if (count > most_slots) return detail::failure(EINVAL);
  if (!is_ours(placeholder))
    if (auto found = find_placeholder(); !found) return std::unexpected(found.error());
  // Those that were lost, and those that were never had.
  for (std::size_t slot = 0; slot < std::max(reserved, count); ++slot) {
    const std::uint64_t bit = std::uint64_t{1} << slot;
    if (slot < reserved && (lost_slots.load(std::memory_order_acquire) & bit) == 0) continue;
    auto number = BorrowedFd::unsafe_borrow(placeholder).duplicate();
    if (!number) return std::unexpected(number.error());
    if (number->get() >= min_fd) break;
    numbers[slot] = std::move(*number).release();
    reserved = std::max(reserved, slot + 1);
    lost_slots.fetch_and(~bit, std::memory_order_relaxed);
    give_back(bit);
  }
  return reserved - static_cast<std::size_t>(std::popcount(lost_slots.load()));
}

namespace detail {

int SlotLease::lower(int fd) noexcept {
  if (fd < min_fd || free_slots.load(std::memory_order_relaxed) == 0) return fd;
  const auto file = nameless_file_of(fd);
  if (!file) return fd;
  const std::uint64_t bit = take();
  if (bit == 0) return fd;
  const std::size_t slot = slot_of(bit);
  if (!is_ours(numbers[slot])) {
    lose(bit);
    return fd;
  }
  if (!put(fd, slot)) {
    give_back(bit);
    return fd;
  }
  contents[slot] = *file;
  used_ |= bit;
  return numbers[slot];
}

SlotLease::~SlotLease() {
  for (std::uint64_t left = used_; left != 0; left &= left - 1) {
    const std::uint64_t bit = left & -left;
    const std::size_t slot = slot_of(bit);
    const bool is_there = file_of(numbers[slot]) == contents[slot];
    if (is_there && is_ours(placeholder) && put(placeholder, slot)) {
      give_back(bit);
    } else {
      if (is_there) system_call(SYS_close, numbers[slot]);
      lose(bit);
    }
  }
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
