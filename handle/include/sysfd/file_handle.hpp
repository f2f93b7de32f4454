// SPDX-License-Identifier: MIT
//
// FileHandle: a name for a file that stays valid when the file is renamed or moved within its file
// system (name_to_handle_at(2)). It never finds a different file.
//
//     auto named = sysfd::name_to_handle(directory, "data");  // the handle, and the mount's ID
//     if (!named) return fail(named.error());
//     auto mount = sysfd::find_mount(named->mount);           // or any descriptor in that mount
//     if (!mount) return fail(mount.error());
//     auto opened = sysfd::open_by_handle(*mount, named->handle, O_RDONLY);
//     if (!opened) return fail(opened.error());
//
// A handle is only valid for the file system that made it. The kernel does not check this: a
// program that stores a handle must store which file system it belongs to. find_mount() finds the
// mount again until the system is rebooted. For many handles see <sysfd/mount_cache.hpp>, for
// handles that fanotify reports <sysfd/fanotify.hpp>.
#ifndef SYSFD_FILE_HANDLE_HPP
#define SYSFD_FILE_HANDLE_HPP
#include <sysfd/detail/cxx23.hpp>

#include <fcntl.h>  // O_RDONLY, ...

#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>  // and std::hash, without all of <functional>

#include <sysfd/attributes.hpp>
#include <sysfd/cstr.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {

namespace detail {
struct FileHandleAccess;
}

// A handle is a value: it can be copied, compared, ordered, hashed and kept in containers. Two
// handles are equal if they have the same type and bytes. Equal handles of one file system name the
// same file; equal handles of two file systems do not.
//
// Allocates: only in serialize().
class FileHandle {
 public:
  static constexpr std::size_t max_size = 128;  // MAX_HANDLE_SZ of the kernel

  // Makes a handle from a type and bytes that the caller knows. The kernel documents the contents
  // for pidfs, cgroup2 and nsfs.
  //
  // Errors: EINVAL: more than max_size bytes, or a negative type, which the kernel never uses.
  [[nodiscard]] SYSFD_API static Result<FileHandle> from_parts(
      int type, std::span<const std::byte> bytes) noexcept;

  // The kind of encoding (FILEID_* in the kernel), chosen by the file system.
  int type() const noexcept { return type_; }

  // The content, which only a few file systems document (pidfs: the inode number; cgroup2: the
  // cgroup ID).
  std::span<const std::byte> bytes() const noexcept SYSFD_LIFETIMEBOUND { return {bytes_, size_}; }

  // True if the handle was made with HandleFlags::fid: it identifies a file, and open_by_handle()
  // refuses it. Equality, order and hash ignore this, so that such a handle equals the one that
  // fanotify reports.
  bool is_fid() const noexcept { return fid_; }

  // True if the handle also names the parent directory (HandleFlags::connectable).
  bool is_connectable() const noexcept { return (type_ & 0x10000) != 0; }  // FILEID_IS_CONNECTABLE

  // Returns bytes to store: a format number, is_fid(), the type, the number of bytes, the bytes.
  // They are the same on every machine, and a handle has only one such form.
  SYSFD_API std::vector<std::byte> serialize() const;

  // Reads what serialize() returned. The bytes may come from an untrusted source: a handle made
  // from them is safe to hold and to open, and the kernel finds out whether it names a file. A
  // handle is not secret and not signed: the source of the bytes chooses which file is opened.
  //
  // Errors: EBADMSG: the bytes are not exactly one serialized handle.
  [[nodiscard]] SYSFD_API static Result<FileHandle> deserialize(
      std::span<const std::byte> stored) noexcept;

  SYSFD_API friend bool operator==(const FileHandle&, const FileHandle&) noexcept;
  // An order for maps and sorting, without any other meaning.
  SYSFD_API friend std::strong_ordering operator<=>(const FileHandle&, const FileHandle&) noexcept;

 private:
  friend struct detail::FileHandleAccess;
  // Not "= default", with which FileHandle() would clear all of it first.
  FileHandle() noexcept {}  // NOLINT(modernize-use-equals-default)

  // As struct file_handle of the kernel, which has no fixed size. The bytes beyond size_ are never
  // read.
  std::uint32_t size_ = max_size;
  std::int32_t type_ = 0;
  std::byte bytes_[max_size];
  bool fid_ = false;  // ours
};

// The ID of a mount. There are two kinds of ID. IDs of different kinds never compare equal, even if
// they belong to the same mount.
class MountId {
 public:
  // The reusable kind, as in the first column of /proc/self/mountinfo. Once the mount is gone, the
  // kernel uses its number for another one, often for the next.
  explicit MountId(int id) noexcept : id_(static_cast<std::uint64_t>(id)) {}
  template <std::integral T>
    requires(!std::same_as<T, int>)
  explicit MountId(T) = delete;

  // The unique kind, which is never reused until the system is rebooted (Linux 6.8).
  static MountId unique(std::uint64_t id) noexcept {
    MountId made(0);
    made.id_ = id;
    made.unique_ = true;
    return made;
  }

  bool is_unique() const noexcept { return unique_; }
  std::uint64_t get() const noexcept { return id_; }
  friend bool operator==(MountId, MountId) noexcept = default;

 private:
  std::uint64_t id_;
  bool unique_ = false;
};

struct NamedHandle {
  FileHandle handle;
  MountId mount;
};

struct HandleFlags {
  // AT_SYMLINK_FOLLOW: if the path ends in a symbolic link, names the file that it points to.
  bool follow = false;
  // AT_HANDLE_FID (Linux 6.5): makes a handle that identifies the file but cannot be opened. Nearly
  // every file system supports this.
  bool fid = false;
  // AT_HANDLE_CONNECTABLE (Linux 6.13): the handle also names the parent directory. The file that
  // it opens has a path and lies within the subtree of the mount. Otherwise, and if the file was
  // moved to another directory, opening fails with ESTALE.
  bool connectable = false;
  // AT_HANDLE_MNT_ID_UNIQUE (Linux 6.12): returns a MountId of the unique kind.
  bool unique_mount = false;
};

// name_to_handle_at(2): returns the handle of the file at `path`, which is relative to `directory`
// unless it is absolute. Needs no privilege. EINTR is retried.
//
// Errors:
//   EOPNOTSUPP: the file system makes no such handles (without flags: proc, sysfs, overlayfs
//   without nfs_export), or the kernel does not know a flag.
//   EINVAL: `path` contains a NUL, or both `fid` and `connectable` are set.
//   ENOENT, ENOTDIR, EACCES, ELOOP: as for any path.
// Cost: one system call.
[[nodiscard]] SYSFD_API Result<NamedHandle> name_to_handle(BorrowedFd directory, CStr path,
                                                           HandleFlags flags = {}) noexcept;

// name_to_handle_at(2) with AT_EMPTY_PATH: returns the handle of an open file of any kind, also of
// one that was opened with O_PATH. `follow` has no effect.
//
// Errors: EBADF, EOPNOTSUPP, and EINVAL: `connectable` is set, which needs a path.
[[nodiscard]] SYSFD_API Result<NamedHandle> name_to_handle(BorrowedFd file,
                                                           HandleFlags flags = {}) noexcept;

// open_by_handle_at(2): opens the file that a handle names. `mount` is any descriptor of its file
// system that was not opened with O_PATH. The path of the new descriptor goes through that mount,
// if the file has a path at all: if not, /proc/self/fd shows "/". `flags` are those of open(2);
// O_CLOEXEC and O_NOCTTY are added. EINTR is retried.
//
// Security: a handle that is not connectable can reach every file of the file system, including
// those outside of the mounted subtree.
//
// Errors:
//   ESTALE: the file is gone, or the handle belongs to another file system.
//   EPERM: the caller lacks CAP_DAC_READ_SEARCH.
//   EOPNOTSUPP: `handle.is_fid()` (found without a system call).
//   EBADF: `mount` is not open, or was opened with O_PATH.
//   EINVAL: no file system makes such a handle; or a flag creates a file, which the kernel would
//   ignore.
//   ELOOP: a symbolic link, and `flags` lack O_PATH.
//   EACCES, EROFS, ETXTBSY: as open(2).
// Blocks: where open(2) does.
// Cost: one system call, two for pidfds and namespaces.
[[nodiscard]] SYSFD_API Result<OwnedFd> open_by_handle(BorrowedFd mount, const FileHandle& handle,
                                                       int flags) noexcept;

// The next two are passed to open_by_handle() as `mount`, for file systems that are not mounted.
// They own nothing. The caller needs no privilege; the process or namespace must be visible to it.
//
// FD_PIDFS_ROOT: for handles of pidfds. Before Linux 6.17 the call fails with EBADF; pass any pidfd
// instead.
inline BorrowedFd pidfs_root() noexcept {
  return BorrowedFd(detail::Sentinel{-10002});
}
// FD_NSFS_ROOT: for handles of namespaces. Before Linux 6.18 the call fails with EBADF.
inline BorrowedFd nsfs_root() noexcept {
  return BorrowedFd(detail::Sentinel{-10003});
}

// statmount(2), or /proc/thread-self/mountinfo: opens the root of a mount, for open_by_handle(). It
// is a directory, or a regular file if one is mounted. The file is checked to lie in that mount. A
// reusable ID may by now belong to another mount than before; a unique one does not. The mount
// cannot be unmounted while the descriptor is open.
//
// Errors:
//   ENOENT: no such mount in the caller's mount namespace, below its root directory. That includes
//   file systems that are mounted nowhere (memfds, pidfds, pipes).
//   EBUSY: another mount covers it.
//   EOPNOTSUPP: a device, FIFO or socket is mounted.
//   ENOMEM, and those of open(2).
// Blocks: where open(2) does.
// Allocates: nothing. It maps two pages during the call if it reads mountinfo or the path is long.
// Cost: three system calls for a unique ID (since Linux 6.8). Otherwise it reads the mount list.
[[nodiscard]] SYSFD_API Result<OwnedFd> find_mount(MountId mount) noexcept;

}  // namespace v0
}  // namespace sysfd

template <>
struct std::hash<sysfd::FileHandle> {
  SYSFD_API std::size_t operator()(const sysfd::FileHandle& handle) const noexcept;
};

template <>
struct std::hash<sysfd::MountId> {
  std::size_t operator()(sysfd::MountId id) const noexcept {
    return std::hash<std::uint64_t>()(id.get()) ^ (id.is_unique() ? 0x9e3779b9U : 0U);
  }
};

#endif  // SYSFD_FILE_HANDLE_HPP
