// SPDX-License-Identifier: MIT
//
// The descriptor table of a child, which shares that of its parent when it starts. Part of
// run_child.cpp, and bound by its rules: raw system calls only.
#ifndef SYSFD_SPAWN_SRC_IN_CHILD_CHILD_TABLE_HPP
#define SYSFD_SPAWN_SRC_IN_CHILD_CHILD_TABLE_HPP

#include <fcntl.h>
#include <sched.h>

#include <cerrno>

#include "in_child/child_args.hpp"
#include "in_child/child_proc.hpp"
#include "in_child/child_syscall.hpp"
#include "in_child/kernel.hpp"
#include "in_child/mark_close_on_exec.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

// EINVAL: Linux before 5.11, which has the call without this flag.
bool lacks_close_on_exec(long answer) {
  return is_refusal(answer) || answer == -EINVAL;
}

// All from 3 on.
long mark_close_on_exec() {
  const long answer = raw_syscall(SYS_close_range, 3, ~0U, kernel::close_range_cloexec);
  return lacks_close_on_exec(answer) ? mark_all_close_on_exec() : answer;
}

long mark_close_on_exec_below(unsigned end) {
  const long answer = raw_syscall(SYS_close_range, 3, end - 1, kernel::close_range_cloexec);
  if (!lacks_close_on_exec(answer)) return answer;
  for (unsigned fd = 3; fd < end; ++fd)
    raw_syscall(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC);
  return 0;
}

// Linux 5.9 to 6.10 (without a fix of August 2024) copy too much for close_range(UNSHARE): the bits
// that say which groups of 64 numbers are all in use, also for groups that are not copied. The
// kernel then never chooses those numbers for the program. A bit is cleared when a descriptor of
// its group is closed.
void repair_table_copy(ChildArgs& args) {
  constexpr unsigned group = 64;            // BITS_PER_LONG
  constexpr unsigned unit = group * group;  // those bits are copied for so many numbers at a time
  static_assert(sizeof(long) * 8 == group);
  const unsigned copied = args.first_unneeded > group ? args.first_unneeded : group;
  const unsigned start = (copied + group - 1) / group * group;
  const unsigned end = (start + unit - 1) / unit * unit;
  const long probe = raw_syscall(SYS_eventfd2, 0, O_CLOEXEC);
  for (unsigned at = start; probe >= 0 && at < end;) {
    const long next = raw_syscall(SYS_fcntl, probe, F_DUPFD_CLOEXEC, at);
    if (next < 0) break;  // beyond the limit, or out of memory
    raw_syscall(SYS_close, next);
    const auto free = static_cast<unsigned>(next);
    // All numbers below the pidfd's were in use: the kernel had something to get wrong.
    const bool is_proof = static_cast<unsigned>(args.pidfd) >= at + group;
    if (free > at)
      args.table_copy = ChildArgs::TableCopy::faulty;
    else if (is_proof && args.table_copy == ChildArgs::TableCopy::not_checked)
      args.table_copy = ChildArgs::TableCopy::sound;
    for (; at < free; at += group)
      if (raw_syscall(SYS_dup3, probe, at, O_CLOEXEC) >= 0) raw_syscall(SYS_close, at);
    if (!args.copies_wrongly && args.table_copy != ChildArgs::TableCopy::faulty) break;
    at = free / group * group + group;
  }
  raw_syscall(SYS_close, probe);
}

// Until here the parent's threads and this child have one table in common. The copy holds nothing
// above what is needed, so that it is cheap however many descriptors the parent has. What is not
// needed below is closed at once: nobody is to wait for this child to execute for the end of a pipe
// or of a program being written to. What only the child needs is closed by exec.
[[gnu::hot]] long copy_table(ChildArgs& args) {
  if (args.inherits) {
    args.table_was_copied = true;
    return args.shares_table ? raw_syscall(SYS_unshare, CLONE_FILES) : 0;
  }
  long answer = raw_syscall(SYS_close_range, args.first_unneeded, ~0U, kernel::close_range_unshare);
  if (is_refusal(answer)) {
    args.table_was_copied = true;
    answer = args.shares_table ? raw_syscall(SYS_unshare, CLONE_FILES) : 0;
    if (answer == 0) answer = mark_all_close_on_exec();
  } else if (answer == 0) {
    if (static_cast<unsigned>(args.pidfd) >= args.checks_copy_from && args.shares_table)
      repair_table_copy(args);
    for (const FdRange* gap = args.gaps; gap != args.gaps + args.gap_count && answer == 0; ++gap)
      answer = raw_syscall(SYS_close_range, gap->first, gap->last, 0);
    if (answer == 0 && args.needs_until_exec)
      answer = mark_close_on_exec_below(args.first_unneeded);
  }
  return answer;
}

[[gnu::hot]] long take_own_table(ChildArgs& args) {
  const long answer = copy_table(args);
  // The kernel has put the pidfd into the common table. If the caller passes a descriptor that is
  // not open, it may have got that number.
  if (answer == 0 && args.shares_table && static_cast<unsigned>(args.pidfd) < args.first_unneeded)
    raw_syscall(SYS_close, args.pidfd);
  return answer;
}

long keep_own_table(const ChildArgs& args) {
  return args.inherits ? 0 : mark_close_on_exec();
}

}  // namespace
}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_IN_CHILD_CHILD_TABLE_HPP
