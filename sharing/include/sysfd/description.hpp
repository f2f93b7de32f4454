// SPDX-License-Identifier: MIT
//
// Open file descriptions: what descriptors refer to. A description has the offset, the status flags
// (O_APPEND, O_NONBLOCK, ...) and the locks; all descriptors of it, here and in other processes,
// see one another's changes. Descriptors come to share one by dup(2), fork(2), SCM_RIGHTS and
// pidfd_getfd(2).
//
//     if (sysfd::same_description(log, sysfd::BorrowedFd::unsafe_borrow(2)) == true) ...
//     auto own = sysfd::UniqueDescription::reopen(received, O_RDONLY);    // nobody else's
//
// The ways out: have one of one's own (reopen, UniqueDescription), or do only what others cannot
// disturb (<sysfd/positioned_file.hpp>, <sysfd/sealed_memory.hpp>).
#ifndef SYSFD_DESCRIPTION_HPP
#define SYSFD_DESCRIPTION_HPP
#include <sysfd/detail/cxx23.hpp>

#include <sys/types.h>

#include <concepts>
#include <utility>

#include <sysfd/attributes.hpp>
#include <sysfd/create.hpp>
#include <sysfd/cstr.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {

class UniqueDescription;

// fcntl(F_DUPFD_QUERY), Linux 6.10, else kcmp(2): whether both refer to one open file description.
// Two descriptors of one file that was opened twice do not. Errors: EBADF one is not open;
// EOPNOTSUPP neither call answers here (kcmp is left out of some kernels and forbidden by many
// sandboxes): never a guess. One system call, at most five without F_DUPFD_QUERY.
[[nodiscard]] SYSFD_API Result<bool> same_description(BorrowedFd left, BorrowedFd right) noexcept;

// open(2) through /proc/thread-self/fd: another description of the same file, also of one that was
// renamed or deleted, with an offset, flags and locks of its own. Its rights are checked anew: what
// was opened by somebody with more rights may be refused here, and a read-only descriptor reopens
// for writing where the file's mode allows that. O_CLOEXEC is added to `flags`. A terminal or
// another device may give something new. On overlayfs a file of a lower layer that is opened for
// writing is copied: what was mapped before goes on showing the old content.
//
// Errors: ENXIO a socket, an epoll, eventfd, ..., which cannot be opened (pidfds: that, EPERM, or
// they are, as the kernel's version has it); EACCES, EPERM, ETXTBSY, EROFS; ENOENT, ESTALE a file
// system that forgets deleted files; EINVAL flags that would make another file (O_CREAT, O_EXCL,
// O_TMPFILE, O_NOFOLLOW); EBADF not open; EOPNOTSUPP no procfs at /proc; EREMOTE something is
// mounted over the place in /proc: nothing was opened. Nine system calls, as it is looked at before
// it is opened. Blocks where open(2) does (FIFOs, network file systems, a file of a FUSE server
// that its sender runs).
[[nodiscard]] SYSFD_API Result<OwnedFd> reopen(BorrowedFd fd, int flags) noexcept;

// A descriptor that is lent to be used, and for nothing else: it cannot be duplicated, sent over a
// socket or passed to a child, as those take a BorrowedFd. Lives no longer than what lends it.
class SYSFD_POINTER LentFd {
 public:
  LentFd(BorrowedFd fd) noexcept : fd_(fd.get()) {}
  LentFd(const UniqueDescription& description SYSFD_LIFETIMEBOUND) noexcept;
  LentFd(const UniqueDescription&&) = delete;

  // From owners and what else a BorrowedFd can be made from.
  template <class T>
    requires(!std::same_as<std::remove_cvref_t<T>, BorrowedFd> &&
             !std::same_as<std::remove_cvref_t<T>, LentFd> && std::convertible_to<T, BorrowedFd>)
  LentFd(T&& lender SYSFD_LIFETIMEBOUND) noexcept : LentFd(BorrowedFd(std::forward<T>(lender))) {}

  // The number, for system calls that sysfd has no function for.
  int get() const noexcept { return fd_; }

 private:
  int fd_;
};

// The only descriptor of a description that was made for it. What sysfd can promise: it has no
// duplicate, no other process was given it, and it is lent as a LentFd. What it cannot: fork(2)
// copies every descriptor to the child, where it lives until exec (start programs with
// sysfd::Command, which does not do that); who may ptrace(2) this process can take it
// (pidfd_getfd(2)); a number can be used for anything.
class UniqueDescription {
 public:
  // As sysfd::open(), sysfd::memfd(), sysfd::reopen(). What is opened may give several openers the
  // same object (a FIFO, a device), though not the same description.
  [[nodiscard]] SYSFD_API static Result<UniqueDescription> open(BorrowedFd directory, CStr path,
                                                                int flags) noexcept;
  [[nodiscard]] SYSFD_API static Result<UniqueDescription> open(BorrowedFd directory, CStr path,
                                                                int flags, mode_t mode) noexcept;
  [[nodiscard]] SYSFD_API static Result<UniqueDescription> memfd(CStr name,
                                                                 unsigned flags = 0) noexcept;
  [[nodiscard]] SYSFD_API static Result<UniqueDescription> reopen(BorrowedFd fd,
                                                                  int flags) noexcept;

  // The number, for system calls that sysfd has no function for.
  int get() const noexcept { return fd_.get(); }

  // It is an owned descriptor like any other from now on, for all purposes.
  OwnedFd into_shareable() && noexcept { return std::move(fd_); }

  // As OwnedFd::close().
  Result<> close() && noexcept { return std::move(fd_).close(); }

 private:
  explicit UniqueDescription(OwnedFd fd) noexcept : fd_(std::move(fd)) {}
  static Result<UniqueDescription> of(Result<OwnedFd> made) noexcept;

  OwnedFd fd_;
};

inline LentFd::LentFd(const UniqueDescription& description) noexcept : fd_(description.get()) {}

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_DESCRIPTION_HPP
