// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <unistd.h>

#include <iostream>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>

#include "recipe.hpp"

int main() {
  auto terminal = sysfd::open(sysfd::cwd(), "/dev/tty", O_RDWR);
  if (!terminal) return not_possible_here("there is no terminal");
  const pid_t mine = ::tcgetpgrp(terminal->get());

  // Ctrl+C and Ctrl+Z reach the job, and not this program. It looks whether that is so.
  auto job = sysfd::Command::shell("[ \"$(cut -d' ' -f8 /proc/$$/stat)\" = $$ ]")
                 .session({.process_group = 0, .foreground_of = *terminal})
                 .status();
  if (!job) return fail(job.error());
  if (!job->success()) return fail(*job);

  const bool is_back = ::tcgetpgrp(terminal->get()) == mine;
  std::cout << (is_back ? "the terminal is ours again\n" : "the terminal is not ours\n");
  return is_back ? 0 : 1;
}
