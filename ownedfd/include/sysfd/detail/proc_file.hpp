// SPDX-License-Identifier: MIT
//
// The files of /proc: all modules open and read them here. Not for users.
//
//     const auto status = detail::open_proc_file("thread-self/status");
//     char room[16];
//     if (status) const auto pid = detail::find_field(*status, "Pid:\t", room);
//
// What is read is the kernel's: /proc has to be a procfs, and nothing may be mounted over the file
// or over a directory on the way to it. A file of the caller is "thread-self/...", since a thread
// may have a descriptor table, namespaces and ids of its own; "self/..." is the first thread's.
//
// No function allocates, has a frame of more than 1 KiB or is a cancellation point; EINTR is
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

// The root of the procfs at /proc (O_PATH), for those who open more than one file in it. Errors:
// ENOENT there is no procfs; those of open(2). Two system calls.
SYSFD_API Result<OwnedFd> open_proc() noexcept;

// openat2(2): opens what has this relative path in a directory that is open_proc() or was opened in
// it. Magic links are not followed: see open_proc_link(). O_CLOEXEC and O_NOCTTY are added to
// `flags`. Errors: EXDEV something is mounted over it, or on the way; ELOOP a magic link; those of
// open(2). One system call. Where that is refused, the path is walked by openat(2) and statx(2),
// which must not be refused too: `directory` is open_proc() then, or the path is one name.
SYSFD_API Result<OwnedFd> open_in_proc(BorrowedFd directory, const char* path, int flags) noexcept;

// Both at once: `path` is relative to /proc. `flags` are O_RDONLY, O_WRONLY, O_PATH, ... Four
// system calls.
SYSFD_API Result<OwnedFd> open_proc_file(const char* path, int flags = 0) noexcept;

// Opens what the magic link `name` leads to (a number in "thread-self/fd", a kind of namespace in
// "thread-self/ns"), in a directory that open_in_proc() has opened. Only who mounts something over
// the link between two calls of this function is not noticed. Errors: EXDEV something is mounted
// over it; those of open(2). Three system calls.
SYSFD_API Result<OwnedFd> open_proc_link(BorrowedFd directory, const char* name,
                                         int flags) noexcept;

// The same in the directory with this path, relative to /proc. Eight system calls.
SYSFD_API Result<OwnedFd> open_proc_link(const char* directory, const char* name,
                                         int flags) noexcept;

// A path that ends with a number, of at most 24 characters before it.
class NumberedPath {
 public:
  SYSFD_API NumberedPath(std::string_view directory, int number) noexcept;
  const char* get() const noexcept { return path_; }

 private:
  char path_[40];
};

// Reads a file from where it is to its end, however long it is, by way of a small buffer.
class ByteReader {
 public:
  static constexpr int end = -1;

  // cppcheck-suppress uninitMemberVar; the buffer is filled before it is read
  explicit ByteReader(BorrowedFd file) noexcept : file_(file) {}

  // The next byte (0 to 255), or `end`, also after an error.
  int next() noexcept {
    if (begin_ >= size_ && !fill()) return end;
    // read(2) has filled it, which clang-tidy cannot see.
    return static_cast<unsigned char>(buffer_[begin_++]);  // NOLINT(clang-analyzer-core.*)
  }

  // Passes over the rest of a line and its end. False: the file has ended, or an error.
  SYSFD_API bool skip_line() noexcept;

  // 0, or the errno of the read(2) that has failed.
  int error() const noexcept { return error_; }

 private:
  SYSFD_API bool fill() noexcept;

  BorrowedFd file_;
  int error_ = 0;
  std::size_t begin_ = 0, size_ = 0;
  char buffer_[512];
};

// The rest of the first line that begins with `label`, in `room`. Errors: ENODATA there is no such
// line; EOVERFLOW the line is longer than `room`; those of read(2).
SYSFD_API Result<std::string_view> find_field(BorrowedFd file, std::string_view label,
                                              std::span<char> room) noexcept;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_DETAIL_PROC_FILE_HPP
