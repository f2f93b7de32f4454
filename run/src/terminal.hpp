// SPDX-License-Identifier: MIT
//
// Gives the terminal back to the process group that had it: a shell that is killed at the deadline
// may have made another one the foreground group, which nobody could type into.
#ifndef SYSFD_RUN_TERMINAL_HPP
#define SYSFD_RUN_TERMINAL_HPP

#include <sys/types.h>

namespace sysfd_run {

class TerminalOwner {
 public:
  TerminalOwner();
  ~TerminalOwner();
  TerminalOwner(const TerminalOwner&) = delete;
  TerminalOwner& operator=(const TerminalOwner&) = delete;

 private:
  int terminal_ = -1;  // 0, 1 or 2
  pid_t group_ = -1;   // that is in the foreground
};

}  // namespace sysfd_run

#endif  // SYSFD_RUN_TERMINAL_HPP
