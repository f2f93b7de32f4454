// SPDX-License-Identifier: MIT
//
// What becomes of stdin, stdout and stderr of a child: see Command::stdin_from() and the like.
#ifndef SYSFD_STDIO_HPP
#define SYSFD_STDIO_HPP
#include <sysfd/detail/cxx23.hpp>

#include <concepts>
#include <optional>
#include <utility>

#include <sysfd/attributes.hpp>
#include <sysfd/owned_fd.hpp>

namespace sysfd {
inline namespace v0 {

// What a standard stream of the child is. A descriptor converts: one that has a name is borrowed,
// std::move(fd) hands it over.
class Stdio {
 public:
  // This process's own; /dev/null where that is closed or close-on-exec when the child starts.
  static Stdio inherit() noexcept { return Stdio(Kind::inherit); }
  // /dev/null, to read for stdin, to write for the others.
  static Stdio null() noexcept { return Stdio(Kind::null); }
  // A new pipe, whose other end the Child has. It belongs to the user and group that the child is to
  // be (Identity), as far as this process may say so (fchown(2)): the child may open it again, as
  // /dev/stdout. What is lent stays whose it is.
  static Stdio pipe() noexcept { return Stdio(Kind::pipe); }
  // The child's side of a new pseudo-terminal, one for all streams of a child that say so. It is
  // the controlling terminal of a new session; the Child has the other side. It belongs to the user
  // that the child is to be, as above.
  static Stdio terminal() noexcept { return Stdio(Kind::terminal); }

  // What stdout is, as 2>&1 of a shell has it. For stderr only.
  static Stdio like_stdout() noexcept { return Stdio(Kind::like_stdout); }

  template <std::convertible_to<BorrowedFd> Lender>
  Stdio(Lender&& fd) noexcept : kind_(Kind::descriptor), fd_(std::forward<Lender>(fd)) {}
  Stdio(OwnedFd&& fd) noexcept : kind_(Kind::descriptor), owned_(std::move(fd)) {}
  // A descriptor that there may be, as BorrowedFd::unsafe_borrow_optional() makes one of an int. If
  // there is none, the stream is what it is where nothing is said of it.
  template <std::same_as<std::optional<BorrowedFd>> Optional>
  Stdio(const Optional& fd) noexcept : kind_(fd ? Kind::descriptor : Kind::unset), fd_(fd) {}

 private:
  friend class Command;
  friend class Pipeline;
  enum class Kind : unsigned char { unset, inherit, null, pipe, terminal, like_stdout, descriptor };
  explicit Stdio(Kind kind) noexcept : kind_(kind) {}
  // One that was made for the child, by somebody who lends it.
  static Stdio made(BorrowedFd fd) noexcept {
    Stdio stream(fd);
    stream.is_made_ = true;
    return stream;
  }

  Kind kind_;
  bool is_made_ = false;
  std::optional<BorrowedFd> fd_;  // of a borrowed descriptor
  std::optional<OwnedFd> owned_;
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_STDIO_HPP
