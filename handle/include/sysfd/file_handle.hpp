// SPDX-License-Identifier: MIT
//
// Names of inodes that outlive paths: a file handle still finds its file after it was renamed or
// moved within its file system, and never finds another one.
//
//     auto named = sysfd::name_to_handle(sysfd::cwd(), "data");                 // {handle, mount}
//     ::rename("data", "elsewhere");
//     auto mount = sysfd::open(sysfd::cwd(), ".", O_RDONLY | O_DIRECTORY);      // anything there
//     auto file = sysfd::open_by_handle(*mount, named->handle, O_RDONLY);
//
// A handle means something only to the file system that made it. The kernel does not check that it
// is given to the right one, so a program that stores handles stores beside each which file system
// it is for. find_mount() finds the mount again as long as the system is up. For handles of very
// many files see <sysfd/mount_cache.hpp>, for those that fanotify reports <sysfd/fanotify.hpp>.
#ifndef SYSFD_FILE_HANDLE_HPP
#define SYSFD_FILE_HANDLE_HPP
#include <sysfd/detail/cxx23.hpp>

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

// A handle, held by value: copied, compared, ordered, hashed, kept in containers. Allocates nothing
// but in serialize(). Two handles are equal if they have the same type and bytes; that makes them
// the same file only if they are of the same file system.
class FileHandle {
 public:
  static constexpr std::size_t max_size = 128;  // MAX_HANDLE_SZ of the kernel

  // A handle whose content is known otherwise: the kernel documents those of pidfs, cgroup2 and
  // nsfs. Errors: EINVAL more than max_size bytes, or a negative type, which the kernel never uses.
  [[nodiscard]] SYSFD_API static Result<FileHandle> from_parts(
      int type, std::span<const std::byte> bytes) noexcept;

  // The encoding that the file system chose (FILEID_* in the kernel). No two encodings are to be
  // mixed up.
  int type() const noexcept { return type_; }

  // The opaque content. Only a few file systems document theirs (pidfs: the inode number, cgroup2:
  // the cgroup ID).
  std::span<const std::byte> bytes() const noexcept SYSFD_LIFETIMEBOUND { return {bytes_, size_}; }

  // Whether it was asked for to tell files apart only (HandleFlags::fid), so that open_by_handle()
  // refuses it. Part of what may be done with a handle, not of what it names: equality, order and
  // hash pass over it, so that such a handle finds the one that fanotify reports.
  bool is_fid() const noexcept { return fid_; }

  // Whether it names the parent directory too (HandleFlags::connectable).
  bool is_connectable() const noexcept { return (type_ & 0x10000) != 0; }  // FILEID_IS_CONNECTABLE

  // Bytes to store: a format number, is_fid(), the type, how many bytes, the bytes. The same on
  // every machine; one handle has one form.
  SYSFD_API std::vector<std::byte> serialize() const;

  // The handle that was serialized to exactly these bytes. They may come from anywhere: what is no
  // handle is EBADMSG, and what passes is safe to hold and to open; whether it names a file the
  // kernel says then. A handle is no secret and bears no signature: who may choose the bytes
  // chooses the file. Allocates nothing.
  [[nodiscard]] SYSFD_API static Result<FileHandle> deserialize(
      std::span<const std::byte> stored) noexcept;

  SYSFD_API friend bool operator==(const FileHandle&, const FileHandle&) noexcept;
  // An order for maps and sorting; it has no meaning beyond that.
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

// The mount that a file was found through. There are two kinds of number, which never compare
// equal, since nothing says that they mean the same mount.
class MountId {
 public:
  // The reusable kind, as in the first column of /proc/self/mountinfo: once the mount is gone, its
  // number is given to another, often the very next one.
  explicit MountId(int id) noexcept : id_(static_cast<std::uint64_t>(id)) {}
  template <std::integral T>
    requires(!std::same_as<T, int>)
  explicit MountId(T) = delete;

  // The kind that is given to one mount only, as long as the system is up (Linux 6.8).
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
  bool follow = false;  // AT_SYMLINK_FOLLOW: where the path ends in a symbolic link, the handle of
                        // what it points to
  bool fid = false;  // AT_HANDLE_FID (Linux 6.5): a handle to tell files apart, not to open them;
                     // nearly every file system has these
  bool connectable = false;  // AT_HANDLE_CONNECTABLE (Linux 6.13): a handle that names the parent
                             // directory too. What it opens has a path, and lies within the subtree
  // of the mount, else ESTALE; a file that was moved to another directory
  // is ESTALE too
  bool unique_mount = false;  // AT_HANDLE_MNT_ID_UNIQUE (Linux 6.12): MountId of the unique kind
};

// name_to_handle_at(2): the handle of the file at `path`, relative to `directory` unless absolute.
// Needs no privilege. Errors: EOPNOTSUPP the file system makes no handles of this kind (with no
// flag: proc, sysfs, overlayfs without nfs_export), or the kernel does not know one of the flags;
// ENOENT, ENOTDIR, EACCES, ELOOP as for any path; EINVAL a NUL inside the path, or `fid` with
// `connectable`. EINTR is retried. One system call, allocates nothing.
[[nodiscard]] SYSFD_API Result<NamedHandle> name_to_handle(BorrowedFd directory, CStr path,
                                                           HandleFlags flags = {}) noexcept;

// The same for an open file of any kind (AT_EMPTY_PATH); a descriptor opened with O_PATH will do.
// Errors: EBADF, EOPNOTSUPP; EINVAL with `connectable`, which takes a path. `follow` means nothing
// here.
[[nodiscard]] SYSFD_API Result<NamedHandle> name_to_handle(BorrowedFd file,
                                                           HandleFlags flags = {}) noexcept;

// open_by_handle_at(2): opens the file that a handle names. `mount` is any descriptor of its file
// system but one opened with O_PATH; the new descriptor's path goes through that mount. `flags` as
// for open(2), O_CLOEXEC and O_NOCTTY are added; flags that create a file are refused with EINVAL,
// where the kernel would ignore them. Errors: ESTALE the file is gone, or the handle is of another
// file system; EPERM the caller lacks CAP_DAC_READ_SEARCH; EOPNOTSUPP `handle.is_fid()`, without a
// system call; EBADF `mount` is not open, or O_PATH; EINVAL no file system makes such a handle;
// ELOOP a symbolic link without O_PATH; EACCES, EROFS, ETXTBSY as for open(2). May block where
// open(2) does; EINTR is retried. One system call, two for pidfds and namespaces; allocates
// nothing. Security: a handle reaches every file of the file system, also what lies outside of the
// mounted subtree, unless it is connectable. Do not look for the path of what was opened: a file
// may have none (/proc/self/fd then says "/").
[[nodiscard]] SYSFD_API Result<OwnedFd> open_by_handle(BorrowedFd mount, const FileHandle& handle,
                                                       int flags) noexcept;

// In place of the descriptor of a mount, for the handles of file systems that are mounted nowhere.
// Opening what they name needs no privilege but that to see it.
// FD_PIDFS_ROOT (Linux 6.17): handles of pidfds. Older kernels: EBADF; there any pidfd will do.
inline BorrowedFd pidfs_root() noexcept {
  return BorrowedFd(detail::Sentinel{-10002});
}
// FD_NSFS_ROOT (Linux 6.18): handles of namespaces. Older kernels: EBADF.
inline BorrowedFd nsfs_root() noexcept {
  return BorrowedFd(detail::Sentinel{-10003});
}

// statmount(2), /proc/thread-self/mountinfo: opens the root of a mount, for open_by_handle(): a
// directory, or the regular file that is mounted. What was opened is checked to lie in that mount.
// Errors: ENOENT no such mount in this mount namespace and below this root directory, or one that
// is mounted nowhere (memfds, pidfds, pipes); EBUSY another mount lies over it; EOPNOTSUPP a
// mounted device, FIFO or socket; ENOMEM; those of open(2). An ID of the reusable kind may by now
// mean another mount than when it was got; one of the unique kind never does. May block where
// open(2) does. Three system calls for a unique ID where the kernel has statmount(2) (Linux 6.8),
// otherwise as many as it takes to read the list of mounts. Allocates nothing, but maps two pages
// for the time of the call where it reads that list or the path is long. The mount cannot be
// unmounted as long as the descriptor is open.
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
