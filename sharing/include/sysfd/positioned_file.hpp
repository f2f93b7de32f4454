// SPDX-License-Identifier: MIT
//
// Reads and writes a file through an open file description that others may share. The position is
// stored in the object: no call uses or changes the description's offset, status flags or locks. So
// the other holders cannot make a write go to the wrong place.
//
//     sysfd::PositionedFile data(std::move(file));
//     std::array<std::byte, 512> header;
//     if (auto got = data.read_exact(header); !got) return fail(got.error());
//     if (auto moved = data.seek(-4, sysfd::SeekFrom::end); !moved) return fail(moved.error());
//
// For regular files and block devices; pipes, sockets and terminals have no positions. Each read
// and write is one system call unless noted, allocates nothing and retries EINTR. It may block on
// slow file systems: O_NONBLOCK has no effect on files. The first write of an object also asks for
// the file system, with one call more, or three on overlayfs.
//
// Writing at a position needs Linux 6.9 and a file system that is known to support RWF_NOAPPEND.
// Otherwise write() and write_at() fail with EOPNOTSUPP: another holder may set O_APPEND, and the
// data would go to the end of the file. Not supported are overlayfs (the root of most containers),
// FUSE, 9p, ZFS, every file system that sysfd does not know, and those of the kernel that take no
// flags, such as /proc and debugfs. A UniqueDescription without O_APPEND can be written on all of
// them: see UniqueDescription::reopen().
//
// Use an object in one thread at a time. The ..._at functions may run in any number of threads.
#ifndef SYSFD_POSITIONED_FILE_HPP
#define SYSFD_POSITIONED_FILE_HPP
#include <sysfd/detail/cxx23.hpp>

#include <sys/uio.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <type_traits>
#include <utility>

#include <sysfd/attributes.hpp>
#include <sysfd/description.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// What the file system does with RWF_NOAPPEND and RWF_APPEND.
enum class WriteFlags : unsigned char { unknown, honoured, noappend_ignored, ignored };

template <class T>
concept Byte =
    std::same_as<std::remove_cv_t<T>, std::byte> || std::same_as<std::remove_cv_t<T>, char> ||
    std::same_as<std::remove_cv_t<T>, unsigned char>;

// Such as std::string, std::vector<char> and std::span<std::byte>.
template <class R>
concept ByteRange = std::ranges::contiguous_range<R> && std::ranges::sized_range<R> &&
                    Byte<std::ranges::range_value_t<R>>;

// No arrays of char: such an array may be a string literal, whose final NUL is not meant.
template <class R>
concept DataRange = ByteRange<R> && !(std::is_array_v<std::remove_cvref_t<R>> &&
                                      std::same_as<std::ranges::range_value_t<R>, char>);

template <class R>
concept WritableByteRange =
    ByteRange<R> && !std::is_const_v<std::remove_reference_t<std::ranges::range_reference_t<R>>>;

}  // namespace detail

// Where a position is counted from. The values are fixed and those of SEEK_SET, SEEK_CUR and
// SEEK_END, so they may be stored and sent. New ones are appended.
enum class SeekFrom { start = 0, position = 1, end = 2 };

struct ReadOptions {
  // RWF_NOWAIT: fails with EAGAIN instead of waiting for a disk or a lock. Reads what is in the
  // page cache, which may be less than asked for. Errors: EOPNOTSUPP: not on this file system.
  bool nowait = false;
};

struct SyncOptions {
  // fdatasync(2): does not write times and other metadata that reading the data does not need.
  bool data_only = false;
};

class PositionedFile {
 public:
  explicit PositionedFile(OwnedFd file, std::uint64_t position = 0) noexcept
      : fd_(std::move(file)), position_(position) {}
  // Nobody else can change the flags of this description, so it can be written on every kernel.
  explicit PositionedFile(UniqueDescription&& file, std::uint64_t position = 0) noexcept
      : fd_(std::move(file).into_shareable()), is_unique_(true), position_(position) {}

  // pread(2), preadv(2) or preadv2(2): reads up to the whole `buffer` at the position, and advances
  // it. Returns zero at the end of the file.
  // Errors: EBADF: not open for reading; ESPIPE: it has no positions; EISDIR; EIO; EAGAIN: see
  //   ReadOptions.
  [[nodiscard]] Result<std::size_t> read(std::span<std::byte> buffer,
                                         ReadOptions options = {}) noexcept {
    return advance(read_at(buffer, position_, options));
  }
  // pwritev2(2) with RWF_NOAPPEND: writes up to all of `data` at the position, and advances it. A
  // UniqueDescription falls back to fcntl(F_GETFL) and pwritev(2).
  // Errors:
  //   EBADF: not open for writing.
  //   EOPNOTSUPP: the kernel, the file system or a sandbox does not support it (see above).
  //   EPERM: sealed.
  //   EFBIG, ENOSPC, EDQUOT, EIO, ESPIPE.
  [[nodiscard]] Result<std::size_t> write(std::span<const std::byte> data) noexcept {
    return advance(write_at(data, position_));
  }

  // Reads or writes everything, in as many system calls as it takes. After an error the position is
  // unchanged.
  // Errors: as read() and write(); for read_exact, ENODATA: the file ends before.
  [[nodiscard]] SYSFD_API Result<> read_exact(std::span<std::byte> buffer) noexcept;
  [[nodiscard]] SYSFD_API Result<> write_all(std::span<const std::byte> data) noexcept;

  // pwritev2(2) with RWF_APPEND: writes at the current end of the file, and returns how many bytes.
  // Concurrent appends are not mixed. The position is unchanged.
  // Errors: as write(), but EOPNOTSUPP only without pwritev2(2), for files of the kernel that take
  //   no flags, and on overlayfs before Linux 6.9; ENOSPC: a block device.
  [[nodiscard]] SYSFD_API Result<std::size_t> append(std::span<const std::byte> data) noexcept;

  // The same at `offset`, in bytes from the start. The position of this object is unchanged.
  // Errors: also EINVAL: `offset` is beyond 2^63.
  [[nodiscard]] SYSFD_API Result<std::size_t> read_at(std::span<std::byte> buffer,
                                                      std::uint64_t offset,
                                                      ReadOptions options = {}) const noexcept;
  [[nodiscard]] SYSFD_API Result<std::size_t> write_at(std::span<const std::byte> data,
                                                       std::uint64_t offset) const noexcept;
  [[nodiscard]] SYSFD_API Result<> read_exact_at(std::span<std::byte> buffer,
                                                 std::uint64_t offset) const noexcept;
  [[nodiscard]] SYSFD_API Result<> write_all_at(std::span<const std::byte> data,
                                                std::uint64_t offset) const noexcept;
  // From and to several buffers in their order. Errors: also EINVAL: more than 1024 buffers.
  [[nodiscard]] SYSFD_API Result<std::size_t> read_at(std::span<const iovec> buffers,
                                                      std::uint64_t offset,
                                                      ReadOptions options = {}) const noexcept;
  [[nodiscard]] SYSFD_API Result<std::size_t> write_at(std::span<const iovec> data,
                                                       std::uint64_t offset) const noexcept;

  // The same with any contiguous range of bytes or characters, such as std::string,
  // std::vector<char> and std::string_view. To write an array of characters, pass "text"sv or
  // std::span(array).
  template <detail::WritableByteRange R>
  [[nodiscard]] Result<std::size_t> read(R&& buffer, ReadOptions options = {}) noexcept {
    return read(writable(buffer), options);
  }
  template <detail::WritableByteRange R>
  [[nodiscard]] Result<> read_exact(R&& buffer) noexcept {
    return read_exact(writable(buffer));
  }
  template <detail::DataRange R>
  [[nodiscard]] Result<std::size_t> write(const R& data) noexcept {
    return write(bytes(data));
  }
  template <detail::DataRange R>
  [[nodiscard]] Result<> write_all(const R& data) noexcept {
    return write_all(bytes(data));
  }
  template <detail::DataRange R>
  [[nodiscard]] Result<std::size_t> append(const R& data) noexcept {
    return append(bytes(data));
  }

  // Sets the position of the next read or write, and returns it. It may be beyond the end: writing
  // there leaves a hole.
  // Errors: EINVAL: before the start, or beyond 2^63; those of size().
  // Cost: no system call, except for SeekFrom::end.
  SYSFD_API Result<std::uint64_t> seek(std::int64_t offset,
                                       SeekFrom from = SeekFrom::start) noexcept;
  std::uint64_t position() const noexcept { return position_; }

  // fstat(2), for block devices ioctl(BLKGETSIZE64): returns the size in bytes.
  // Errors: ESPIPE: it has no positions.
  [[nodiscard]] SYSFD_API Result<std::uint64_t> size() const noexcept;

  // ftruncate(2): sets the size of the file. Data beyond it is lost; added bytes read as zeros. The
  // position is unchanged.
  // Errors:
  //   EBADF: not open.
  //   EINVAL: not open for writing, not a regular file, or beyond 2^63.
  //   EFBIG: too large for the file system or RLIMIT_FSIZE (with SIGXFSZ, as for a write).
  //   EPERM: sealed, append-only or immutable.
  //   ENOSPC, EDQUOT, EIO.
  // Blocks: on slow file systems, and for a lease of another process. EINTR is retried.
  // Cost: one system call.
  [[nodiscard]] SYSFD_API Result<> truncate(std::uint64_t size) const noexcept;

  // fsync(2), fdatasync(2): waits until the file's data and metadata are on the disk, including
  // data that others wrote. To make a new file's name durable, sync its directory.
  // Errors:
  //   EIO, ENOSPC, EDQUOT: data that was written earlier is lost. The kernel reports this once per
  //     open file description: a second sync succeeds.
  //   EBADF: not open.
  //   EINVAL, EROFS: this file cannot be synced.
  // Blocks: until the data is on the disk. EINTR is retried.
  // Cost: one system call.
  [[nodiscard]] SYSFD_API Result<> sync(SyncOptions options = {}) const noexcept;

  // Borrows the descriptor for DescriptionLock, FlockLock and SealedMemory.
  operator LentFd() const& noexcept SYSFD_LIFETIMEBOUND { return LentFd(fd_.borrow()); }
  operator LentFd() const&& = delete;
  OwnedFd into_fd() && noexcept { return std::move(fd_); }
  void into_fd() const& = delete;  // write std::move(file).into_fd()

 private:
  template <class R>
  static std::span<std::byte> writable(R& range) noexcept {
    return std::as_writable_bytes(std::span(std::ranges::data(range), std::ranges::size(range)));
  }
  template <class R>
  static std::span<const std::byte> bytes(const R& range) noexcept {
    return std::as_bytes(std::span(std::ranges::data(range), std::ranges::size(range)));
  }
  Result<std::size_t> advance(Result<std::size_t> count) noexcept {
    if (count) position_ += *count;
    return count;
  }
  Result<detail::WriteFlags> write_flags() const noexcept;
  Result<std::size_t> write_unless_appending(std::span<const iovec> data, std::uint64_t offset,
                                             long error) const noexcept;

  OwnedFd fd_;
  bool is_unique_ = false;
  mutable detail::WriteFlags write_flags_ = detail::WriteFlags::unknown;
  std::uint64_t position_;
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_POSITIONED_FILE_HPP
