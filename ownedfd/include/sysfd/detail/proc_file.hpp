// SPDX-License-Identifier: MIT
//
// Opens and reads the files of /proc, for all modules. Not for users.
//
//     const auto status = sysfd::detail::open_proc_file("thread-self/status");
//     if (!status) return fail(status.error());
//     char room[16];
//     const auto number = sysfd::detail::find_field(*status, "Pid:\t", room);
//     if (number) use(*number);
//
// Only files of the kernel are read: /proc must be a procfs, and nothing may be mounted over the
// file or on the way to it. Files of the caller are "thread-self/...", since a thread may have its
// own descriptor table, namespaces and ids; "self/..." is the first thread.
//
// No function allocates, has a frame of more than 1 KiB or is a cancellation point. EINTR is
// retried.
#ifndef SYSFD_DETAIL_PROC_FILE_HPP
#define SYSFD_DETAIL_PROC_FILE_HPP
#include <sysfd/detail/cxx23.hpp>

#include <cstddef>
#include <span>
#include <string_view>

#include <sysfd/attributes.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// open(2): opens the root of the procfs at /proc (O_PATH), for callers that open several files in
// it.
// Errors: ENOENT: there is no procfs; those of open(2).
// Cost: two system calls.
SYSFD_API Result<OwnedFd> open_proc() noexcept;

// openat2(2): opens a relative path in a directory from open_proc(), or in one opened through it.
//
// O_CLOEXEC and O_NOCTTY are added to `flags`. Magic links are not followed: see open_proc_link().
// If openat2(2) is refused, openat(2) and statx(2) walk the path; these must be allowed, and
// `directory` must be open_proc() or `path` a single name.
//
// Errors: EXDEV: something is mounted over it, or on the way; ELOOP: a magic link; those of
//   open(2).
// Cost: one system call, unless it is refused.
SYSFD_API Result<OwnedFd> open_in_proc(BorrowedFd directory, const char* path, int flags) noexcept;

// Does both: `path` is relative to /proc. `flags`: O_RDONLY, O_WRONLY, O_PATH, ...
// Cost: four system calls.
SYSFD_API Result<OwnedFd> open_proc_file(const char* path, int flags = 0) noexcept;

// Opens the target of the magic link `name` (a number in "thread-self/fd", or a kind of namespace
// in "thread-self/ns") in a directory from open_in_proc(). A mount over the link is noticed, unless
// it is made between two system calls of this function.
// Errors: EXDEV: something is mounted over it; those of open(2).
// Cost: three system calls.
SYSFD_API Result<OwnedFd> open_proc_link(BorrowedFd directory, const char* name,
                                         int flags) noexcept;

// Does the same in the directory with this path, relative to /proc.
// Cost: eight system calls.
SYSFD_API Result<OwnedFd> open_proc_link(const char* directory, const char* name,
                                         int flags) noexcept;

// Formats a path: a directory of at most 24 characters, followed by a number.
class NumberedPath {
 public:
  SYSFD_API NumberedPath(std::string_view directory, int number) noexcept;
  const char* get() const noexcept { return path_; }

 private:
  char path_[40];
};

// Reads a file of any length from its offset to its end, through a small buffer.
class ByteReader {
 public:
  static constexpr int end = -1;

  // cppcheck-suppress uninitMemberVar; the buffer is filled before it is read
  explicit ByteReader(BorrowedFd file) noexcept : file_(file) {}

  // Returns the next byte (0 to 255), or `end` at the end of the file and after an error.
  int next() noexcept {
    if (begin_ >= size_ && !fill()) return end;
    // read(2) has filled it, which clang-tidy cannot see.
    return static_cast<unsigned char>(buffer_[begin_++]);  // NOLINT(clang-analyzer-core.*)
  }

  // Skips the rest of a line and its newline. Returns false at the end of the file and after an
  // error.
  SYSFD_API bool skip_line() noexcept;

  // Returns 0, or the errno of the read(2) that failed.
  int error() const noexcept { return error_; }

 private:
  SYSFD_API bool fill() noexcept;

  BorrowedFd file_;
  int error_ = 0;
  std::size_t begin_ = 0, size_ = 0;
  char buffer_[512];
};

// Finds the first line that begins with `label`, and returns the rest of it, stored in `room`.
// Errors: ENODATA: no such line; EOVERFLOW: it does not fit into `room`; those of read(2).
SYSFD_API Result<std::string_view> find_field(BorrowedFd file, std::string_view label,
                                              std::span<char> room) noexcept;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_DETAIL_PROC_FILE_HPP
