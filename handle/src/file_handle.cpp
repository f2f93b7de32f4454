// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include <sysfd/file_handle.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// The system calls work on the value in place: a FileHandle is laid out as the kernel's struct
// file_handle.
struct FileHandleAccess {
  static_assert(offsetof(FileHandle, size_) == offsetof(struct ::file_handle, handle_bytes));
  static_assert(offsetof(FileHandle, type_) == offsetof(struct ::file_handle, handle_type));
  static_assert(offsetof(FileHandle, bytes_) == sizeof(struct ::file_handle));
  static_assert(FileHandle::max_size == MAX_HANDLE_SZ);

  static Result<NamedHandle> name(BorrowedFd directory, const char* path, int flags) noexcept {
    NamedHandle named{FileHandle(), MountId(0)};
    int mount = 0;
    if (::syscall(SYS_name_to_handle_at, directory.get(), path, &named.handle, &mount, flags) ==
        -1) {
      // A larger buffer than the largest is not to be had: this file system cannot encode what was
      // asked for.
      return failure(errno == EOVERFLOW ? EOPNOTSUPP : errno);
    }
    named.mount = MountId(mount);
    return named;
  }

  static std::string_view content(const FileHandle& handle) noexcept {
    return {reinterpret_cast<const char*>(handle.bytes_), handle.size_};
  }
};

}  // namespace detail

using detail::FileHandleAccess;

Result<NamedHandle> name_to_handle(BorrowedFd directory, CStr path, HandleFlags flags) noexcept {
  if (!path.get()) return detail::failure(EINVAL);
  return FileHandleAccess::name(directory, path.get(), flags.follow ? AT_SYMLINK_FOLLOW : 0);
}

Result<NamedHandle> name_to_handle(BorrowedFd file) noexcept {
  return FileHandleAccess::name(file, "", AT_EMPTY_PATH);
}

Result<OwnedFd> open_by_handle(BorrowedFd mount, const FileHandle& handle, int flags) noexcept {
  constexpr int creates = O_CREAT | (O_TMPFILE & ~O_DIRECTORY);
  if (flags & creates) return detail::failure(EINVAL);
  return OwnedFd::from_syscall(static_cast<int>(detail::retry_eintr(
      [&] { return ::syscall(SYS_open_by_handle_at, mount.get(), &handle, flags | O_CLOEXEC); })));
}

bool operator==(const FileHandle& left, const FileHandle& right) noexcept {
  return left.type_ == right.type_ &&
         FileHandleAccess::content(left) == FileHandleAccess::content(right);
}

std::strong_ordering operator<=>(const FileHandle& left, const FileHandle& right) noexcept {
  if (const auto by_type = left.type_ <=> right.type_; by_type != 0) return by_type;
  return FileHandleAccess::content(left) <=> FileHandleAccess::content(right);
}

}  // namespace v0
}  // namespace sysfd

std::size_t std::hash<sysfd::FileHandle>::operator()(
    const sysfd::FileHandle& handle) const noexcept {
  const std::size_t bytes =
      std::hash<std::string_view>()(sysfd::detail::FileHandleAccess::content(handle));
  return bytes ^ (static_cast<std::size_t>(handle.type()) * 0x9e3779b97f4a7c15U);
}
