// SPDX-License-Identifier: MIT
//
// The signals of a child, as numbers (SIGTERM, SIGRTMIN + 3).
//
//     command.signals({.ignored = {SIGHUP}});                     // what nohup(1) does
//     command.signals({.to_default = {SIGINT, SIGQUIT}});
//
// Without any of this a child starts with no signal blocked, and at their default every signal that
// has a handler here, SIGPIPE and SIGCHLD. What else is ignored here stays ignored. (A program that
// starts with SIGCHLD ignored loses the exit status of its own children: wait(2).)
#ifndef SYSFD_SIGNALS_HPP
#define SYSFD_SIGNALS_HPP

#include <vector>

namespace sysfd {
inline namespace v0 {

struct Signals {
  std::vector<int> blocked{};     // the signal mask. SIGKILL and SIGSTOP cannot be blocked
  std::vector<int> to_default{};  // SIG_DFL, for those that are ignored here
  std::vector<int> ignored{};     // SIG_IGN
  // The signal mask is that of the thread that starts the child, as it is when spawn() or the like is
  // called, with those in `blocked`. One more system call here, sigprocmask(2).
  bool inherit_mask = false;
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SIGNALS_HPP
