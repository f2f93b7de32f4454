// SPDX-License-Identifier: MIT
#include "fork_mark.hpp"

#include <sys/mman.h>

#include <atomic>

#include <sysfd/detail/syscall.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

using Mark = std::atomic<std::uint64_t>;
static_assert(Mark::is_always_lock_free);

// On a page that is full of zeros again in every forked process (MADV_WIPEONFORK, Linux 4.14).
std::atomic<Mark*> mark_page = nullptr;
// Not wiped: a forked process goes on counting where its parent was.
std::atomic<std::uint64_t> last_mark = 0;

Result<Mark*> page() noexcept {
  Mark* page = mark_page.load(std::memory_order_acquire);
  if (page) return page;
  constexpr std::size_t size = sizeof(Mark);
  void* const mapped =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return last_error();
  if (::madvise(mapped, size, MADV_WIPEONFORK) == -1) {
    const int error = errno;
    ::munmap(mapped, size);
    return failure(error);
  }
  Mark* const mine = static_cast<Mark*>(mapped);
  if (mark_page.compare_exchange_strong(page, mine, std::memory_order_acq_rel)) return mine;
  ::munmap(mapped, size);
  return page;
}

}  // namespace

Result<std::uint64_t> fork_mark() noexcept {
  const auto mark = page();
  if (!mark) return std::unexpected(mark.error());
  std::uint64_t value = (*mark)->load(std::memory_order_relaxed);
  if (value != 0) return value;
  const std::uint64_t next = last_mark.fetch_add(1, std::memory_order_relaxed) + 1;
  return (*mark)->compare_exchange_strong(value, next, std::memory_order_relaxed) ? next : value;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
