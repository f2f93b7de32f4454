// SPDX-License-Identifier: MIT
//
// Starts several commands in turns, and times each from its start to its end. argv: how many
// rounds; then for each command its name, its words, and ":::". Prints a line for each: the name,
// the shortest time and the median in microseconds, with tabs between. Before each command, another
// one runs that is not timed: the kernel still cleans up after the one before, such as a namespace.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sysfd/command.hpp>

namespace {

struct Timed {
  std::string name;
  sysfd::Command command;
  std::vector<double> microseconds{};
};

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "in_turns: %s\n", why.c_str());
  std::exit(1);
}

std::vector<Timed> read_commands(char** argv) {
  std::vector<Timed> commands;
  while (*argv) {
    const char* const name = *argv++;
    if (!*argv) fail(std::string(name) + ": no command");
    Timed timed{name, sysfd::Command(*argv++)};
    while (*argv && std::string_view(*argv) != ":::")
      timed.command.arg(*argv++);
    if (*argv) ++argv;
    commands.push_back(std::move(timed));
  }
  return commands;
}

void run_once(Timed& timed) {
  const auto start = std::chrono::steady_clock::now();
  const auto status = timed.command.status();
  const std::chrono::duration<double, std::micro> time = std::chrono::steady_clock::now() - start;
  if (!status) fail(timed.name + ": " + status.error().describe());
  if (!status->success()) fail(timed.name + ": " + sysfd::to_string(*status));
  timed.microseconds.push_back(time.count());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) fail("usage: in_turns ROUNDS NAME COMMAND... [::: NAME COMMAND...]...");
  const int rounds = std::atoi(argv[1]);
  auto commands = read_commands(argv + 2);
  sysfd::Command pause("/bin/true");
  for (int round = 0; round < rounds; ++round) {
    for (Timed& timed : commands) {
      if (const auto done = pause.status(); !done) fail(done.error().describe());
      run_once(timed);
    }
  }
  for (Timed& timed : commands) {
    std::ranges::sort(timed.microseconds);
    std::printf("%s\t%.0f\t%.0f\n", timed.name.c_str(), timed.microseconds.front(),
                timed.microseconds[timed.microseconds.size() / 2]);
  }
}
