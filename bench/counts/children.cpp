// SPDX-License-Identifier: MIT
#include "counts/children.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>

namespace sysfd_bench {
namespace {

void start(bool ends) {
  const pid_t pid = ::fork();
  if (pid < 0) give_up("fork");
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!ends) ::pause();  // no signal is handled here
    ::_exit(0);
  }
  child = require(sysfd::PidFd::open(pid), "pidfd_open");
  raw_child = child->fd().get();
  const sysfd::PidFd* const processes[] = {&*child};
  if (ends) require(sysfd::wait_any(processes), "poll");
}

void end() {
  (void)child->send_signal(SIGKILL);
  (void)child->wait();
  child.reset();
}

}  // namespace

Around with_waiting_child() {
  return {.before = [] { start(false); }, .after = end};
}

Around with_ended_child() {
  return {.before = [] { start(true); }, .after = end};
}

}  // namespace sysfd_bench
