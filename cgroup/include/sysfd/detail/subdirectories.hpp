// SPDX-License-Identifier: MIT
//
// The names of the cgroups in a cgroup. Not for users.
#ifndef SYSFD_DETAIL_SUBDIRECTORIES_HPP
#define SYSFD_DETAIL_SUBDIRECTORIES_HPP
#include <sysfd/detail/cxx23.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>

#include <climits>
#include <cstddef>
#include <cstring>
#include <memory>

#include <sysfd/create.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/owned_fd.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// Calls `visit` with the name of each subdirectory until it returns false. Returns 0 or -errno. A
// name of a cgroup may be longer than NAME_MAX, up to a path.
template <class Visit>
long for_each_subdirectory(BorrowedFd directory, Visit visit) {
  const auto listing = open(directory, ".", O_RDONLY | O_DIRECTORY);
  if (!listing) return -listing.error().value();
  constexpr std::size_t room_size = std::size_t{2} * PATH_MAX;
  const std::unique_ptr<char[]> room(new char[room_size]);  // aligned for everything
  for (;;) {
    const long size = system_call(SYS_getdents64, listing->get(), room.get(), room_size);
    if (size <= 0) return size;
    for (long at = 0; at < size;) {
      const auto* const entry = reinterpret_cast<const dirent64*>(room.get() + at);
      // NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): the kernel wrote it
      at += entry->d_reclen;
      if (entry->d_type != DT_DIR || std::strcmp(entry->d_name, ".") == 0 ||
          std::strcmp(entry->d_name, "..") == 0)
        continue;
      if (!visit(entry->d_name)) return 0;
    }
  }
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_DETAIL_SUBDIRECTORIES_HPP
