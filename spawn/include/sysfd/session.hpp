// SPDX-License-Identifier: MIT
//
// A child's place among sessions, process groups and terminals.
//
//     command.session({.process_group = 0});                                 // a job of its own
//     command.session({.new_session = true, .controlling_terminal = tty});   // a login
//
// For a program in a new pseudo-terminal there is Command::terminal(), which needs nothing of this.
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
  // setsid(2): leads a new session, and a new process group in it, without a controlling terminal.
  bool new_session = false;

  // setpgid(2): 0 for a group of its own, which the child leads, or the number of one of this
  // session. Not with a new session, which has one already.
  std::optional<pid_t> process_group{};

  // TIOCSCTTY: the terminal of the new session. It must not be another session's. Lent until spawn()
  // has returned, like foreground_of.
  std::optional<BorrowedFd> controlling_terminal{};

  // TIOCSPGRP: makes the child's group the one in the foreground of this terminal, which is the
  // controlling one of its session. Also from the background. After an error the group that was in
  // the foreground before is there again, and after status() and output(), which run the program to
  // its end. After spawn() the caller takes the terminal back itself (tcsetpgrp(3)).
  std::optional<BorrowedFd> foreground_of{};
};

struct WindowSize {
  unsigned short rows = 24;
  unsigned short columns = 80;
};

// TIOCSWINSZ: tells a terminal (either side of a pseudo-terminal) its size; the foreground process
// group gets SIGWINCH if that is a change. Errors: EBADF; ENOTTY not a terminal. One system call.
[[nodiscard]] SYSFD_API Result<> set_window_size(BorrowedFd terminal, WindowSize size) noexcept;

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SESSION_HPP
