// SPDX-License-Identifier: MIT
//
// Types that show who closes a file descriptor. An OwnedFd closes its descriptor exactly once. A
// BorrowedFd refers to a descriptor that somebody else keeps open while it is used. Both have the
// size of an int. A function takes a BorrowedFd to use a descriptor, and an OwnedFd to become its
// owner.
//
//     auto opened = sysfd::OwnedFd::from_syscall(::open("/etc/hosts", O_RDONLY | O_CLOEXEC));
//     if (!opened) return fail(opened.error());
//     sysfd::BorrowedFd borrowed = *opened;         // `opened` still owns the descriptor
//     use(borrowed.get());
//     sysfd::OwnedFd owner = *std::move(opened);    // from here on, `owner` does
//     use(owner);
//
// `const` means that an object keeps the same descriptor. The kernel object behind it may still
// change. An OwnedFd that was moved from, released or closed can be destroyed or assigned to. Any
// other use stops the program.
#ifndef SYSFD_OWNED_FD_HPP
#define SYSFD_OWNED_FD_HPP
#include <sysfd/detail/cxx23.hpp>

#include <concepts>
#include <optional>
#include <type_traits>
#include <utility>

#include <sysfd/attributes.hpp>
#include <sysfd/detail/ownership.hpp>
#include <sysfd/detail/syscall.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {

class SYSFD_TRACKED OwnedFd;
class BorrowedFd;

namespace detail {

// A negative number that the kernel accepts in place of a descriptor, such as AT_FDCWD. See the
// functions that return one.
struct Sentinel {
  int value;
};

// close(2) for destructors: leaves errno as it was.
SYSFD_TRACKED SYSFD_API void close_quietly(int fd) noexcept;

// New descriptors get no number of a standard stream. If 0, 1 or 2 is closed, the kernel would give
// that number to a file, and other code would take the file for the stream.
inline constexpr int first_above_standard_streams = 3;

// Moves a descriptor to the lowest free number from 3 on. Returns that number, or -errno. The old
// number is closed in both cases.
[[gnu::cold]] SYSFD_API long move_above_standard_streams(int fd) noexcept;

// The result of a system call that creates a descriptor, moved to 3 or above. Errors pass through.
inline long above_standard_streams(long answer) noexcept {
  if (static_cast<unsigned long>(answer) >= first_above_standard_streams) return answer;
  return move_above_standard_streams(static_cast<int>(answer));
}

// True if the descriptor was moved out of `owner`. For classes whose users may move it out.
bool was_moved_from(const OwnedFd& owner) noexcept;
Result<OwnedFd> to_owned(long answer) noexcept;

template <class T>
concept LendsFd = !std::same_as<std::remove_cvref_t<T>, BorrowedFd> &&
                  !std::same_as<std::remove_cvref_t<T>, OwnedFd> && requires(const T& lender) {
                    { lender.fd() } -> std::same_as<BorrowedFd>;
                  };

template <class T>
concept LendsOrIsOwner = std::same_as<T, OwnedFd> || LendsFd<T>;

template <class T>
const T& in(const std::optional<T>& owner) noexcept {
  if (!owner) contract_violation("a descriptor of an optional that is empty");
  return *owner;
}

}  // namespace detail

// A descriptor that somebody else owns and keeps open while this is used. A copy of a BorrowedFd is
// a copy of the number only.
class SYSFD_POINTER BorrowedFd {
 public:
  BorrowedFd(const OwnedFd& owner SYSFD_LIFETIMEBOUND) noexcept;

  // Borrows from any typed owner that has a member `BorrowedFd fd() const`.
  template <detail::LendsFd T>
  BorrowedFd(const T& lender SYSFD_LIFETIMEBOUND) noexcept : fd_(lender.fd().get()) {}

  // Borrows from a named Result or optional of an owner. Stops the program if it holds none.
  template <detail::LendsOrIsOwner T, class E>
  BorrowedFd(const Result<T, E>& owner SYSFD_LIFETIMEBOUND) noexcept : BorrowedFd(*owner) {}
  template <detail::LendsOrIsOwner T>
  BorrowedFd(const std::optional<T>& owner SYSFD_LIFETIMEBOUND) noexcept
      : BorrowedFd(detail::in(owner)) {}
  template <detail::LendsOrIsOwner T, class E>
  BorrowedFd(const Result<T, E>&&) = delete;
  template <detail::LendsOrIsOwner T>
  BorrowedFd(const std::optional<T>&&) = delete;

  // A temporary owner closes its descriptor at the end of the expression, so it cannot be borrowed
  // from. Give it a name, or write `.borrow()` if only the same expression uses the borrow.
  BorrowedFd(const OwnedFd&&) = delete;
  template <class T>
    requires(detail::LendsFd<T> && !std::is_lvalue_reference_v<T>)
  BorrowedFd(T&&) = delete;

  // A plain number does not convert: see unsafe_borrow and OwnedFd::adopt.
  template <std::integral T>
  BorrowedFd(T) = delete;

  // Borrows `fd`, which the caller must keep open while this is used. Stops the program if `fd` is
  // negative.
  static BorrowedFd unsafe_borrow(int fd) noexcept {
    if (fd < 0) detail::contract_violation("BorrowedFd::unsafe_borrow of a negative number");
    return BorrowedFd(detail::Sentinel{fd});
  }

  // The same, but -1 means that there is no descriptor, as in C, and returns std::nullopt. Stops
  // the program if `fd` is another negative number.
  static std::optional<BorrowedFd> unsafe_borrow_optional(int fd) noexcept {
    if (fd == -1) return std::nullopt;
    return unsafe_borrow(fd);
  }

  explicit BorrowedFd(detail::Sentinel sentinel) noexcept : fd_(sentinel.value) {}

  // The number, for system calls that sysfd does not wrap.
  int get() const noexcept { return fd_; }

  // fcntl(F_DUPFD_CLOEXEC): makes a second descriptor of the same open file description. It is
  // close-on-exec and its number is 3 or above. Async-signal-safe.
  //
  // Errors: EBADF: not open; EMFILE: the limit of open descriptors (RLIMIT_NOFILE) is reached.
  // Allocates: nothing. Does not block.
  // Cost: one system call.
  [[nodiscard]] SYSFD_API Result<OwnedFd> duplicate() const noexcept;

 private:
  int fd_;
};

class [[nodiscard("an OwnedFd that is dropped closes its descriptor at once")]] SYSFD_OWNER
    SYSFD_TRACKED OwnedFd {
 public:
  SYSFD_TRACKED_INLINE OwnedFd(OwnedFd&& other) noexcept : fd_(std::exchange(other.fd_, empty)) {
    note_move(other);
  }

  // Closes the descriptor that this owned before. Assigning an OwnedFd to itself changes nothing.
  SYSFD_TRACKED_INLINE OwnedFd& operator=(OwnedFd&& other) noexcept {
    const int incoming = std::exchange(other.fd_, empty);
    const int outgoing = std::exchange(fd_, incoming);
    if (outgoing >= 0) close_number(outgoing);
    note_move(other);
    return *this;
  }

  // Closes the descriptor, keeps errno and ignores errors. Call close() if lost data must be
  // noticed.
  SYSFD_TRACKED_INLINE ~OwnedFd() {
    if (fd_ >= 0) close_number(fd_);
  }

  // Becomes the owner of an open descriptor that nothing else closes. Stops the program if `fd` is
  // negative.
  SYSFD_TRACKED_INLINE static OwnedFd adopt(int fd) noexcept {
    if (fd < 0) detail::contract_violation("OwnedFd::adopt of a negative number");
    return OwnedFd(fd);
  }

  // fcntl(F_GETFD): adopts `fd` if it is open.
  // Errors: EBADF: `fd` is not open.
  // Cost: one system call.
  [[nodiscard]] SYSFD_API static Result<OwnedFd> adopt_open(int fd) noexcept;

  // Adopts the descriptor that a libc function returned. If that is -1, the error is errno. Not for
  // functions that return -errno.
  [[nodiscard]] SYSFD_TRACKED_INLINE static Result<OwnedFd> from_syscall(int returned) noexcept {
    if (returned == -1) return detail::last_error();
    if (returned < 0) detail::contract_violation("OwnedFd::adopt of a negative number");
    return OwnedFd(New{returned});
  }

  // The number, for system calls that sysfd does not wrap.
  int get() const noexcept {
    if (fd_ < 0)
      detail::contract_violation("use of an OwnedFd that was moved from, released or closed");
    return fd_;
  }

  BorrowedFd borrow() const noexcept SYSFD_LIFETIMEBOUND { return BorrowedFd(*this); }

  // See BorrowedFd::duplicate().
  [[nodiscard]] SYSFD_TRACKED_INLINE Result<OwnedFd> duplicate() const noexcept {
    return borrow().duplicate();
  }

  // Returns the number to the caller, who must close it.
  [[nodiscard("the number must be closed by somebody")]] SYSFD_TRACKED_INLINE int
  release() && noexcept {
    const int fd = get();
    fd_ = empty;
    if constexpr (detail::tracks_ownership)
      detail::end_ownership(fd, this, __builtin_return_address(0));
    return fd;
  }
  void release() const& = delete;  // write std::move(fd).release()

  // close(2): closes the descriptor, and reports lost data. It is called once and never retried: on
  // Linux the descriptor is closed even after an error, so a second call could close somebody
  // else's.
  //
  // Errors:
  //   EIO, ENOSPC, EDQUOT: data that was written earlier is lost.
  //   EINTR: a signal interrupted the call before the kernel knew whether data is lost.
  //   EBADF: other code had closed the descriptor, which is a bug in the program.
  // Blocks: where close(2) does (network and FUSE file systems, SO_LINGER).
  // Allocates: nothing.
  SYSFD_API Result<> close() && noexcept;
  void close() const& = delete;  // write std::move(fd).close()

 private:
  friend bool detail::was_moved_from(const OwnedFd& owner) noexcept;
  friend Result<OwnedFd> detail::to_owned(long answer) noexcept;
  static constexpr int empty = -1;

  SYSFD_TRACKED_INLINE explicit OwnedFd(int fd) noexcept : fd_(fd) {
    if constexpr (detail::tracks_ownership) {
      detail::begin_ownership(fd, this, __builtin_return_address(0));
      detail::forbid_tail_call();
    }
  }

  // A number that the kernel has just made.
  struct New {
    int fd;
  };
  SYSFD_TRACKED_INLINE explicit OwnedFd(New made) noexcept : fd_(made.fd) {
    if constexpr (detail::tracks_ownership) {
      detail::begin_ownership_of_new(fd_, this, __builtin_return_address(0));
      detail::forbid_tail_call();
    }
  }

  [[gnu::always_inline]] void note_move([[maybe_unused]] const OwnedFd& other) const noexcept {
    if constexpr (detail::tracks_ownership) {
      if (fd_ >= 0) detail::pass_ownership(fd_, &other, this, __builtin_return_address(0));
      detail::forbid_tail_call();
    }
  }

  [[gnu::always_inline]] void close_number(int fd) const noexcept {
    if constexpr (detail::tracks_ownership) {
      (void)detail::close_owned(fd, this, __builtin_return_address(0));
      detail::forbid_tail_call();
    } else {
      detail::close_quietly(fd);
    }
  }

  int fd_;
};

inline bool detail::was_moved_from(const OwnedFd& owner) noexcept {
  return owner.fd_ < 0;
}

// The descriptor that a raw system call returned, moved to 3 or above, or its error.
SYSFD_TRACKED_INLINE inline Result<OwnedFd> detail::to_owned(long answer) noexcept {
  if (answer < first_above_standard_streams) {
    answer = above_standard_streams(answer);
    if (answer < 0) return failure(static_cast<int>(-answer));
  }
  return OwnedFd(OwnedFd::New{static_cast<int>(answer)});
}

inline BorrowedFd::BorrowedFd(const OwnedFd& owner) noexcept : fd_(owner.get()) {}

// dup3(2): makes the number of `slot` refer to the open file description of `source`, atomically.
//
// At no moment is the number free, so no other thread can get it. What it referred to before is
// closed. The number is close-on-exec afterwards. Nothing changes on error, or if both numbers are
// the same.
//
// Errors: EBADF: `source` is not open (checked even if both numbers are the same). EINTR is
//   retried.
// Cost: one system call.
[[nodiscard]] SYSFD_API Result<> replace(OwnedFd& slot, BorrowedFd source) noexcept;

// These do not compile. Write std::move(fd).close() and fd.duplicate() instead.
void close(const OwnedFd&) = delete;
void close(BorrowedFd) = delete;
void dup(const OwnedFd&) = delete;
void dup(BorrowedFd) = delete;

static_assert(sizeof(OwnedFd) == sizeof(int) && sizeof(BorrowedFd) == sizeof(int));

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_OWNED_FD_HPP
