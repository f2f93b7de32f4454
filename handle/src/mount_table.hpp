// SPDX-License-Identifier: MIT
//
// Reads the list of mounts of the calling thread's mount namespace, limited to its root directory.
// Does not allocate on the heap.
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

// Opens /proc/thread-self/mountinfo. A MountTable reads its lines; poll(2) reports POLLPRI once
// after each change of the list.
Result<OwnedFd> open_mountinfo() noexcept;

class MountTable {
 public:
  explicit MountTable(BorrowedFd mountinfo) noexcept : reader_(mountinfo) {}

  // Goes to the next mount. Returns false if there is none.
  // Errors: ENOMEM; those of read(2).
  Result<bool> next() noexcept;

  int id() const noexcept { return static_cast<int>(id_); }  // the reusable ID
  // Returns "" for a path that is too long to be opened.
  const char* mount_point() const noexcept { return text(); }

 private:
  char* text() const noexcept { return reinterpret_cast<char*>(room_.bytes().data()); }
  void append(char c) noexcept;
  void append_escaped(char c) noexcept;

  ByteReader reader_;
  PathRoom room_;  // begins with the mount point
  unsigned id_ = 0;
  std::size_t size_ = 0;
  int escape_digits_ = 0;  // digits still to read
  int escape_ = 0;
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_HANDLE_SRC_MOUNT_TABLE_HPP
