// SPDX-License-Identifier: MIT
//
// The list of mounts of the calling thread's mount namespace, as far as it lies below its root
// directory. Allocates nothing on the heap.
#ifndef SYSFD_HANDLE_SRC_MOUNT_TABLE_HPP
#define SYSFD_HANDLE_SRC_MOUNT_TABLE_HPP

#include <cstddef>

#include <sysfd/detail/proc_file.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/result.hpp>

#include "path_room.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// /proc/thread-self/mountinfo. Its lines can be read by a MountTable; poll(2) says POLLPRI once
// after each change of the list.
Result<OwnedFd> open_mountinfo() noexcept;

class MountTable {
 public:
  explicit MountTable(BorrowedFd mountinfo) noexcept : reader_(mountinfo) {}

  // Goes to the next mount. False: there is none. Errors: ENOMEM; those of read(2).
  Result<bool> next() noexcept;

  int id() const noexcept { return static_cast<int>(id_); }  // of the reusable kind
  // Empty for one that is too long to be opened.
  const char* mount_point() const noexcept { return text(); }

 private:
  char* text() const noexcept { return reinterpret_cast<char*>(room_.bytes().data()); }
  void append(char c) noexcept;
  void append_escaped(char c) noexcept;

  ByteReader reader_;
  PathRoom room_;  // begins with the mount point
  unsigned id_ = 0;
  std::size_t size_ = 0;
  int escape_digits_ = 0;  // still to come
  int escape_ = 0;
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_HANDLE_SRC_MOUNT_TABLE_HPP
