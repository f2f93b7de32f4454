// SPDX-License-Identifier: MIT
//
// Functions that create descriptors. Each new descriptor is close-on-exec from the start, so a
// program that another thread starts at the same moment does not inherit it. Its number is 3 or
// above, so it is not taken for a standard stream if 0, 1 or 2 is closed.
//
//     auto hosts = sysfd::open(sysfd::cwd(), "/etc/hosts", O_RDONLY);
//     if (!hosts) return fail(hosts.error());
//     auto ends = sysfd::pipe();
//     if (!ends) return fail(ends.error());
//     use(*hosts, ends->read, ends->write);
//
// The flags are those of <fcntl.h>, <sys/socket.h>, <sys/mman.h> and <sys/eventfd.h>: include the
// one whose flags you use.
//
// Errors of all: EMFILE, ENFILE: too many descriptors are open in the process, or in the system;
//   EINVAL: an unknown flag, or a string that is null or contains a NUL; ENOMEM.
// Allocates: nothing in user space. All are async-signal-safe.
// Cost: one system call; two more to move a descriptor whose number would be 0, 1 or 2.
#ifndef SYSFD_CREATE_HPP
#define SYSFD_CREATE_HPP
#include <sysfd/detail/cxx23.hpp>

#include <fcntl.h>       // O_RDONLY, ...
#include <sys/socket.h>  // SOCK_STREAM, ...
#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <system_error>

#include <sysfd/attributes.hpp>
#include <sysfd/cstr.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// O_CREAT, and O_TMPFILE without the O_DIRECTORY that is part of it.
inline constexpr int flags_that_create = 020000100;

// EINVAL, with a message that names the flags.
[[gnu::cold]] SYSFD_API std::error_code mode_is_missing() noexcept;

}  // namespace detail

// AT_FDCWD: the current working directory, for every function that takes a directory.
inline BorrowedFd cwd() noexcept {
  return BorrowedFd(detail::Sentinel{-100});
}

// openat(2): opens `path`, relative to `directory` unless it is absolute.
//
// O_CLOEXEC and O_NOCTTY are added to `flags`: an opened terminal never becomes the controlling
// terminal (use ioctl(TIOCSCTTY) for that). A file that the flags create gets `mode`, less
// umask(2).
// Errors: those of open(2), such as ENOENT and EACCES.
// Blocks: for FIFOs and network file systems. EINTR is retried.
[[nodiscard]] SYSFD_API Result<OwnedFd> open(BorrowedFd directory, CStr path, int flags,
                                             mode_t mode) noexcept;

// The same with flags that create no file.
// Errors: also EINVAL: the flags create a file (O_CREAT, O_TMPFILE). Its message says so: the
//   category is not std::system_category().
[[nodiscard]] inline Result<OwnedFd> open(BorrowedFd directory, CStr path, int flags) noexcept {
  if ((flags & detail::flags_that_create) != 0) return std::unexpected(detail::mode_is_missing());
  return open(directory, path, flags, 0);
}

// RESOLVE_... of openat2(2): restricts what a path may lead through. Combine them with `|`. The
// values are fixed and those of the kernel, so they may be stored and sent.
enum class Resolve : std::uint64_t {
  no_mount_points = 0x01,  // RESOLVE_NO_XDEV: EXDEV if the path crosses a mount point
  no_magic_links = 0x02,   // ELOOP for magic links of /proc, such as /proc/self/fd/3
  no_symlinks = 0x04,      // ELOOP for symbolic links of any kind
  beneath = 0x08,          // EXDEV if the path leaves the directory, by ".." or "/"
  in_root = 0x10,          // the directory is "/" for this path, so nothing leads out of it
};
constexpr Resolve operator|(Resolve left, Resolve right) noexcept {
  // NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange): a set of them
  return static_cast<Resolve>(static_cast<std::uint64_t>(left) | static_cast<std::uint64_t>(right));
}

// openat2(2): opens `path` as open() does, but fails if it leads through something that `resolve`
// forbids. For paths from an untrusted source.
// Errors: also
//   EXDEV, ELOOP: see Resolve.
//   EAGAIN: something was renamed on the way at each of 64 attempts.
//   ENOSYS, EPERM: a seccomp filter refuses openat2(2).
// Since: Linux 5.6.
[[nodiscard]] SYSFD_API Result<OwnedFd> open(BorrowedFd directory, CStr path, int flags,
                                             Resolve resolve) noexcept;
[[nodiscard]] SYSFD_API Result<OwnedFd> open(BorrowedFd directory, CStr path, int flags,
                                             mode_t mode, Resolve resolve) noexcept;

// openat(2): opens /dev/null as each of the numbers 0, 1 and 2 that is not open, 0 for reading, 1
// and 2 for writing. They are not close-on-exec.
//
// For the start of main(): a program that was started without these numbers would write its
// messages into whatever file it opens later.
// Errors: those of open(2); EBUSY: another thread took the number.
// Cost: three system calls if all three are open.
[[nodiscard]] SYSFD_API Result<> open_missing_standard_streams() noexcept;

// The two ends of a pipe(7): bytes written to `write` are read from `read`.
struct Pipe {
  OwnedFd read;
  OwnedFd write;
};

// pipe2(2): creates a pipe. `flags`: O_NONBLOCK, O_DIRECT; O_CLOEXEC is added.
[[nodiscard]] SYSFD_API Result<Pipe> pipe(int flags = 0) noexcept;

// Two connected sockets. Each reads what is written to the other.
struct SocketPair {
  OwnedFd first;
  OwnedFd second;
};

// socketpair(2): creates two connected AF_UNIX sockets. `type` is SOCK_STREAM, SOCK_DGRAM or
// SOCK_SEQPACKET, optionally with SOCK_NONBLOCK; SOCK_CLOEXEC is added.
[[nodiscard]] SYSFD_API Result<SocketPair> socket_pair(int type) noexcept;

// memfd_create(2): creates a file that lives in memory until its last descriptor is closed. `name`
// has at most 249 bytes and appears in /proc/self/fd only. `flags`: MFD_ALLOW_SEALING, MFD_HUGETLB,
// ...; MFD_CLOEXEC is added.
[[nodiscard]] SYSFD_API Result<OwnedFd> memfd(CStr name, unsigned flags = 0) noexcept;

// eventfd(2): creates a counter that can be waited for. `flags`: EFD_NONBLOCK, EFD_SEMAPHORE;
// EFD_CLOEXEC is added.
[[nodiscard]] SYSFD_API Result<OwnedFd> event_fd(unsigned initial = 0, int flags = 0) noexcept;

// fcntl(F_GETFL, F_SETFL): sets or clears O_NONBLOCK. The flag belongs to the open file
// description: everybody who shares it sees the change, in other processes too.
// Errors: EBADF.
// Cost: two system calls, one if nothing changes.
[[nodiscard]] SYSFD_API Result<> set_nonblocking(BorrowedFd fd, bool nonblocking) noexcept;

// fcntl(F_GETFL): tells if O_NONBLOCK is set.
// Errors: EBADF.
// Cost: one system call.
[[nodiscard]] SYSFD_API Result<bool> is_nonblocking(BorrowedFd fd) noexcept;

// fcntl(F_SETFD): sets or clears close-on-exec, a flag of this descriptor alone.
//
// Descriptors from sysfd are close-on-exec. Without the flag, children that other code forks
// inherit the descriptor. Command::pass() gives it to one child only.
// Errors: EBADF.
// Cost: one system call.
[[nodiscard]] SYSFD_API Result<> set_close_on_exec(BorrowedFd fd, bool close_on_exec) noexcept;

// fcntl(F_GETFD): tells if execve(2) closes this descriptor.
// Errors: EBADF.
// Cost: one system call.
[[nodiscard]] SYSFD_API Result<bool> is_close_on_exec(BorrowedFd fd) noexcept;

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_CREATE_HPP
