// SPDX-License-Identifier: MIT
//
// MountCache: keeps a descriptor of each mount, for programs that open many file handles. Finding a
// mount takes several system calls; the cache only looks again if mounts have changed.
//
//     sysfd::MountCache mounts;
//     std::vector<sysfd::NamedHandle> index;
//     for (const sysfd::NamedHandle& known : index)
//       if (auto opened = mounts.open_by_handle(known, O_RDONLY)) use(*opened);
//
// Name the files with HandleFlags::unique_mount where the kernel knows it (Linux 6.12): a mount ID
// of the reusable kind may by now belong to another mount.
//
// A mount cannot be unmounted (EBUSY) while the cache keeps its descriptor, except by
// umount2(MNT_DETACH). Call clear() when no more handles are opened for a while.
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

// Not thread-safe: one thread at a time may use it. All these threads must be in one mount
// namespace; after entering another one, call clear(). It may be used in both processes after
// fork(2): the copy looks mounts up again, and does not affect the parent. After a move, the source
// can only be cleared, assigned to or destroyed; any other use stops the program.
class MountCache {
 public:
  // ppoll(2) of /proc/thread-self/mountinfo: returns what find_mount() would return now. That is
  // the descriptor in the cache if no mount has changed since it was found. Without /proc nothing
  // is cached.
  //
  // Errors: those of find_mount().
  // Ownership: the descriptor is borrowed until the next call of a non-const member.
  // Allocates: an entry for each new mount.
  // Cost: one system call if nothing has changed.
  [[nodiscard]] SYSFD_API Result<BorrowedFd> find(MountId mount) SYSFD_LIFETIMEBOUND;

  // open_by_handle_at(2): opens the file, with the mount that it was named through.
  //
  // Errors: those of find() and sysfd::open_by_handle().
  // Cost: two system calls if no mount has changed.
  [[nodiscard]] SYSFD_API Result<OwnedFd> open_by_handle(const NamedHandle& file, int flags);

  // close(2): closes all descriptors and forgets the mounts.
  SYSFD_API void clear() noexcept;

 private:
  struct Entry {
    OwnedFd mount;
    bool current;  // no mount has changed since this one was found
  };

  Result<BorrowedFd> find_anew(MountId mount);

  std::optional<OwnedFd> mountinfo_;
  std::uint64_t process_ = 0;  // the fork mark of the process that opened it
  std::unordered_map<MountId, Entry> mounts_;
  const std::pair<const MountId, Entry>* last_ = nullptr;  // the entry that was found last
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_MOUNT_CACHE_HPP
