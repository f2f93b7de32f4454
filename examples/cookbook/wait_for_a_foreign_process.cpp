// SPDX-License-Identifier: MIT
#include <poll.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>
#include <sysfd/pidfd.hpp>

#include "recipe.hpp"

int main() {
  // A process that is not our child, and its number, as it would stand in a PID file. It ends when
  // the pipe is closed.
  auto pipe = sysfd::pipe();
  if (!pipe) return fail(pipe.error());
  auto run = sysfd::Command::shell("cat <&3 >/dev/null 2>&1 & echo $!")
                 .pass(std::move(pipe->read), 3)
                 .output();
  if (!run) return fail(run.error());
  const auto number = static_cast<pid_t>(std::strtol(run->out.c_str(), nullptr, 10));

  auto process = sysfd::PidFd::open(number);
  if (!process) return fail(process.error());
  // The number may have been another process's by then: look at what was opened. See the recipe
  // for an identity that is not reused.
  auto directory = process->proc_directory();
  if (!directory) return fail(directory.error());

  if (auto closed = std::move(pipe->write).close(); !closed) return fail(closed.error());
  // On every kernel: the pidfd is readable when the process has ended.
  pollfd ended{.fd = process->fd().get(), .events = POLLIN, .revents = 0};
  if (::poll(&ended, 1, 60'000) != 1) return fail("it has not ended");
  std::cout << "process " << number << " has ended\n";

  // Its status, which belongs to its parent: since Linux 6.15, once it was reaped.
  if (auto status = process->try_wait()) std::cout << *status << '\n';
  return 0;
}
