// SPDX-License-Identifier: MIT
#include <sysfd/positioned_file.hpp>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdint>
#include <limits>

#include <sysfd/detail/syscall.hpp>

#include "kernel.hpp"

namespace sysfd {
inline namespace v0 {
namespace {

using detail::kernel::rwf_append;
using detail::kernel::rwf_noappend;
using detail::kernel::rwf_nowait;

// Not libc's functions: they are points where a thread can be cancelled (pthread_cancel(3)), which must
// not happen within noexcept.
//
// For the kernel, -1 is the description's own offset, which is not to be touched.
constexpr std::uint64_t furthest = std::numeric_limits<std::int64_t>::max();

Result<std::size_t> answer(long count) noexcept {
  if (count < 0) return detail::last_error();
  return static_cast<std::size_t>(count);
}

Result<std::size_t> read_vector(int fd, std::span<const iovec> buffers, std::uint64_t offset,
                                int flags) noexcept {
  if (offset > furthest || buffers.size() > IOV_MAX) return detail::failure(EINVAL);
  return answer(detail::retry_eintr([&] {
    return ::syscall(SYS_preadv2, fd, buffers.data(), buffers.size(), offset, 0L, flags);
  }));
}

Result<std::size_t> write_vector(int fd, std::span<const iovec> data, std::int64_t offset,
                                 int flags) noexcept {
  return answer(detail::retry_eintr(
      [&] { return ::syscall(SYS_pwritev2, fd, data.data(), data.size(), offset, 0L, flags); }));
}

iovec vector_of(std::span<const std::byte> bytes) noexcept {
  return {const_cast<std::byte*>(bytes.data()), bytes.size()};
}

// Calls `some` for what is left until nothing is. No progress is the error `nothing`.
template <class Bytes, class Some>
Result<> repeat(Bytes left, std::uint64_t offset, int nothing, Some some) noexcept {
  while (!left.empty()) {
    const Result<std::size_t> count = some(left, offset);
    if (!count) return std::unexpected(count.error());
    if (*count == 0) return detail::failure(nothing);
    left = left.subspan(*count);
    offset += *count;
  }
  return {};
}

}  // namespace

Result<std::size_t> PositionedFile::read_at(std::span<const iovec> buffers, std::uint64_t offset,
                                            ReadOptions options) const noexcept {
  return read_vector(fd_.get(), buffers, offset, options.nowait ? rwf_nowait : 0);
}

Result<std::size_t> PositionedFile::read_at(std::span<std::byte> buffer, std::uint64_t offset,
                                            ReadOptions options) const noexcept {
  const iovec vector = vector_of(buffer);
  return read_at(std::span(&vector, 1), offset, options);
}

// A description of one's own has the flags that it was opened with, as nobody else can change them.
Result<std::size_t> PositionedFile::write_unless_appending(std::span<const iovec> data,
                                                           std::int64_t offset) const noexcept {
  const int flags = ::fcntl(fd_.get(), F_GETFL);
  if (flags == -1) return detail::last_error();
  if ((flags & O_APPEND) != 0) return detail::failure(EOPNOTSUPP);
  return write_vector(fd_.get(), data, offset, 0);
}

Result<std::size_t> PositionedFile::write_at(std::span<const iovec> data,
                                             std::uint64_t offset) const noexcept {
  if (offset > furthest || data.size() > IOV_MAX) return detail::failure(EINVAL);
  const auto place = static_cast<std::int64_t>(offset);
  const auto written = write_vector(fd_.get(), data, place, rwf_noappend);
  const bool is_unknown = !written && written.error() == std::errc::operation_not_supported;
  return is_unknown && is_unique_ ? write_unless_appending(data, place) : written;
}

Result<std::size_t> PositionedFile::write_at(std::span<const std::byte> data,
                                             std::uint64_t offset) const noexcept {
  const iovec vector = vector_of(data);
  return write_at(std::span(&vector, 1), offset);
}

Result<> PositionedFile::read_exact_at(std::span<std::byte> buffer,
                                       std::uint64_t offset) const noexcept {
  return repeat(buffer, offset, ENODATA, [this](std::span<std::byte> left, std::uint64_t place) {
    return read_at(left, place);
  });
}

Result<> PositionedFile::write_all_at(std::span<const std::byte> data,
                                      std::uint64_t offset) const noexcept {
  return repeat(data, offset, EIO, [this](std::span<const std::byte> left, std::uint64_t place) {
    return write_at(left, place);
  });
}

Result<> PositionedFile::read_exact(std::span<std::byte> buffer) noexcept {
  auto done = read_exact_at(buffer, position_);
  if (done) position_ += buffer.size();
  return done;
}

Result<> PositionedFile::write_all(std::span<const std::byte> data) noexcept {
  auto done = write_all_at(data, position_);
  if (done) position_ += data.size();
  return done;
}

Result<std::size_t> PositionedFile::append(std::span<const std::byte> data) noexcept {
  const iovec vector = vector_of(data);
  // A block device has no end to append to, and takes the offset instead: to it, this one is ENOSPC.
  const std::uint64_t nowhere = furthest - std::min<std::uint64_t>(data.size(), furthest);
  return write_vector(fd_.get(), std::span(&vector, 1), static_cast<std::int64_t>(nowhere),
                      rwf_append);
}

Result<std::uint64_t> PositionedFile::seek(std::int64_t offset, SeekFrom from) noexcept {
  std::uint64_t base = 0;
  if (from == SeekFrom::position) base = position_;
  if (from == SeekFrom::end) {
    const auto end = size();
    if (!end) return end;
    base = *end;
  }
  const auto distance = static_cast<std::uint64_t>(offset);  // wraps around, as does the sum
  const bool is_before = offset < 0 && -distance > base;
  const std::uint64_t place = base + distance;
  const bool is_wrapped = offset > 0 && place < base;  // from a position that was given beyond 2^63
  if (is_before || is_wrapped || place > furthest) return detail::failure(EINVAL);
  position_ = place;
  return place;
}

Result<std::uint64_t> PositionedFile::size() const noexcept {
  struct stat status{};
  if (::fstat(fd_.get(), &status) == -1) return detail::last_error();
  if (S_ISREG(status.st_mode)) return static_cast<std::uint64_t>(status.st_size);
  if (!S_ISBLK(status.st_mode)) return detail::failure(ESPIPE);
  std::uint64_t bytes = 0;
  if (::ioctl(fd_.get(), detail::kernel::block_size, &bytes) == -1) return detail::last_error();
  return bytes;
}

}  // namespace v0
}  // namespace sysfd
