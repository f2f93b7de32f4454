// SPDX-License-Identifier: MIT
//
// Maps the memory of a memfd that others share, if its seals (F_ADD_SEALS of fcntl(2)) make that
// safe. Without seals, reading the mapping raises SIGBUS after somebody shortens the file, and data
// may change between a check and its use.
//
//     auto made = sysfd::sealed_memfd("config", std::as_bytes(std::span("a=1"sv)));  // the sender
//     if (!made) return fail(made.error());
//     auto config = sysfd::SealedMemory::map(*made, 4096);  // the receiver
//     if (!config) return fail(config.error());
//     use(config->bytes());
//
// A file that is not sealed is refused with an error that names the reason. SealedMemory::copy()
// copies such a file instead.
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

// Why memory is not mapped. Compares equal to std::errc::operation_not_permitted. The values are
// fixed: they may be stored and sent. New ones are appended. Zero is no error.
enum class SealError {
  may_shrink = 1,  // not a memfd, or not sealed against shrinking: may raise SIGBUS
  may_change = 2,  // not sealed against writing
};
SYSFD_API std::error_code make_error_code(SealError error) noexcept;

// memfd_create(2): makes a memfd with this content that nobody can change (F_SEAL_SHRINK,
// F_SEAL_GROW, F_SEAL_WRITE, F_SEAL_SEAL). From Linux 6.3 on it cannot be executed either
// (MFD_NOEXEC_SEAL, F_SEAL_EXEC): for a copy of a program, use sysfd::memfd().
//
// Errors: EINVAL: the name; EFBIG: more than RLIMIT_FSIZE (with SIGXFSZ); ENOMEM; EMFILE; ENFILE.
// Cost: two system calls (three before Linux 6.3), and those that write the content.
[[nodiscard]] SYSFD_API Result<OwnedFd> sealed_memfd(CStr name,
                                                     std::span<const std::byte> content) noexcept;

// memfd_create(2): makes a memfd of `size` zero bytes for SharedMemory. Its size and its seals are
// sealed, and it cannot be executed, as above.
//
// Errors: as above; EFBIG: also if no file can be that large.
// Cost: three system calls (four before Linux 6.3).
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
  // Sets the range after mremap(2).
  void resized(void* start, std::size_t size) noexcept {
    start_ = start;
    size_ = size;
  }

 private:
  void* start_ = nullptr;
  std::size_t size_ = 0;  // as requested; the kernel rounds up to pages
};

}  // namespace detail

// Bytes that nobody can change or take away. The mapping ends when this is destroyed. The
// descriptor may be closed before.
class SealedMemory {
 public:
  static constexpr std::size_t unlimited = ~std::size_t{0};

  // mmap(2): maps a whole memfd read-only. It must be sealed against shrinking and writing
  // (F_SEAL_WRITE; F_SEAL_FUTURE_WRITE does not stop writes through existing mappings).
  //
  // Set `max_size` for files from an untrusted sender: the holes of a memfd become memory when they
  // are read.
  //
  // Errors:
  //   SealError: it is not sealed.
  //   EFBIG: it is longer than `max_size`.
  //   EBADF: not open.
  //   EACCES: not open for reading.
  //   ENOMEM: also for huge pages, if the file has holes and no pages are left for them.
  // Cost: three system calls.
  [[nodiscard]] SYSFD_API static Result<SealedMemory> map(
      LentFd file, std::size_t max_size = unlimited) noexcept;

  // pread(2): copies a file of any kind that has positions into memory of this process. If somebody
  // writes at the same time, the copy may mix old and new data.
  //
  // Errors: EFBIG: it is longer than `max_size`; ESPIPE: it has no positions; EIO; EISDIR; ENOMEM.
  // Blocks: where read(2) does. A FUSE server of the sender can block it without a limit.
  [[nodiscard]] SYSFD_API static Result<SealedMemory> copy(LentFd file,
                                                           std::size_t max_size) noexcept;

  std::span<const std::byte> bytes() const noexcept SYSFD_LIFETIMEBOUND {
    return {mapping_.start(), mapping_.size()};
  }

 private:
  explicit SealedMemory(detail::Mapping mapping) noexcept : mapping_(std::move(mapping)) {}
  detail::Mapping mapping_;
};

// Bytes that others may change at any time, but cannot take away: the size is sealed. Two reads of
// the same byte may differ, so copy data before you check it, or use atomics.
class SharedMemory {
 public:
  // mmap(2): maps a whole memfd for reading and writing. It must be sealed against shrinking.
  //
  // Errors:
  //   SealError::may_shrink: it is not.
  //   EFBIG: it is longer than `max_size`.
  //   EPERM: it is sealed against writing.
  //   EBADF: not open.
  //   EACCES: not open for reading and writing.
  //   ENOMEM.
  // Cost: three system calls.
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
