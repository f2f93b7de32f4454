// SPDX-License-Identifier: MIT
//
// Distinguishes a process from a copy of it that fork(2) made. Owners of children and locks exist
// in both, but the children and locks belong to the original only. So an owner stores the mark of
// its process, and its destructor does nothing if is_forked_copy(mark). Unlike process numbers,
// marks work across pid namespaces. Not for users.
//
// Each copy of this library in a process (in a program and its plugin) has its own marks, but the
// table of owners (SYSFD_TRACK_OWNERSHIP) has some for all.
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

// The mark is on a page that the kernel fills with zeros in every forked process (MADV_WIPEONFORK
// of madvise(2), Linux 4.14).
using ForkMark = std::atomic<std::uint64_t>;
struct ForkMarks {
  std::atomic<ForkMark*> page;      // null until the first fork_mark()
  std::atomic<std::uint64_t> last;  // is not wiped: a forked process goes on counting
};
extern SYSFD_API ForkMarks fork_marks;

// 0 before the first fork_mark() in a process.
inline std::uint64_t fork_mark_or_zero(const ForkMarks& marks) noexcept {
  const ForkMark* const page = marks.page.load(std::memory_order_acquire);
  return page ? page->load(std::memory_order_relaxed) : 0;
}

// The slow path of fork_mark(), for its first call in a process.
[[gnu::cold]] SYSFD_API Result<std::uint64_t> make_fork_mark(ForkMarks& marks) noexcept;

// Returns the mark of this process: never zero, and different from the marks of the processes it
// was forked from and of those forked from it. Async-signal-safe, no cancellation point.
// Errors: ENOMEM; EINVAL: the kernel has no MADV_WIPEONFORK.
// Cost: two system calls the first time, then none.
inline Result<std::uint64_t> fork_mark(ForkMarks& marks = fork_marks) noexcept {
  const std::uint64_t mark = fork_mark_or_zero(marks);
  return mark != 0 ? mark : make_fork_mark(marks);
}

// True if the owner with this mark was made by another process, of which this process is a copy.
// False for the mark zero, which marks an owner that was made without fork_mark(). No system call;
// cannot fail.
inline bool is_forked_copy(std::uint64_t mark) noexcept {
  return mark != 0 && fork_mark_or_zero(fork_marks) != mark;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_DETAIL_FORK_MARK_HPP
