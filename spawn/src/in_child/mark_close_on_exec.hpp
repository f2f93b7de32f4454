// SPDX-License-Identifier: MIT
//
// Marks descriptors close-on-exec where close_range(2) is refused. Part of the code between clone
// and exec, and bound by its rules: raw system calls only.
#ifndef SYSFD_SPAWN_SRC_IN_CHILD_MARK_CLOSE_ON_EXEC_HPP
#define SYSFD_SPAWN_SRC_IN_CHILD_MARK_CLOSE_ON_EXEC_HPP

#include <fcntl.h>

#include "in_child/child_proc.hpp"
#include "in_child/child_syscall.hpp"
#include "in_child/kernel.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

// The number that a directory entry's name is, or -1.
int number_of(const char* name) {
  int number = 0;
  // NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Branch): the kernel wrote it
  for (; *name; ++name) {
    if (*name < '0' || *name > '9') return -1;
    number = number * 10 + (*name - '0');
  }
  return number;
}

// Every descriptor from 3 on, one by one.
long mark_all_close_on_exec() {
  const long directory = open_in_proc("thread-self/fd", O_RDONLY | O_DIRECTORY);
  if (directory < 0) return directory;
  long size = 0;
  do {
    alignas(kernel::DirectoryEntry) char buffer[1024];
    size = raw_syscall(SYS_getdents64, directory, address(buffer), sizeof buffer);
    for (long offset = 0; offset < size;) {
      const auto* entry = reinterpret_cast<const kernel::DirectoryEntry*>(buffer + offset);
      const int fd = number_of(entry->name);
      if (fd > 2) raw_syscall(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC);
      // NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): as above
      offset += entry->size;
    }
  } while (size > 0);
  raw_syscall(SYS_close, directory);
  return size;
}

}  // namespace
}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_IN_CHILD_MARK_CLOSE_ON_EXEC_HPP
