// SPDX-License-Identifier: MIT
//
// Open file descriptions: the objects that descriptors refer to. A description has the offset, the
// status flags (O_APPEND, O_NONBLOCK, ...) and the locks. All descriptors of one description share
// these, also across processes. dup(2), fork(2), SCM_RIGHTS and pidfd_getfd(2) make descriptors
// that share a description.
//
//     auto same = sysfd::same_description(log, sysfd::BorrowedFd::unsafe_borrow(STDERR_FILENO));
//     if (same == true) return fail("log and stderr share an offset");
//     auto own = sysfd::UniqueDescription::reopen(file, O_RDONLY);  // shared with nobody
//     if (!own) return fail(own.error());
//     use(own->get());
//
// There are two ways to be safe from the other holders: use a description of your own (reopen,
// UniqueDescription), or do only what they cannot disturb (<sysfd/positioned_file.hpp>,
// <sysfd/sealed_memory.hpp>).
#ifndef SYSFD_DESCRIPTION_HPP
#define SYSFD_DESCRIPTION_HPP
#include <sysfd/detail/cxx23.hpp>

#include <fcntl.h>  // O_RDONLY, ...
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

// fcntl(F_DUPFD_QUERY), else kcmp(2): tells if both refer to the same open file description. It
// never guesses. A file that was opened twice has two descriptions.
//
// Errors: EBADF: not open; EOPNOTSUPP: both calls are missing, or a sandbox forbids them.
// Since: F_DUPFD_QUERY Linux 6.10; some kernels are built without kcmp(2).
// Cost: one system call, at most five without F_DUPFD_QUERY.
[[nodiscard]] SYSFD_API Result<bool> same_description(BorrowedFd left, BorrowedFd right) noexcept;

// open(2) of /proc/thread-self/fd: opens the same file again, with its own offset, flags and locks.
//
// This works for renamed and deleted files too. Permissions are checked again: a file that a more
// privileged process opened may be refused, and a read-only descriptor can be reopened for writing
// if the file's mode allows that. O_CLOEXEC is added to `flags`. Reopening a terminal or another
// device may give a new object. On overlayfs, opening a file of a lower layer for writing copies
// it: mappings made before keep the old content.
//
// Errors:
//   ENXIO: a socket, epoll, eventfd, ...: it cannot be opened.
//   ENXIO, EPERM or success: a pidfd, depending on the kernel version.
//   EACCES, EPERM, ETXTBSY, EROFS.
//   ENOENT, ESTALE: the file system does not keep deleted files.
//   EINVAL: flags for another file (O_CREAT, O_EXCL, O_TMPFILE, O_NOFOLLOW).
//   EBADF: not open.
//   EOPNOTSUPP: there is no procfs at /proc.
//   EREMOTE: something is mounted over that part of /proc. Nothing was opened.
// Blocks: where open(2) does (FIFOs, network file systems, FUSE servers, also a hostile one).
// Cost: nine system calls, since the path is checked before it is opened.
[[nodiscard]] SYSFD_API Result<OwnedFd> reopen(BorrowedFd fd, int flags) noexcept;

// A borrowed descriptor that can be used, but not duplicated, sent over a socket or passed to a
// child: those functions take a BorrowedFd. Must not outlive the owner.
class SYSFD_POINTER LentFd {
 public:
  LentFd(BorrowedFd fd) noexcept : fd_(fd.get()) {}
  LentFd(const UniqueDescription& description SYSFD_LIFETIMEBOUND) noexcept;
  LentFd(const UniqueDescription&&) = delete;

  // From everything that converts to a BorrowedFd, such as owners.
  template <class T>
    requires(!std::same_as<std::remove_cvref_t<T>, BorrowedFd> &&
             !std::same_as<std::remove_cvref_t<T>, LentFd> && std::convertible_to<T, BorrowedFd>)
  LentFd(T&& lender SYSFD_LIFETIMEBOUND) noexcept : LentFd(BorrowedFd(std::forward<T>(lender))) {}

  // The number, for system calls that sysfd does not wrap.
  int get() const noexcept { return fd_; }

 private:
  int fd_;
};

// The only descriptor of a description that was made for it. sysfd makes no duplicate of it and
// gives it to no other process; functions can borrow it as a LentFd only.
//
// sysfd cannot prevent these: fork(2) copies every descriptor into the child, until it calls exec
// (sysfd::Command does not do that). A process that may ptrace(2) this one can take the descriptor
// with pidfd_getfd(2). And get() returns the number, which any call accepts.
class UniqueDescription {
 public:
  // See sysfd::open(), sysfd::memfd() and sysfd::reopen(). Other openers of a FIFO or device use
  // the same object, though through another description.
  [[nodiscard]] SYSFD_API static Result<UniqueDescription> open(BorrowedFd directory, CStr path,
                                                                int flags) noexcept;
  [[nodiscard]] SYSFD_API static Result<UniqueDescription> open(BorrowedFd directory, CStr path,
                                                                int flags, mode_t mode) noexcept;
  [[nodiscard]] SYSFD_API static Result<UniqueDescription> memfd(CStr name,
                                                                 unsigned flags = 0) noexcept;
  [[nodiscard]] SYSFD_API static Result<UniqueDescription> reopen(BorrowedFd fd,
                                                                  int flags) noexcept;

  // The number, for system calls that sysfd does not wrap.
  int get() const noexcept { return fd_.get(); }

  // Returns an ordinary owner of the descriptor, which may be shared.
  OwnedFd into_shareable() && noexcept { return std::move(fd_); }
  void into_shareable() const& = delete;  // write std::move(description).into_shareable()

  // See OwnedFd::close().
  Result<> close() && noexcept { return std::move(fd_).close(); }
  void close() const& = delete;  // write std::move(description).close()

 private:
  explicit UniqueDescription(OwnedFd fd) noexcept : fd_(std::move(fd)) {}
  static Result<UniqueDescription> of(Result<OwnedFd> made) noexcept;

  OwnedFd fd_;
};

inline LentFd::LentFd(const UniqueDescription& description) noexcept : fd_(description.get()) {}

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_DESCRIPTION_HPP
