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
// it is for.
#ifndef SYSFD_FILE_HANDLE_HPP
#define SYSFD_FILE_HANDLE_HPP

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include <sysfd/attributes.hpp>
#include <sysfd/cstr.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {

namespace detail {
struct FileHandleAccess;
}

// A handle, held by value: copied, compared, ordered, hashed, kept in containers. Allocates
// nothing. Two handles are equal if they have the same type and bytes; that makes them the same
// file only if they are of the same file system.
class FileHandle {
 public:
  static constexpr std::size_t max_size = 128;  // MAX_HANDLE_SZ of the kernel

  // The encoding that the file system chose (FILEID_* in the kernel). No two encodings are to be
  // mixed up.
  int type() const noexcept { return type_; }

  // The opaque content. Only a few file systems document theirs (pidfs: the inode number, cgroup2:
  // the cgroup ID).
  std::span<const std::byte> bytes() const noexcept SYSFD_LIFETIMEBOUND { return {bytes_, size_}; }

  SYSFD_API friend bool operator==(const FileHandle&, const FileHandle&) noexcept;
  // An order for maps and sorting; it has no meaning beyond that.
  SYSFD_API friend std::strong_ordering operator<=>(const FileHandle&, const FileHandle&) noexcept;

 private:
  friend struct detail::FileHandleAccess;
  FileHandle() noexcept = default;

  // As struct file_handle of the kernel, which has no fixed size. The bytes beyond size_ are never
  // read.
  std::uint32_t size_ = max_size;
  std::int32_t type_ = 0;
  std::byte bytes_[max_size] = {};
};

// The mount that a file was found through, as name_to_handle_at(2) reports it. This is the reusable
// kind: once the mount is gone, its number may be given to another.
class MountId {
 public:
  explicit MountId(int id) noexcept : id_(id) {}
  int get() const noexcept { return id_; }  // as in the first column of /proc/self/mountinfo
  friend bool operator==(MountId, MountId) noexcept = default;

 private:
  int id_;
};

struct NamedHandle {
  FileHandle handle;
  MountId mount;
};

struct HandleFlags {
  bool follow = false;  // AT_SYMLINK_FOLLOW: where the path ends in a symbolic link, the handle of
                        // what it points to
};

// name_to_handle_at(2): the handle of the file at `path`, relative to `directory` unless absolute.
// Needs no privilege. Errors: EOPNOTSUPP the file system makes no handles (proc, sysfs, overlayfs
// without nfs_export); ENOENT, ENOTDIR, EACCES, ELOOP as for any path; EINVAL a NUL inside the
// path. One system call, allocates nothing.
[[nodiscard]] SYSFD_API Result<NamedHandle> name_to_handle(BorrowedFd directory, CStr path,
                                                           HandleFlags flags = {}) noexcept;

// The same for an open file of any kind; a descriptor opened with O_PATH will do. Errors: EBADF,
// EOPNOTSUPP.
[[nodiscard]] SYSFD_API Result<NamedHandle> name_to_handle(BorrowedFd file) noexcept;

// open_by_handle_at(2): opens the file that a handle names. `mount` is any descriptor of its file
// system but one opened with O_PATH; the new descriptor's path goes through that mount. `flags` as
// for open(2), O_CLOEXEC is added; flags that create a file are refused with EINVAL, where the
// kernel would ignore them. Errors: ESTALE the file is gone, or the handle is of another file
// system; EPERM the caller lacks CAP_DAC_READ_SEARCH; EBADF `mount` is not open, or O_PATH; ELOOP a
// symbolic link without O_PATH; EACCES, EROFS, ETXTBSY as for open(2). May block where open(2)
// does; EINTR is retried. One system call, allocates nothing. Security: a handle reaches every file
// of the file system, also what lies outside of the mounted subtree.
[[nodiscard]] SYSFD_API Result<OwnedFd> open_by_handle(BorrowedFd mount, const FileHandle& handle,
                                                       int flags) noexcept;

}  // namespace v0
}  // namespace sysfd

template <>
struct std::hash<sysfd::FileHandle> {
  SYSFD_API std::size_t operator()(const sysfd::FileHandle& handle) const noexcept;
};

template <>
struct std::hash<sysfd::MountId> {
  std::size_t operator()(sysfd::MountId id) const noexcept { return std::hash<int>()(id.get()); }
};

#endif  // SYSFD_FILE_HANDLE_HPP
