// SPDX-License-Identifier: MIT
//
// Files of procfs for the code between clone and exec, by raw system calls.
#ifndef SYSFD_SPAWN_SRC_IN_CHILD_CHILD_PROC_HPP
#define SYSFD_SPAWN_SRC_IN_CHILD_CHILD_PROC_HPP

#include <fcntl.h>
#include <sys/vfs.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include <sysfd/detail/refusal.hpp>

#include "in_child/child_syscall.hpp"
#include "in_child/kernel.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// Opens /proc; -ENOENT if that is no procfs.
SYSFD_ALWAYS_INLINE long open_proc_root() noexcept {
  const long proc =
      raw_syscall(SYS_openat, AT_FDCWD, address("/proc"), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (proc < 0) return proc;
  struct statfs file_system;  // no initializer: compilers may call memset for one
  file_system.f_type = 0;
  const long answer = raw_syscall(SYS_fstatfs, proc, address(&file_system));
  const bool is_procfs = file_system.f_type == kernel::procfs_magic;
  if (answer == 0 ? is_procfs : is_refusal(answer)) return proc;
  raw_syscall(SYS_close, proc);
  return answer < 0 ? answer : -ENOENT;
}

// Opens a file below /proc that has nothing mounted over it (-EXDEV).
SYSFD_ALWAYS_INLINE long open_in_proc(const char* name, long flags) noexcept {
  const long proc = open_proc_root();
  if (proc < 0) return proc;
  kernel::OpenHow how;  // no initializer, as above
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.mode = 0;
  how.resolve = kernel::resolve_no_xdev;
  long fd = raw_syscall(SYS_openat2, proc, address(name), address(&how), sizeof how);
  if (fd == -ENOSYS || fd == -EPERM)  // EACCES is an answer of the file
    fd = raw_syscall(SYS_openat, proc, address(name), flags | O_CLOEXEC);
  raw_syscall(SYS_close, proc);
  return fd;
}

SYSFD_ALWAYS_INLINE long write_in_proc(const char* name, const char* text, long size) noexcept {
  const long fd = open_in_proc(name, O_WRONLY);
  if (fd < 0) return fd;
  const long answer = raw_syscall(SYS_write, fd, address(text), size);
  raw_syscall(SYS_close, fd);
  return answer;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_IN_CHILD_CHILD_PROC_HPP
