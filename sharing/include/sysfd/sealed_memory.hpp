// SPDX-License-Identifier: MIT
//
// Maps the memory of a memfd that others hold too, if its seals (F_ADD_SEALS of fcntl(2)) keep them
// from pulling it away. Reading a mapping of a file that somebody makes shorter raises SIGBUS;
// reading one that somebody writes to sees it change between a check and its use.
//
//     // The sender                                                  // The receiver
//     auto fd = sysfd::sealed_memfd("config", bytes);                auto config = sysfd::SealedMemory::map(received);
//     sysfd::send_fds(socket, ...);                                  if (!config) return config.error();  // it could change
//                                                                    parse(config->bytes());
//
// What is not sealed is refused, with an error that says so; SealedMemory::copy() takes a copy of
// it.
#ifndef SYSFD_SEALED_MEMORY_HPP
#define SYSFD_SEALED_MEMORY_HPP
#include <sysfd/detail/cxx23.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>
#include <utility>

#include <sysfd/attributes.hpp>
#include <sysfd/cstr.hpp>
#include <sysfd/description.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {

// Why memory is not mapped. These compare equal to std::errc::operation_not_permitted.
// The values are fixed: they may be stored and sent. New ones are appended. Zero is no
// error.
enum class SealError {
  may_shrink = 1,  // it is no memfd, or not sealed against shrinking: SIGBUS
  may_change = 2,  // not sealed against writing
};
SYSFD_API std::error_code make_error_code(SealError error) noexcept;

// memfd_create(2): a memfd with this content, sealed for good against every change (F_SEAL_SHRINK,
// F_SEAL_GROW, F_SEAL_WRITE, F_SEAL_SEAL), and where the kernel can (Linux 6.3) not executable
// (MFD_NOEXEC_SEAL, F_SEAL_EXEC): a copy of a program is to be made by sysfd::memfd(). Errors:
// ENOMEM, EMFILE, ENFILE; EINVAL the name; EFBIG more than RLIMIT_FSIZE, with SIGXFSZ. Two system
// calls (three before Linux 6.3), and those that write the content.
[[nodiscard]] SYSFD_API Result<OwnedFd> sealed_memfd(CStr name,
                                                     std::span<const std::byte> content) noexcept;

// A memfd of this size, full of zeros, sealed against changes of the size and of the seals, and not
// executable, as above: for SharedMemory. Errors: the same; EFBIG also for more than a file can
// have. Three system calls (four before Linux 6.3).
[[nodiscard]] SYSFD_API Result<OwnedFd> fixed_memfd(CStr name, std::uint64_t size) noexcept;

namespace detail {

// Owns a mapping.
class Mapping {
 public:
  Mapping() noexcept = default;
  Mapping(void* start, std::size_t size) noexcept : start_(start), size_(size) {}
  Mapping(Mapping&& other) noexcept
      : start_(std::exchange(other.start_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Mapping& operator=(Mapping&& other) noexcept {
    std::swap(start_, other.start_);
    std::swap(size_, other.size_);
    return *this;
  }
  SYSFD_API ~Mapping();
  std::byte* start() const noexcept { return static_cast<std::byte*>(start_); }
  std::size_t size() const noexcept { return size_; }
  // By mremap(2): it is here now.
  void resized(void* start, std::size_t size) noexcept {
    start_ = start;
    size_ = size;
  }

 private:
  void* start_ = nullptr;
  std::size_t size_ = 0;  // that was asked for; the kernel rounds up to pages
};

}  // namespace detail

// Bytes that nobody can change or take away any more. Unmapped when it is destroyed; the descriptor
// may be closed before.
class SealedMemory {
 public:
  static constexpr std::size_t unlimited = ~std::size_t{0};

  // mmap(2), read-only, of all of a memfd that is sealed against shrinking and writing
  // (F_SEAL_WRITE: F_SEAL_FUTURE_WRITE leaves a mapping that was made before writable). Errors:
  // SealError; EFBIG it is longer than `max_size`, which is to be said of what a stranger sends:
  // the holes of a memfd become memory when they are read; EBADF; EACCES not open for reading;
  // ENOMEM, of huge pages also where the file has holes and there are no pages left for them.
  // Three system calls.
  [[nodiscard]] SYSFD_API static Result<SealedMemory> map(
      LentFd file, std::size_t max_size = unlimited) noexcept;

  // pread(2): a copy, in memory of this process, of what a file of any kind that has positions
  // holds now: not a snapshot, if somebody writes at the same time. Errors: EFBIG it is longer than
  // `max_size`; ESPIPE it has no positions; EIO, EISDIR, ENOMEM. Blocks where read(2) does: for
  // ever, where a FUSE server that its sender runs does not answer.
  [[nodiscard]] SYSFD_API static Result<SealedMemory> copy(LentFd file,
                                                           std::size_t max_size) noexcept;

  std::span<const std::byte> bytes() const noexcept SYSFD_LIFETIMEBOUND {
    return {mapping_.start(), mapping_.size()};
  }

 private:
  explicit SealedMemory(detail::Mapping mapping) noexcept : mapping_(std::move(mapping)) {}
  detail::Mapping mapping_;
};

// Bytes that others may change at any moment, but not take away: the size is sealed. What is read
// from here twice may differ; what counts is to be copied out first, or be made of atomics.
class SharedMemory {
 public:
  // mmap(2), for reading and writing, of all of a memfd that is sealed against shrinking. Errors:
  // SealError::may_shrink; EFBIG; EPERM it is sealed against writing; EBADF; EACCES not open for
  // both; ENOMEM. Three system calls.
  [[nodiscard]] SYSFD_API static Result<SharedMemory> map(
      LentFd file, std::size_t max_size = SealedMemory::unlimited) noexcept;

  std::span<std::byte> bytes() const noexcept SYSFD_LIFETIMEBOUND {
    return {mapping_.start(), mapping_.size()};
  }

 private:
  explicit SharedMemory(detail::Mapping mapping) noexcept : mapping_(std::move(mapping)) {}
  detail::Mapping mapping_;
};

}  // namespace v0
}  // namespace sysfd

template <>
struct std::is_error_code_enum<sysfd::SealError> : std::true_type {};

#endif  // SYSFD_SEALED_MEMORY_HPP
