// SPDX-License-Identifier: MIT
//
// Who closes a file descriptor, said by its type. An OwnedFd closes its descriptor, exactly once; a
// BorrowedFd is a descriptor that somebody else keeps open for as long as it is used. Both are as
// small as an int.
//
//     sysfd::Result<> sync(sysfd::BorrowedFd file);                  // uses it for the call
//     void keep(sysfd::OwnedFd file);                                // takes it over
//
//     auto file = sysfd::OwnedFd::from_syscall(::memfd_create("scratch", MFD_CLOEXEC));
//     if (!file) return std::unexpected(file.error());
//     sync(*file);
//     keep(*std::move(file));
//
// `const` means that an object goes on holding the same descriptor; the kernel object behind it may
// change all the same. An OwnedFd that was moved from, released or closed can be assigned to or
// destroyed; any other use stops the program.
#ifndef SYSFD_OWNED_FD_HPP
#define SYSFD_OWNED_FD_HPP
#include <sysfd/detail/cxx23.hpp>

#include <concepts>
#include <optional>
#include <type_traits>
#include <utility>

#include <sysfd/attributes.hpp>
#include <sysfd/detail/syscall.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {

class OwnedFd;
class BorrowedFd;

namespace detail {

// A negative number that the kernel takes in place of a descriptor, such as AT_FDCWD. See the
// functions that return one.
struct Sentinel {
  int value;
};

// close(2) that leaves errno as it was: for destructors.
SYSFD_API void close_quietly(int fd) noexcept;

// Makers answer no number of a standard stream: where 0, 1 or 2 is closed, the kernel would give it
// to a file, and others would take that file for the stream.
inline constexpr int first_above_standard_streams = 3;

// Moves a descriptor to the lowest number from 3 on. Its number there, or -errno; it is closed
// then.
[[gnu::cold]] SYSFD_API long move_above_standard_streams(int fd) noexcept;

// What a system call has made, or its error, with a number of 3 or above.
inline long above_standard_streams(long answer) noexcept {
  if (static_cast<unsigned long>(answer) >= first_above_standard_streams) return answer;
  return move_above_standard_streams(static_cast<int>(answer));
}

// For what has owners that it has lent to others, who may have moved from them.
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

// A descriptor that somebody else owns and keeps open while this is used. Copying it copies the
// number, nothing else.
class SYSFD_POINTER BorrowedFd {
 public:
  BorrowedFd(const OwnedFd& owner SYSFD_LIFETIMEBOUND) noexcept;

  // From any typed owner that has a member `BorrowedFd fd() const`.
  template <detail::LendsFd T>
  BorrowedFd(const T& lender SYSFD_LIFETIMEBOUND) noexcept : fd_(lender.fd().get()) {}

  // From a Result or an optional of an owner, which lives on. Stops the program if there is none.
  template <detail::LendsOrIsOwner T, class E>
  BorrowedFd(const Result<T, E>& owner SYSFD_LIFETIMEBOUND) noexcept : BorrowedFd(*owner) {}
  template <detail::LendsOrIsOwner T>
  BorrowedFd(const std::optional<T>& owner SYSFD_LIFETIMEBOUND) noexcept
      : BorrowedFd(detail::in(owner)) {}
  template <detail::LendsOrIsOwner T, class E>
  BorrowedFd(const Result<T, E>&&) = delete;
  template <detail::LendsOrIsOwner T>
  BorrowedFd(const std::optional<T>&&) = delete;

  // An owner that dies at the end of the expression lends nothing. Give it a name first, or say
  // `.borrow()` where the borrow is used up in the same expression.
  BorrowedFd(const OwnedFd&&) = delete;
  template <class T>
    requires(detail::LendsFd<T> && !std::is_lvalue_reference_v<T>)
  BorrowedFd(T&&) = delete;

  // A plain number is no descriptor: see unsafe_borrow and OwnedFd::adopt.
  template <std::integral T>
  BorrowedFd(T) = delete;

  // The caller vouches that `fd` is open and stays so while this is used. Stops the program if `fd`
  // is negative.
  static BorrowedFd unsafe_borrow(int fd) noexcept {
    if (fd < 0) detail::contract_violation("BorrowedFd::unsafe_borrow of a negative number");
    return BorrowedFd(detail::Sentinel{fd});
  }

  // The same for a number that is -1 where there is no descriptor, as in C: nothing then. Stops the
  // program if `fd` is another negative number.
  static std::optional<BorrowedFd> unsafe_borrow_optional(int fd) noexcept {
    if (fd == -1) return std::nullopt;
    return unsafe_borrow(fd);
  }

  explicit BorrowedFd(detail::Sentinel sentinel) noexcept : fd_(sentinel.value) {}

  // The number, for system calls that sysfd has no function for.
  int get() const noexcept { return fd_; }

  // fcntl(F_DUPFD_CLOEXEC): a second descriptor of the same open file description, close-on-exec,
  // numbered 3 or above. Errors: EBADF this one is not open; EMFILE the limit of open descriptors
  // (RLIMIT_NOFILE) is reached. One system call. Async-signal-safe, does not allocate or block.
  [[nodiscard]] SYSFD_API Result<OwnedFd> duplicate() const noexcept;

 private:
  int fd_;
};

class [[nodiscard(
    "an OwnedFd that is dropped closes its descriptor at once")]] SYSFD_OWNER OwnedFd {
 public:
  OwnedFd(OwnedFd&& other) noexcept : fd_(std::exchange(other.fd_, empty)) {}

  // Closes what was held until now. Assigning an OwnedFd to itself changes nothing.
  OwnedFd& operator=(OwnedFd&& other) noexcept {
    const int incoming = std::exchange(other.fd_, empty);
    const int outgoing = std::exchange(fd_, incoming);
    if (outgoing >= 0) detail::close_quietly(outgoing);
    return *this;
  }

  // Closes the descriptor, leaves errno alone, and ignores errors. Where losing data must be
  // noticed, call close().
  ~OwnedFd() {
    if (fd_ >= 0) detail::close_quietly(fd_);
  }

  // Takes over an open descriptor that nobody else will close. Stops the program if `fd` is
  // negative.
  static OwnedFd adopt(int fd) noexcept {
    if (fd < 0) detail::contract_violation("OwnedFd::adopt of a negative number");
    return OwnedFd(fd);
  }

  // The same, after asking the kernel (fcntl(F_GETFD), one system call). Errors: EBADF `fd` is not
  // open.
  [[nodiscard]] SYSFD_API static Result<OwnedFd> adopt_open(int fd) noexcept;

  // Takes over what a system call returned; where that is -1, the error is errno. Not for functions
  // that return -errno.
  [[nodiscard]] static Result<OwnedFd> from_syscall(int returned) noexcept {
    if (returned == -1) return detail::last_error();
    return adopt(returned);
  }

  // The number, for system calls that sysfd has no function for.
  int get() const noexcept {
    if (fd_ < 0)
      detail::contract_violation("use of an OwnedFd that was moved from, released or closed");
    return fd_;
  }

  BorrowedFd borrow() const noexcept SYSFD_LIFETIMEBOUND { return BorrowedFd(*this); }

  // As BorrowedFd::duplicate().
  [[nodiscard]] Result<OwnedFd> duplicate() const noexcept { return borrow().duplicate(); }

  // Gives the number to the caller, who now has to close it.
  [[nodiscard("the number must be closed by somebody")]] int release() && noexcept {
    const int fd = get();
    fd_ = empty;
    return fd;
  }

  // close(2), once, whatever it answers: on Linux the descriptor is gone afterwards in every case,
  // so that a second try could only hit somebody else's. Errors: EIO, ENOSPC, EDQUOT data written
  // earlier was lost; EINTR a signal came before the kernel knew whether it was; EBADF somebody
  // else had closed the descriptor, which is a bug of the program. May block where close(2) does
  // (network and FUSE file systems, SO_LINGER). Does not allocate.
  SYSFD_API Result<> close() && noexcept;

 private:
  friend bool detail::was_moved_from(const OwnedFd& owner) noexcept;
  friend Result<OwnedFd> detail::to_owned(long answer) noexcept;
  static constexpr int empty = -1;

  explicit OwnedFd(int fd) noexcept : fd_(fd) {}

  int fd_;
};

inline bool detail::was_moved_from(const OwnedFd& owner) noexcept {
  return owner.fd_ < 0;
}

// The descriptor that a raw system call has made, or its error.
inline Result<OwnedFd> detail::to_owned(long answer) noexcept {
  if (answer < first_above_standard_streams) {
    answer = above_standard_streams(answer);
    if (answer < 0) return failure(static_cast<int>(-answer));
  }
  return OwnedFd(static_cast<int>(answer));
}

inline BorrowedFd::BorrowedFd(const OwnedFd& owner) noexcept : fd_(owner.get()) {}

// dup3(2): makes `slot`'s number refer to `source`'s open file description, in one step: at no
// moment is the number free for somebody else. What it referred to before is closed. It is
// close-on-exec afterwards. Nothing changes on error, and where both are the same number. Errors:
// EBADF `source` is not open, also where it is the same number. EINTR is retried. One system call.
[[nodiscard]] SYSFD_API Result<> replace(OwnedFd& slot, BorrowedFd source) noexcept;

// The classic mistakes: std::move(fd).close() and fd.duplicate() are what is meant.
void close(const OwnedFd&) = delete;
void close(BorrowedFd) = delete;
void dup(const OwnedFd&) = delete;
void dup(BorrowedFd) = delete;

static_assert(sizeof(OwnedFd) == sizeof(int) && sizeof(BorrowedFd) == sizeof(int));

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_OWNED_FD_HPP
