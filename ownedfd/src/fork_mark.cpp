// SPDX-License-Identifier: MIT
#include <sysfd/detail/fork_mark.hpp>

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>

#include <sysfd/detail/syscall.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

static_assert(ForkMark::is_always_lock_free);

ForkMarks fork_marks{};

namespace {

Result<ForkMark*> page_of(ForkMarks& marks) noexcept {
  ForkMark* page = marks.page.load(std::memory_order_acquire);
  if (page) return page;
  constexpr std::size_t size = sizeof(ForkMark);
  void* const mapped =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return last_error();
  if (::madvise(mapped, size, MADV_WIPEONFORK) == -1) {
    const auto error = last_error();
    ::munmap(mapped, size);
    return error;
  }
  auto* const mine = static_cast<ForkMark*>(mapped);
  if (marks.page.compare_exchange_strong(page, mine, std::memory_order_acq_rel)) return mine;
  ::munmap(mapped, size);
  return page;
}

}  // namespace

Result<std::uint64_t> make_fork_mark(ForkMarks& marks) noexcept {
  const auto mark = page_of(marks);
  if (!mark) return std::unexpected(mark.error());
  std::uint64_t value = (*mark)->load(std::memory_order_relaxed);
  if (value != 0) return value;
  const std::uint64_t next = marks.last.fetch_add(1, std::memory_order_relaxed) + 1;
  return (*mark)->compare_exchange_strong(value, next, std::memory_order_relaxed) ? next : value;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
