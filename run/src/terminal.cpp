// SPDX-License-Identifier: MIT
#include "terminal.hpp"

#include <unistd.h>

#include <csignal>
#include <initializer_list>

namespace sysfd_run {

TerminalOwner::TerminalOwner() {
  for (const int fd : {0, 2})
    if (const pid_t group = ::tcgetpgrp(fd); group > 0) {
      terminal_ = fd;
      group_ = group;
      return;
    }
}

// Only if it was this job's: a job in the background does not take the terminal. SIGTTOU would stop
// this process, which may no longer be in the foreground.
TerminalOwner::~TerminalOwner() {
  if (terminal_ < 0 || group_ != ::getpgrp() || ::tcgetpgrp(terminal_) == group_) return;
  sigset_t set;
  sigset_t before;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGTTOU);
  ::pthread_sigmask(SIG_BLOCK, &set, &before);
  ::tcsetpgrp(terminal_, group_);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace sysfd_run
