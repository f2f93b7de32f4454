// SPDX-License-Identifier: MIT
//
// The signals of a child, as numbers (SIGTERM, SIGRTMIN + 3).
//
//     command.signals({.ignored = {SIGHUP}});                     // what nohup(1) does
//     command.signals({.to_default = {SIGCHLD, SIGINT, SIGQUIT}});
//
// Without any of this a child starts with no signal blocked, every signal that has a handler here at
// its default, and SIGPIPE too; what else is ignored here stays ignored.
#ifndef SYSFD_SIGNALS_HPP
#define SYSFD_SIGNALS_HPP

#include <vector>

namespace sysfd {
inline namespace v0 {

struct Signals {
  std::vector<int> blocked{};     // the signal mask. SIGKILL and SIGSTOP cannot be blocked
  std::vector<int> to_default{};  // SIG_DFL, for those that are ignored here
  std::vector<int> ignored{};     // SIG_IGN
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SIGNALS_HPP
