// SPDX-License-Identifier: MIT
//
// Tells a copy of this process, made by fork(2), from the process itself. What an owner holds may
// count for the process that made it only: its children, its locks. The owner keeps the mark it was
// made with, and does nothing in its destructor where is_forked_copy(mark). Unlike process numbers,
// a mark works across pid namespaces. Not for users.
//
// Each copy of this library in a process (in a program and its plugin) has marks of its own.
#ifndef SYSFD_DETAIL_FORK_MARK_HPP
#define SYSFD_DETAIL_FORK_MARK_HPP
#include <sysfd/detail/cxx23.hpp>

#include <atomic>
#include <cstdint>

#include <sysfd/attributes.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// On a page that the kernel fills with zeros in every process that is forked (MADV_WIPEONFORK of
// madvise(2), Linux 4.14). Null until the first fork_mark().
using ForkMark = std::atomic<std::uint64_t>;
extern SYSFD_API std::atomic<ForkMark*> fork_mark_page;

// fork_mark() the first time in a process.
[[gnu::cold]] SYSFD_API Result<std::uint64_t> make_fork_mark() noexcept;

// The mark of this process, which is never zero: another one than those of the processes that it
// was forked from, and of those that are forked from it. Errors: ENOMEM; EINVAL the kernel has no
// MADV_WIPEONFORK. No system call but the first time: two then. Async-signal-safe, no cancellation
// point.
inline Result<std::uint64_t> fork_mark() noexcept {
  const ForkMark* const page = fork_mark_page.load(std::memory_order_acquire);
  const std::uint64_t mark = page ? page->load(std::memory_order_relaxed) : 0;
  return mark != 0 ? mark : make_fork_mark();
}

// Whether what has this mark was made by another process, of which this one is a copy. Of the mark
// zero, for owners that were made where there was none: never. No system call, cannot fail.
inline bool is_forked_copy(std::uint64_t mark) noexcept {
  if (mark == 0) return false;
  const ForkMark* const page = fork_mark_page.load(std::memory_order_acquire);
  return !page || page->load(std::memory_order_relaxed) != mark;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_DETAIL_FORK_MARK_HPP
