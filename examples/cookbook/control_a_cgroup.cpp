// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <string>

#include <sysfd/cgroup.hpp>
#include <sysfd/command.hpp>

#include "recipe.hpp"

using namespace std::chrono_literals;

int main() {
  auto own = sysfd::Cgroup::own();
  if (!own) return not_possible_here(own.error());
  auto abilities = own->abilities();
  if (!abilities) return fail(abilities.error());
  if (abilities->create_obstacle) return not_possible_here(*abilities->create_obstacle);
  if (abilities->start_obstacle) return not_possible_here(*abilities->start_obstacle);

  auto job = sysfd::Cgroup::create(*own, "recipe-" + std::to_string(::getpid()));
  if (!job) return fail(job.error());
  auto child = sysfd::Command::shell("setsid sleep 1000 & echo; wait")
                   .cgroup(job->fd())
                   .stdout_to(sysfd::Stdio::pipe())
                   .spawn();
  if (!child) return fail(child.error());
  char newline = 0;
  if (::read((*child->stdout_pipe()).get(), &newline, 1) != 1) return fail("it has not begun");

  if (auto frozen = job->freeze(); !frozen) return fail(frozen.error());  // all stop, and wait
  auto processes = job->processes();
  if (!processes) return fail(processes.error());
  std::cout << processes->size() << " processes are frozen\n";

  if (auto killed = job->kill(); !killed) return fail(killed.error());
  if (auto empty = job->wait_empty(60s); !empty) return fail(empty.error());
  auto status = child->wait();
  if (!status) return fail(status.error());
  std::cout << *status << '\n';
  if (auto removed = job->remove(); !removed) return fail(removed.error());
  return processes->size() == 2 ? 0 : 1;
}
