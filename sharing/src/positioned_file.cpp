// SPDX-License-Identifier: MIT
#include <sysfd/positioned_file.hpp>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <climits>
#include <cstdint>
#include <limits>

#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/refusal.hpp>
#include <sysfd/detail/syscall.hpp>

#include "kernel.hpp"
#include "write_flags.hpp"

namespace sysfd {
inline namespace v0 {
namespace {

using detail::system_call_retried;
using detail::WriteFlags;
using detail::kernel::rwf_append;
using detail::kernel::rwf_noappend;
using detail::kernel::rwf_nowait;

// The kernel takes -1 for the description's own offset, which must not be used or changed.
constexpr std::uint64_t furthest = std::numeric_limits<std::int64_t>::max();

Result<std::size_t> to_size(long answer) noexcept {
  if (answer < 0) return detail::failure(static_cast<int>(-answer));
  return static_cast<std::size_t>(answer);
}

Result<> to_result(long answer) noexcept {
  if (answer < 0) return detail::failure(static_cast<int>(-answer));
  return {};
}

iovec vector_of(std::span<const std::byte> bytes) noexcept {
  return {const_cast<std::byte*>(bytes.data()), bytes.size()};
}

// Calls `some` for the rest until nothing is left. Fails with `errno_value` if a call makes no
// progress.
template <class Bytes, class Some>
Result<> repeat(Bytes left, std::uint64_t offset, int errno_value, Some some) noexcept {
  while (!left.empty()) {
    const Result<std::size_t> count = some(left, offset);
    if (!count) return std::unexpected(count.error());
    if (*count == 0) return detail::failure(errno_value);
    left = left.subspan(*count);
    offset += *count;
  }
  return {};
}

}  // namespace

// Uses the calls without flags if no flag is needed: sandboxes that are older than preadv2(2)
// refuse it.
Result<std::size_t> PositionedFile::read_at(std::span<const iovec> buffers, std::uint64_t offset,
                                            ReadOptions options) const noexcept {
  if (offset > furthest || buffers.size() > IOV_MAX) return detail::failure(EINVAL);
  if (options.nowait)
    return to_size(detail::with_flags(SYS_preadv2, fd_.get(), buffers, offset, rwf_nowait));
  return to_size(
      system_call_retried(SYS_preadv, fd_.get(), buffers.data(), buffers.size(), offset, 0L));
}

Result<std::size_t> PositionedFile::read_at(std::span<std::byte> buffer, std::uint64_t offset,
                                            ReadOptions options) const noexcept {
  if (options.nowait) {
    const iovec vector = vector_of(buffer);
    return read_at(std::span(&vector, 1), offset, options);
  }
  if (offset > furthest) return detail::failure(EINVAL);
  return to_size(system_call_retried(SYS_pread64, fd_.get(), buffer.data(), buffer.size(), offset));
}

// Finds the flags once. Several threads may do so at the same time, and find the same ones.
Result<WriteFlags> PositionedFile::write_flags() const noexcept {
  const std::atomic_ref known(write_flags_);
  const WriteFlags flags = known.load(std::memory_order_relaxed);
  if (flags != WriteFlags::unknown) return flags;
  const auto found = detail::find_write_flags(fd_.get());
  if (found) known.store(*found, std::memory_order_relaxed);
  return found;
}

// A description that is only ours keeps the flags that it was opened with: no other code can change
// them.
Result<std::size_t> PositionedFile::write_unless_appending(std::span<const iovec> data,
                                                           std::uint64_t offset,
                                                           long error) const noexcept {
  const long flags = detail::system_call(SYS_fcntl, fd_.get(), F_GETFL);
  if (flags < 0) return to_size(flags);
  if ((flags & O_APPEND) != 0) return to_size(error);
  return to_size(system_call_retried(SYS_pwritev, fd_.get(), data.data(), data.size(), offset, 0L));
}

Result<std::size_t> PositionedFile::write_at(std::span<const iovec> data,
                                             std::uint64_t offset) const noexcept {
  if (offset > furthest || data.size() > IOV_MAX) return detail::failure(EINVAL);
  const auto flags = write_flags();
  if (!flags) return std::unexpected(flags.error());
  long written = -EOPNOTSUPP;
  if (*flags == WriteFlags::honoured) {
    written = detail::with_flags(SYS_pwritev2, fd_.get(), data, offset, rwf_noappend);
    if (written != -EOPNOTSUPP && !detail::is_refusal(written)) return to_size(written);
    if (written == -ENOSYS) written = -EOPNOTSUPP;
  }
  return is_unique_ ? write_unless_appending(data, offset, written) : to_size(written);
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
  auto all = read_exact_at(buffer, position_);
  if (all) position_ += buffer.size();
  return all;
}

Result<> PositionedFile::write_all(std::span<const std::byte> data) noexcept {
  auto all = write_all_at(data, position_);
  if (all) position_ += data.size();
  return all;
}

Result<std::size_t> PositionedFile::append(std::span<const std::byte> data) noexcept {
  const auto flags = write_flags();
  if (!flags) return std::unexpected(flags.error());
  if (*flags == WriteFlags::ignored) return detail::failure(EOPNOTSUPP);
  const iovec vector = vector_of(data);
  // A block device has no end to append to, and takes the offset instead: for it, this offset is
  // ENOSPC.
  const std::uint64_t nowhere = furthest - std::min<std::uint64_t>(data.size(), furthest);
  return to_size(
      detail::with_flags(SYS_pwritev2, fd_.get(), std::span(&vector, 1), nowhere, rwf_append));
}

Result<std::uint64_t> PositionedFile::seek(std::int64_t offset, SeekFrom from) noexcept {
  std::uint64_t base = 0;
  if (from == SeekFrom::position) base = position_;
  if (from == SeekFrom::end) {
    const auto end = size();
    if (!end) return end;
    base = *end;
  }
  const auto distance = static_cast<std::uint64_t>(offset);  // wraps around, and so does the sum
  const bool is_before = offset < 0 && -distance > base;
  const std::uint64_t place = base + distance;
  const bool is_wrapped = offset > 0 && place < base;  // the position was set beyond 2^63
  if (is_before || is_wrapped || place > furthest) return detail::failure(EINVAL);
  position_ = place;
  return place;
}

Result<std::uint64_t> PositionedFile::size() const noexcept {
  struct stat status{};
  if (const long answer = detail::system_call(SYS_fstat, fd_.get(), &status); answer < 0)
    return detail::failure(static_cast<int>(-answer));
  if (S_ISREG(status.st_mode)) return static_cast<std::uint64_t>(status.st_size);
  if (!S_ISBLK(status.st_mode)) return detail::failure(ESPIPE);
  std::uint64_t bytes = 0;
  const long answer = detail::system_call(SYS_ioctl, fd_.get(), detail::kernel::block_size, &bytes);
  if (answer < 0) return detail::failure(static_cast<int>(-answer));
  return bytes;
}

Result<> PositionedFile::truncate(std::uint64_t size) const noexcept {
  if (size > furthest) return detail::failure(EINVAL);
  return to_result(system_call_retried(SYS_ftruncate, fd_.get(), size));
}

Result<> PositionedFile::sync(SyncOptions options) const noexcept {
  return to_result(system_call_retried(options.data_only ? SYS_fdatasync : SYS_fsync, fd_.get()));
}

}  // namespace v0
}  // namespace sysfd
