// SPDX-License-Identifier: MIT
//
// What stdin, stdout and stderr of a child are: for Command::stdin_from(), stdout_to(),
// stderr_to().
//
//     sysfd::Command command("make");
//     command.stdin_from(sysfd::Stdio::null())
//         .stdout_to(log)
//         .stderr_to(sysfd::Stdio::like_stdout());
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

namespace detail {

enum class StreamKind : unsigned char {
  unset,
  inherit,
  null,
  pipe,
  terminal,
  like_stdout,
  descriptor,
};

// What a Stdio stands for.
struct StreamSpec {
  StreamKind kind = StreamKind::unset;
  bool is_made = false;  // the borrowed descriptor was made for the child
  std::optional<BorrowedFd> fd{};
  std::optional<OwnedFd> owned{};
};

}  // namespace detail

// A standard stream of the child. A descriptor converts to it: an lvalue is borrowed until spawn()
// has returned, std::move(fd) is owned by the Command.
class Stdio {
 public:
  // The caller's own, or /dev/null if that is closed or close-on-exec when the child starts.
  static Stdio inherit() noexcept { return Stdio(detail::StreamKind::inherit); }
  // /dev/null: for reading as stdin, for writing otherwise.
  static Stdio null() noexcept { return Stdio(detail::StreamKind::null); }
  // A new pipe, whose other end is in the Child. If the caller has the privilege (fchown(2)), it
  // belongs to the child's user and group (Identity), so that the child can open it again, as
  // /dev/stdout. A borrowed descriptor keeps its owner.
  static Stdio pipe() noexcept { return Stdio(detail::StreamKind::pipe); }
  // A new pseudo-terminal, the same one for all streams of a child that ask for it. It is the
  // controlling terminal of a new session. Its other side is in the Child. It belongs to the
  // child's user, as above.
  static Stdio terminal() noexcept { return Stdio(detail::StreamKind::terminal); }

  // The same as the child's stdout, like 2>&1 in a shell. For stderr only.
  static Stdio like_stdout() noexcept { return Stdio(detail::StreamKind::like_stdout); }

  template <std::convertible_to<BorrowedFd> Lender>
  Stdio(Lender&& fd) noexcept
      : spec_{.kind = detail::StreamKind::descriptor, .fd = BorrowedFd(std::forward<Lender>(fd))} {}
  Stdio(OwnedFd&& fd) noexcept
      : spec_{.kind = detail::StreamKind::descriptor, .owned = std::move(fd)} {}
  // An optional descriptor, for example from BorrowedFd::unsafe_borrow_optional(). If it is empty,
  // the stream has its default.
  template <std::same_as<std::optional<BorrowedFd>> Optional>
  Stdio(const Optional& fd) noexcept
      : spec_{.kind = fd ? detail::StreamKind::descriptor : detail::StreamKind::unset, .fd = fd} {}

 private:
  friend class Command;
  explicit Stdio(detail::StreamKind kind) noexcept : spec_{.kind = kind} {}

  detail::StreamSpec spec_;
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_STDIO_HPP
