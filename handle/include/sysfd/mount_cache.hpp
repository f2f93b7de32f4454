// SPDX-License-Identifier: MIT
//
// The mounts of very many file handles. Finding a mount takes several system calls; a program that
// opens thousands of handles keeps the descriptors, and looks again only where something changed.
//
//     sysfd::MountCache mounts;
//     for (const sysfd::NamedHandle& known : index)
//       if (auto file = mounts.open_by_handle(known, O_RDONLY)) use(*file);
//
// Name the files with HandleFlags::unique_mount where the kernel has it: an ID of the reusable kind
// may mean another mount than when it was got.
//
// A mount whose descriptor is kept cannot be unmounted (EBUSY), except by umount2(MNT_DETACH):
// call clear() when done for now.
#ifndef SYSFD_MOUNT_CACHE_HPP
#define SYSFD_MOUNT_CACHE_HPP
#include <sysfd/detail/cxx23.hpp>

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>

#include <sysfd/attributes.hpp>
#include <sysfd/file_handle.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {

// To be used by one thread at a time, and by threads of the same mount namespace; after joining
// another one, call clear(). A copy that fork(2) made looks again for what it finds first, and what
// it finds changes nothing for its parent. A cache that was moved from can be cleared, assigned to
// or destroyed; any other use stops the program.
class MountCache {
 public:
  // find_mount(), remembered: answers as that would now. Whether any mount of the namespace has
  // changed is asked each time (poll(2) of /proc/thread-self/mountinfo, one system call); only then
  // is the mount looked for again. The descriptor is lent until the next call of a member that is
  // not const. Errors: those of find_mount(). Allocates where a mount is new. Without /proc nothing
  // is remembered for the next call.
  [[nodiscard]] SYSFD_API Result<BorrowedFd> find(MountId mount) SYSFD_LIFETIMEBOUND;

  // open_by_handle_at(2), with the mount that the file was named through. Errors: those of find()
  // and of sysfd::open_by_handle(). Two system calls where nothing has changed.
  [[nodiscard]] SYSFD_API Result<OwnedFd> open_by_handle(const NamedHandle& file, int flags);

  // Closes all descriptors.
  SYSFD_API void clear() noexcept;

 private:
  struct Entry {
    OwnedFd mount;
    bool current;  // no mount has changed since it was found
  };

  Result<BorrowedFd> find_anew(MountId mount);

  std::optional<OwnedFd> mountinfo_;
  std::uint64_t process_ = 0;  // the fork mark of who opened it
  std::unordered_map<MountId, Entry> mounts_;
  const std::pair<const MountId, Entry>* last_ = nullptr;  // of those the one that was found last
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_MOUNT_CACHE_HPP
