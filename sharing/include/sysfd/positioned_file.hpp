// SPDX-License-Identifier: MIT
//
// Reads and writes a file whose open file description others may hold too, so that neither disturbs
// the other: the position is kept here, and no call touches the description's offset, status flags
// or locks. Nor can what others do to those make a write go to the wrong place.
//
//     sysfd::PositionedFile file(std::move(received));
//     std::array<std::byte, 512> header;
//     if (auto got = file.read_exact(header); !got) return got;
//     auto position = file.seek(-4, sysfd::SeekFrom::end);
//
// For what has positions: regular files and block devices, not pipes, sockets and terminals. Each
// call of read and write is one system call, unless said otherwise, does not allocate, and retries
// EINTR. The first write of an object asks for the file system before, with one call more, three on
// overlayfs. May block on slow file systems, whatever O_NONBLOCK says, which means nothing for
// files.
//
// Not every file system keeps a write from being appended. On those that do not, and on all files
// before Linux 6.9, only a UniqueDescription without O_APPEND is written at a position, and every
// other one fails with EOPNOTSUPP: files of overlayfs (the root of most containers), FUSE, 9p, ZFS
// and other file systems that are not known to; of /proc, debugfs and other file systems of the
// kernel that take no flags. UniqueDescription::reopen() makes one of what was received.
//
// One object is for one thread at a time; the ..._at functions only read it and are for any number.
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

// What the file system makes of RWF_NOAPPEND and RWF_APPEND.
enum class WriteFlags : unsigned char { unknown, honoured, noappend_ignored, ignored };

template <class T>
concept Byte =
    std::same_as<std::remove_cv_t<T>, std::byte> || std::same_as<std::remove_cv_t<T>, char> ||
    std::same_as<std::remove_cv_t<T>, unsigned char>;

// std::string, std::vector<char>, std::span<std::byte>, ...
template <class R>
concept ByteRange = std::ranges::contiguous_range<R> && std::ranges::sized_range<R> &&
                    Byte<std::ranges::range_value_t<R>>;

// Not an array of characters: it may be a string literal, which ends with a NUL that is not meant.
template <class R>
concept DataRange = ByteRange<R> && !(std::is_array_v<std::remove_cvref_t<R>> &&
                                      std::same_as<std::ranges::range_value_t<R>, char>);

template <class R>
concept WritableByteRange =
    ByteRange<R> && !std::is_const_v<std::remove_reference_t<std::ranges::range_reference_t<R>>>;

}  // namespace detail

// What a position counts from. The values are fixed: they may be stored and sent, and are those of
// SEEK_SET, SEEK_CUR and SEEK_END. New ones are appended.
enum class SeekFrom { start = 0, position = 1, end = 2 };

struct ReadOptions {
  // RWF_NOWAIT: rather fail with EAGAIN than wait for a disk or a lock; what is in the page cache
  // is read, and may be less than asked for. Errors: EOPNOTSUPP this file system cannot.
  bool nowait = false;
};

struct SyncOptions {
  // fdatasync(2): without the times of the file and other metadata that reading the data does not
  // need.
  bool data_only = false;
};

class PositionedFile {
 public:
  explicit PositionedFile(OwnedFd file, std::uint64_t position = 0) noexcept
      : fd_(std::move(file)), position_(position) {}
  // Nobody else can change the flags of this one, so that it can be written on every kernel.
  explicit PositionedFile(UniqueDescription&& file, std::uint64_t position = 0) noexcept
      : fd_(std::move(file).into_shareable()), is_unique_(true), position_(position) {}

  // pread(2), preadv(2), with `nowait` preadv2(2): reads at the position, up to all of `buffer`,
  // and moves on behind what was read. Zero at the end of the file. Errors: EBADF not open for
  // reading; ESPIPE it has no positions; EISDIR; EIO; EAGAIN see ReadOptions.
  [[nodiscard]] Result<std::size_t> read(std::span<std::byte> buffer,
                                         ReadOptions options = {}) noexcept {
    return advance(read_at(buffer, position_, options));
  }
  // pwritev2(2) with RWF_NOAPPEND: writes at the position and moves on behind what was written,
  // which may be less than all. Errors: EBADF not open for writing; EFBIG, ENOSPC, EDQUOT, EIO,
  // EPERM (sealed), ESPIPE; EOPNOTSUPP this kernel (before Linux 6.9), this file system, or a
  // sandbox cannot keep the write from being appended to the end where another holder of the
  // description sets O_APPEND: see above. Of a UniqueDescription pwritev(2) does there, with a look
  // at its flags (fcntl(F_GETFL)).
  [[nodiscard]] Result<std::size_t> write(std::span<const std::byte> data) noexcept {
    return advance(write_at(data, position_));
  }

  // All of it, in as many system calls as it takes. Errors: those, and for read_exact ENODATA the
  // file ends before. The position has not moved after an error.
  [[nodiscard]] SYSFD_API Result<> read_exact(std::span<std::byte> buffer) noexcept;
  [[nodiscard]] SYSFD_API Result<> write_all(std::span<const std::byte> data) noexcept;

  // pwritev2(2) with RWF_APPEND: writes at the end of the file as it is then; what several append
  // at once is not mixed. Returns how much of it. The position stays. Errors: as write(), but
  // EOPNOTSUPP only where there is no pwritev2(2), for files of the kernel that take no flags, and
  // on overlayfs before Linux 6.9; ENOSPC a block device.
  [[nodiscard]] SYSFD_API Result<std::size_t> append(std::span<const std::byte> data) noexcept;

  // The same at a given position; this object's stays. Offsets are bytes from the start; EINVAL for
  // those beyond 2^63.
  [[nodiscard]] SYSFD_API Result<std::size_t> read_at(std::span<std::byte> buffer,
                                                      std::uint64_t offset,
                                                      ReadOptions options = {}) const noexcept;
  [[nodiscard]] SYSFD_API Result<std::size_t> write_at(std::span<const std::byte> data,
                                                       std::uint64_t offset) const noexcept;
  [[nodiscard]] SYSFD_API Result<> read_exact_at(std::span<std::byte> buffer,
                                                 std::uint64_t offset) const noexcept;
  [[nodiscard]] SYSFD_API Result<> write_all_at(std::span<const std::byte> data,
                                                std::uint64_t offset) const noexcept;
  // From and to several buffers, one after the other. Errors: also EINVAL more than 1024 of them.
  [[nodiscard]] SYSFD_API Result<std::size_t> read_at(std::span<const iovec> buffers,
                                                      std::uint64_t offset,
                                                      ReadOptions options = {}) const noexcept;
  [[nodiscard]] SYSFD_API Result<std::size_t> write_at(std::span<const iovec> data,
                                                       std::uint64_t offset) const noexcept;

  // The same with any contiguous range of bytes or characters: std::string, std::vector<char>,
  // std::string_view, ...; to be written, not an array of characters: say "text"sv, or
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

  // Where the next read or write is to be, in bytes from the start. May be beyond the end: what is
  // written there leaves a hole. Without a system call but for SeekFrom::end. Returns the new
  // position. Errors: EINVAL it would be before the start, or beyond 2^63; those of size().
  SYSFD_API Result<std::uint64_t> seek(std::int64_t offset,
                                       SeekFrom from = SeekFrom::start) noexcept;
  std::uint64_t position() const noexcept { return position_; }

  // fstat(2), for block devices BLKGETSIZE64: how many bytes it has now. Errors: ESPIPE it has no
  // positions.
  [[nodiscard]] SYSFD_API Result<std::uint64_t> size() const noexcept;

  // ftruncate(2): makes the file this long. What is beyond it is lost; what is added reads as
  // zeros. The position stays.
  // Errors: EBADF not open; EINVAL not open for writing, not a regular file, or beyond 2^63; EFBIG
  //   larger than the file system or RLIMIT_FSIZE allows (with SIGXFSZ, as for a write); EPERM
  //   sealed, append-only or immutable; ENOSPC, EDQUOT, EIO.
  // Blocks: on slow file systems, and for a lease of another process. EINTR is retried.
  // Cost: one system call.
  [[nodiscard]] SYSFD_API Result<> truncate(std::uint64_t size) const noexcept;

  // fsync(2), fdatasync(2): waits until the file's data and metadata are on the disk, whoever has
  // written them. The directory entry of a new file needs a sync of its directory.
  // Errors: EIO, ENOSPC, EDQUOT data that was written earlier is lost: the kernel tells each open
  //   file description only once, so that a second sync succeeds nevertheless; EBADF not open;
  //   EINVAL, EROFS this file cannot be synced.
  // Blocks: until the disk has it. EINTR is retried.
  // Cost: one system call.
  [[nodiscard]] SYSFD_API Result<> sync(SyncOptions options = {}) const noexcept;

  // Lends it, for DescriptionLock, FlockLock and SealedMemory.
  operator LentFd() const& noexcept SYSFD_LIFETIMEBOUND { return LentFd(fd_.borrow()); }
  operator LentFd() const&& = delete;
  OwnedFd into_fd() && noexcept { return std::move(fd_); }

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
