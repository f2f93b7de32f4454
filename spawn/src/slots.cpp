// SPDX-License-Identifier: MIT
#include "slots.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <mutex>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>
#include <sysfd/detail/raw_syscall.hpp>

namespace sysfd {
inline namespace v0 {
namespace {

constexpr std::size_t most_slots = 64;
constexpr int worthwhile = detail::SlotLease::worthwhile;

// Of the whole process, for ever: slot i is numbers[i], and holds a duplicate of `placeholder`, an empty
// file in memory, while nobody uses it.
std::mutex reserving;
std::size_t reserved = 0;
std::array<int, most_slots> numbers;
int placeholder = -1;
dev_t placeholder_device;
ino_t placeholder_inode;
std::atomic<std::uint64_t> free_slots = 0;
std::atomic<std::uint64_t> lost_slots = 0;  // to somebody else, see is_ours()

// A program that has closed what is not its own may have another descriptor there by now.
bool is_ours(int number) noexcept {
  struct stat status{};
  return ::fstat(number, &status) == 0 && status.st_dev == placeholder_device &&
         status.st_ino == placeholder_inode;
}

// Closing a duplicate of one of these has no effect on the others. That of a file drops the locks that
// this process has on it (F_SETLK), of a message queue its notification, ...
bool can_be_duplicated(int fd) noexcept {
  struct stat status{};
  return ::fstat(fd, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
}

bool put(int source, std::size_t slot) noexcept {
  return detail::system_call_retried(SYS_dup3, source, numbers[slot], O_CLOEXEC) >= 0;
}

Result<> make_placeholder() noexcept {
  auto made = memfd("sysfd: kept for spawn");
  if (!made) return std::unexpected(made.error());
  // Not one of the standard streams, where those are closed.
  auto kept = made->get() > 2 ? std::move(made) : made->duplicate();
  if (!kept) return std::unexpected(kept.error());
  struct stat status{};
  if (::fstat(kept->get(), &status) == -1) return detail::last_error();
  placeholder_device = status.st_dev;
  placeholder_inode = status.st_ino;
  placeholder = std::move(*kept).release();
  return {};
}

}  // namespace

Result<std::size_t> reserve_spawn_slots(std::size_t count) noexcept {
  const std::lock_guard lock(reserving);
  if (count > most_slots) return detail::failure(EINVAL);
  if (placeholder == -1)
    if (auto made = make_placeholder(); !made) return std::unexpected(made.error());
  if (!is_ours(placeholder)) return 0;
  // Those that were lost, and those that were never had.
  for (std::size_t slot = 0; slot < std::max(reserved, count); ++slot) {
    const std::uint64_t bit = std::uint64_t{1} << slot;
    if (slot < reserved && (lost_slots.load(std::memory_order_acquire) & bit) == 0) continue;
    auto number = BorrowedFd::unsafe_borrow(placeholder).duplicate();
    if (!number) return std::unexpected(number.error());
    if (number->get() >= worthwhile) break;
    numbers[slot] = std::move(*number).release();
    reserved = std::max(reserved, slot + 1);
    lost_slots.fetch_and(~bit, std::memory_order_relaxed);
    free_slots.fetch_or(bit, std::memory_order_release);
  }
  return reserved - static_cast<std::size_t>(std::popcount(lost_slots.load()));
}

namespace detail {

int SlotLease::lower(int fd) noexcept {
  if (fd < worthwhile || free_slots.load(std::memory_order_relaxed) == 0 || !can_be_duplicated(fd))
    return fd;
  std::uint64_t free = free_slots.load(std::memory_order_acquire);
  std::uint64_t bit = 0;
  do {
    if (free == 0) return fd;
    bit = free & -free;
  } while (!free_slots.compare_exchange_weak(free, free & ~bit, std::memory_order_acquire));
  const auto slot = static_cast<std::size_t>(std::countr_zero(bit));
  if (!is_ours(numbers[slot])) {
    lost_slots.fetch_or(bit, std::memory_order_release);
    return fd;
  }
  used_ |= bit;
  return put(fd, slot) ? numbers[slot] : fd;
}

SlotLease::~SlotLease() {
  for (std::uint64_t left = used_; left != 0; left &= left - 1)
    if (const auto slot = static_cast<std::size_t>(std::countr_zero(left));
        !is_ours(placeholder) || !put(placeholder, slot)) {
      ::close(numbers[slot]);
      const std::uint64_t bit = std::uint64_t{1} << slot;
      used_ &= ~bit;
      lost_slots.fetch_or(bit, std::memory_order_release);
    }
  free_slots.fetch_or(used_, std::memory_order_release);
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
