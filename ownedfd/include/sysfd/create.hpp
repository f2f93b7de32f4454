// SPDX-License-Identifier: MIT
//
// Makers of descriptors. All that they return is close-on-exec from birth, so that no program that
// another thread starts at the same moment gets a copy; and has a number of 3 or above, so that it
// is not taken for a standard stream in a program that was started without one.
//
//     auto [read, write] = *sysfd::pipe();
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

#include <sys/types.h>

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

// fcntl(F_GETFD): whether execve(2) closes this descriptor. A flag of the descriptor alone. Errors:
// EBADF.
[[nodiscard]] SYSFD_API Result<bool> is_close_on_exec(BorrowedFd fd) noexcept;

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_CREATE_HPP
