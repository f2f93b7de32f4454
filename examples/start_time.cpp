// SPDX-License-Identifier: MIT
#include "start_time.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>

namespace {

constexpr const char* program = "/bin/true";
constexpr int rounds = 150;

void by_sysfd() {
  static sysfd::Command command(program);
  (void)or_throw(or_throw(command.spawn()).wait(), "wait");
}

void by_system() {
  char name[] = "true";
  char* arguments[] = {name, nullptr};
  pid_t child = -1;
  if (::posix_spawn(&child, program, nullptr, nullptr, arguments, ::environ) != 0 || child <= 0)
    throw std::system_error(std::error_code(), "posix_spawn");
  ::waitpid(child, nullptr, 0);
}

double microseconds(void (*start)()) {
  const auto begin = std::chrono::steady_clock::now();
  start();
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin)
      .count();
}

// Returns the time that a start takes when nothing else keeps the processors busy.
double undisturbed(std::vector<double>& times) {
  const auto tenth = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 10);
  std::ranges::nth_element(times, tenth);
  return *tenth;
}

}  // namespace

StartTimes measure_start_times(std::size_t few, std::size_t many) {
  const auto null = or_throw(sysfd::open(sysfd::cwd(), "/dev/null", 0), "open /dev/null");
  std::vector<sysfd::OwnedFd> open;
  const auto hold = [&](std::size_t count) {
    while (open.size() > count)
      open.pop_back();
    while (open.size() < count)
      open.push_back(or_throw(null.duplicate(), "duplicate"));
  };
  std::vector<double> times[4];
  for (int block = 0; block < 5; ++block) {
    for (const bool is_many : {false, true}) {
      hold(is_many ? many : few);
      // The blocks run one after the other, not alternately: on a busy machine the scheduler makes
      // a thread wait for the processor time that it has used before, and one way would then pay
      // for the other.
      for (int round = 0; round < rounds / 5; ++round)
        times[is_many ? 1 : 0].push_back(microseconds(&by_sysfd));
      for (int round = 0; round < rounds / 5; ++round)
        times[is_many ? 3 : 2].push_back(microseconds(&by_system));
    }
  }
  return {undisturbed(times[0]), undisturbed(times[1]), undisturbed(times[2]),
          undisturbed(times[3])};
}
