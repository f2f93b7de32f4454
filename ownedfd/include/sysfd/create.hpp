// SPDX-License-Identifier: MIT
//
// Makers of descriptors. All that they return is close-on-exec from birth, so that no program that
// another thread starts at the same moment gets a copy; and has a number of 3 or above, so that it
// is not taken for a standard stream in a program that was started without one.
//
//     auto [read, write] = *sysfd::pipe();          // stops the program if there is an error
//     sysfd::Result<sysfd::OwnedFd> config = sysfd::open(sysfd::cwd(), "/etc/app.conf", O_RDONLY);
//
// The flags are those of <fcntl.h>, <sys/socket.h>, <sys/mman.h> and <sys/eventfd.h>, which this
// header does not include.
//
// None allocates, except what the kernel does; each is one system call and async-signal-safe. Where
// 0, 1 or 2 is closed, two more move a descriptor away from there.
// Errors that are common to all: EMFILE the process, ENFILE the system has too many descriptors
// open; ENOMEM; EINVAL for flags that the call does not know, or a string with a NUL inside.
#ifndef SYSFD_CREATE_HPP
#define SYSFD_CREATE_HPP
#include <sysfd/detail/cxx23.hpp>

#include <sys/types.h>

#include <cstdint>

#include <sysfd/attributes.hpp>
#include <sysfd/cstr.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// O_CREAT, and O_TMPFILE without O_DIRECTORY, which is part of it.
inline constexpr int flags_that_create = 020000100;

}  // namespace detail

// The current working directory (AT_FDCWD), for every function that takes a directory.
inline BorrowedFd cwd() noexcept {
  return BorrowedFd(detail::Sentinel{-100});
}

// openat(2): opens `path`, relative to `directory` unless absolute. O_CLOEXEC and O_NOCTTY are
// added to `flags`: a terminal that is opened never becomes the controlling terminal
// (ioctl(TIOCSCTTY) is for that). `mode`, less umask(2), is that of a file which the flags create.
// Errors: those of open(2), ENOENT, EACCES, ... May block (FIFOs, network file systems); EINTR is
// retried.
[[nodiscard]] SYSFD_API Result<OwnedFd> open(BorrowedFd directory, CStr path, int flags,
                                             mode_t mode) noexcept;

// The same with flags that create no file. Errors: also EINVAL they do (O_CREAT, O_TMPFILE).
[[nodiscard]] inline Result<OwnedFd> open(BorrowedFd directory, CStr path, int flags) noexcept {
  if ((flags & detail::flags_that_create) != 0) return detail::failure(EINVAL);
  return open(directory, path, flags, 0);
}

// openat2(2), RESOLVE_...: what a path may lead through. Combined by `|`. The values are fixed,
// those of the kernel: they may be stored and sent.
enum class Resolve : std::uint64_t {
  no_mount_points = 0x01,  // NO_XDEV: nothing mounted below the directory; EXDEV
  no_magic_links = 0x02,   // links of /proc such as /proc/self/fd/3; ELOOP
  no_symlinks = 0x04,      // no link of any kind; ELOOP
  beneath = 0x08,          // nothing outside of the directory, neither by ".." nor "/"; EXDEV
  in_root = 0x10,          // the directory is "/" for this path: no way leads out of it
};
constexpr Resolve operator|(Resolve left, Resolve right) noexcept {
  // NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange): a set of them
  return static_cast<Resolve>(static_cast<std::uint64_t>(left) | static_cast<std::uint64_t>(right));
}

// The same as open(), for paths that come from others: fails where `path` leads through what
// `resolve` forbids. Errors: also EXDEV, ELOOP (above); EAGAIN something was renamed on the way all
// the time; ENOSYS, EPERM a filter (seccomp) refuses openat2(2). Since Linux 5.6.
[[nodiscard]] SYSFD_API Result<OwnedFd> open(BorrowedFd directory, CStr path, int flags,
                                             Resolve resolve) noexcept;
[[nodiscard]] SYSFD_API Result<OwnedFd> open(BorrowedFd directory, CStr path, int flags,
                                             mode_t mode, Resolve resolve) noexcept;

// Opens /dev/null as each of the numbers 0, 1 and 2 that is not open, for reading as 0, for writing
// as 1 and 2: a program that was started without them would write its messages into a file that it
// opens later. For the start of main(). Errors: those of open(2). Three system calls where all are
// open.
[[nodiscard]] SYSFD_API Result<> open_missing_standard_streams() noexcept;

// The two ends of a pipe(7): what is written to `write` can be read from `read`.
struct Pipe {
  OwnedFd read;
  OwnedFd write;
};

// pipe2(2). `flags`: O_NONBLOCK, O_DIRECT; O_CLOEXEC is added.
[[nodiscard]] SYSFD_API Result<Pipe> pipe(int flags = 0) noexcept;

// Two connected sockets; either end reads what the other writes.
struct SocketPair {
  OwnedFd first;
  OwnedFd second;
};

// socketpair(2) of the AF_UNIX family. `type`: SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET, with
// SOCK_NONBLOCK if wanted; SOCK_CLOEXEC is added.
[[nodiscard]] SYSFD_API Result<SocketPair> socket_pair(int type) noexcept;

// memfd_create(2): a file that lives in memory until its last descriptor is closed. `name` is for
// /proc/self/fd only, at most 249 bytes. `flags`: MFD_ALLOW_SEALING, MFD_HUGETLB, ...; MFD_CLOEXEC
// is added.
[[nodiscard]] SYSFD_API Result<OwnedFd> memfd(CStr name, unsigned flags = 0) noexcept;

// eventfd(2): a counter to wait for. `flags`: EFD_NONBLOCK, EFD_SEMAPHORE; EFD_CLOEXEC is added.
[[nodiscard]] SYSFD_API Result<OwnedFd> event_fd(unsigned initial = 0, int flags = 0) noexcept;

// fcntl(F_GETFL, F_SETFL): switches O_NONBLOCK on or off. This is a flag of the open file
// description: all who share it, in this process and in others, see the change. Errors: EBADF. Two
// system calls, one where nothing changes.
[[nodiscard]] SYSFD_API Result<> set_nonblocking(BorrowedFd fd, bool nonblocking) noexcept;

// fcntl(F_GETFL): whether O_NONBLOCK is set. Errors: EBADF. One system call.
[[nodiscard]] SYSFD_API Result<bool> is_nonblocking(BorrowedFd fd) noexcept;

// fcntl(F_SETFD): whether execve(2) closes this descriptor. A flag of the descriptor alone. What
// sysfd makes is close-on-exec; a descriptor for a child is best given by Command::pass(), as it is
// inherited by every other child as well without the flag. Errors: EBADF. One system call.
[[nodiscard]] SYSFD_API Result<> set_close_on_exec(BorrowedFd fd, bool close_on_exec) noexcept;

// fcntl(F_GETFD). Errors: EBADF. One system call.
[[nodiscard]] SYSFD_API Result<bool> is_close_on_exec(BorrowedFd fd) noexcept;

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_CREATE_HPP
