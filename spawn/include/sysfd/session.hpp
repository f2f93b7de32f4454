// SPDX-License-Identifier: MIT
//
// The session, process group and terminal of a child.
//
//     sysfd::Command job("make");
//     job.session({.process_group = 0});                                       // a job of a shell
//     sysfd::Command login("login");
//     login.session({.new_session = true, .controlling_terminal = control});   // `control`: a tty
//
// To run a program in a new pseudo-terminal use Command::terminal(), which needs none of this.
#ifndef SYSFD_SESSION_HPP
#define SYSFD_SESSION_HPP
#include <sysfd/detail/cxx23.hpp>

#include <sys/types.h>

#include <optional>

#include <sysfd/attributes.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {

struct Session {
  // setsid(2): makes the child the leader of a new session, and of a new process group in it,
  // without a controlling terminal.
  bool new_session = false;

  // setpgid(2): 0 for a new group that the child leads, or the number of a group of this session.
  // Not together with a new session, which makes a group.
  std::optional<pid_t> process_group{};

  // TIOCSCTTY: the controlling terminal of the new session. It must not be that of another session.
  // Borrowed until spawn() has returned, as foreground_of.
  std::optional<BorrowedFd> controlling_terminal{};

  // TIOCSPGRP: makes the child's group the foreground group of this terminal, which must be the
  // controlling terminal of its session. This also works from a background process. After an error
  // the former foreground group is restored; also after status() and output(), which run the
  // program to its end. After spawn() the caller takes the terminal back itself (tcsetpgrp(3)).
  std::optional<BorrowedFd> foreground_of{};
};

struct WindowSize {
  unsigned short rows = 24;
  unsigned short columns = 80;
};

// TIOCSWINSZ: sets the size of a terminal (either side of a pseudo-terminal). If that is a change,
// the foreground process group gets SIGWINCH.
//
// Errors: EBADF; ENOTTY: not a terminal.
// Cost: one system call.
[[nodiscard]] SYSFD_API Result<> set_window_size(BorrowedFd terminal, WindowSize size) noexcept;

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SESSION_HPP
