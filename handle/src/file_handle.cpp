// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include <sysfd/create.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/file_handle.hpp>

#include "kernel.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// Lets the system calls read and write the value in place: a FileHandle has the layout of the
// kernel's struct file_handle.
struct FileHandleAccess {
  static_assert(offsetof(FileHandle, size_) == offsetof(struct ::file_handle, handle_bytes));
  static_assert(offsetof(FileHandle, type_) == offsetof(struct ::file_handle, handle_type));
  static_assert(offsetof(FileHandle, bytes_) == sizeof(struct ::file_handle));
  static_assert(FileHandle::max_size == MAX_HANDLE_SZ);

  // Converts to a FileHandle at its final place, so that nothing of this size is copied.
  struct Blank {
    operator FileHandle() const noexcept { return FileHandle(); }
  };

  SYSFD_ALWAYS_INLINE static Result<NamedHandle> name(BorrowedFd directory, const char* path,
                                                      int at_flag, HandleFlags flags) noexcept {
    Result<NamedHandle> named(std::in_place, Blank(), MountId(0));
    // The kernel fails with EINVAL for these too, but then the caller could not tell it from an
    // unknown flag.
    if (!path || (flags.connectable && (flags.fid || (at_flag & AT_EMPTY_PATH)))) {
      named = failure(EINVAL);
      return named;
    }
    const int newer_flags = (flags.fid ? kernel::at_handle_fid : 0) |
                            (flags.connectable ? kernel::at_handle_connectable : 0) |
                            (flags.unique_mount ? kernel::at_handle_mnt_id_unique : 0);
    union {
      std::uint64_t unique = 0;
      int reusable;
    } mount;
    named->handle.fid_ = flags.fid;
    const long answer = system_call_retried(SYS_name_to_handle_at, directory.get(), path,
                                            &named->handle, &mount, newer_flags | at_flag);
    if (answer < 0)
      named = explain(answer, newer_flags);
    else
      named->mount = (newer_flags & kernel::at_handle_mnt_id_unique) ? MountId::unique(mount.unique)
                                                                     : MountId(mount.reusable);
    return named;
  }

  // Returns the error for the `answer` of the kernel.
  [[gnu::cold]] static std::unexpected<std::error_code> explain(long answer,
                                                                int newer_flags) noexcept {
    // No buffer can be larger than this one, so EOVERFLOW means that the file system cannot encode
    // what the caller asks for (overlayfs with AT_HANDLE_CONNECTABLE fails so for every size).
    const bool unsupported = answer == -EOVERFLOW || (answer == -EINVAL && newer_flags != 0);
    return failure(unsupported ? EOPNOTSUPP : static_cast<int>(-answer));
  }

  SYSFD_ALWAYS_INLINE static Result<FileHandle> make(int type, std::span<const std::byte> bytes,
                                                     bool fid, int errno_value) noexcept {
    Result<FileHandle> handle(std::in_place, Blank());
    if (type < 0 || bytes.size() > FileHandle::max_size) {
      handle = failure(errno_value);
      return handle;
    }
    handle->type_ = type;
    handle->size_ = static_cast<std::uint32_t>(bytes.size());
    std::ranges::copy(bytes, handle->bytes_);
    handle->fid_ = fid;
    return handle;
  }

  static std::string_view content(const FileHandle& handle) noexcept {
    return {reinterpret_cast<const char*>(handle.bytes_), handle.size_};
  }
};

}  // namespace detail

using detail::FileHandleAccess;

Result<NamedHandle> name_to_handle(BorrowedFd directory, CStr path, HandleFlags flags) noexcept {
  return FileHandleAccess::name(directory, path.get(), flags.follow ? AT_SYMLINK_FOLLOW : 0, flags);
}

Result<NamedHandle> name_to_handle(BorrowedFd file, HandleFlags flags) noexcept {
  return FileHandleAccess::name(file, "", AT_EMPTY_PATH, flags);
}

Result<OwnedFd> open_by_handle(BorrowedFd mount, const FileHandle& handle, int flags) noexcept {
  if (flags & detail::flags_that_create) return detail::failure(EINVAL);
  // Some file systems would open it; others would fail with ESTALE, as if the file were gone.
  if (handle.is_fid()) return detail::failure(EOPNOTSUPP);
  const auto open_with = [&](int all_flags) {
    return detail::system_call_retried(SYS_open_by_handle_at, mount.get(), &handle, all_flags);
  };
  const long answer = open_with(flags | O_CLOEXEC | O_NOCTTY);
  // pidfs and nsfs have no terminals and reject O_NOCTTY.
  return detail::to_owned(answer == -EINVAL ? open_with(flags | O_CLOEXEC) : answer);
}

Result<FileHandle> FileHandle::from_parts(int type, std::span<const std::byte> bytes) noexcept {
  return FileHandleAccess::make(type, bytes, false, EINVAL);
}

namespace {

// Serializes as: the format (1), is_fid (0 or 1), the type (4 bytes, the lowest first), the number
// of bytes, the bytes.
constexpr std::size_t type_offset = 2;
constexpr std::size_t size_offset = type_offset + sizeof(std::int32_t);
constexpr std::size_t bytes_offset = size_offset + 1;
constexpr std::byte format{1};
static_assert(FileHandle::max_size <= 0xff);

}  // namespace

std::vector<std::byte> FileHandle::serialize() const {
  std::vector<std::byte> stored(bytes_offset + size_);
  stored[0] = format;
  stored[1] = std::byte{fid_};
  for (std::size_t i = 0; i < sizeof type_; ++i)
    stored[type_offset + i] = static_cast<std::byte>(type_ >> (8 * i));
  stored[size_offset] = static_cast<std::byte>(size_);
  std::ranges::copy(bytes(), stored.begin() + bytes_offset);
  return stored;
}

Result<FileHandle> FileHandle::deserialize(std::span<const std::byte> stored) noexcept {
  if (stored.size() < bytes_offset || stored[0] != format || stored[1] > std::byte{1} ||
      stored.size() != bytes_offset + std::to_integer<std::size_t>(stored[size_offset]))
    return detail::failure(EBADMSG);
  std::uint32_t type = 0;
  for (std::size_t i = 0; i < sizeof type; ++i)
    type |= std::to_integer<std::uint32_t>(stored[type_offset + i]) << (8 * i);
  return FileHandleAccess::make(static_cast<std::int32_t>(type), stored.subspan(bytes_offset),
                                stored[1] == std::byte{1}, EBADMSG);
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
