// SPDX-License-Identifier: MIT
//
// What it costs to confine a child: Landlock, a cgroup, a tree that ends together; and what
// programs take that do the like. argv: the program to start, and how many rounds. Each round
// starts all, one after the other. Prints a line for each: its name, the shortest time and the
// median in nanoseconds, with tabs between; or its name and why it is not measured.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <sysfd/cgroup.hpp>
#include <sysfd/command.hpp>
#include <sysfd/containment.hpp>
#include <sysfd/create.hpp>
#include <sysfd/landlock.hpp>

namespace {

using sysfd::Cgroup;
using sysfd::Command;
using sysfd::Ruleset;

struct Way {
  std::string name;
  Command command;
  std::string missing{};
  std::vector<double> nanoseconds{};
};

std::string error_of(Command& command) {
  const auto status = command.status();
  if (!status) return status.error().describe();
  return status->success() ? "" : sysfd::to_string(*status);
}

std::vector<Way> ways(const char* program) {
  std::vector<Way> found;
  const auto add = [&](const char* name, Command command) {
    found.push_back({name, std::move(command)});
  };
  const auto miss = [&](const char* name, const std::string& why) {
    found.push_back({name, Command(program), why});
  };
  add("nothing", Command(program));

  static auto ruleset = Ruleset::create({.files = sysfd::rights::run});
  for (const char* path :
       {"/", "/bin", "/dev", "/etc", "/lib", "/proc", "/root", "/sys", "/tmp", "/var"})
    if (ruleset) (void)ruleset->allow(path, sysfd::rights::run);
  if (ruleset)
    add("landlock(), 10 rules", Command(program).landlock(ruleset->fd()));
  else
    miss("landlock(), 10 rules", ruleset.error().describe());

  static auto own = Cgroup::own();
  static auto cgroup = own ? Cgroup::create(*own, "sysfd-bench") : std::move(own);
  if (cgroup)
    add("cgroup()", Command(program).cgroup(cgroup->fd()));
  else
    miss("cgroup()", cgroup.error().describe());

  add("contain(), the caller's /proc", Command(program).contain({.own_proc = false}));
  add("contain()", Command(program).contain());
  add("contain(), a cgroup of its own", Command(program).contain({.own_cgroup = true}));

  add("timeout(1)", Command("/usr/bin/timeout").args({"60", program}));
  add("unshare(1), a pid namespace",
      Command("/usr/bin/unshare")
          .args({"--pid", "--fork", "--kill-child", "--mount-proc", program}));
  add("bubblewrap, a pid namespace", Command("/usr/bin/bwrap")
                                         .args({"--bind", "/", "/", "--unshare-pid",
                                                "--die-with-parent", "--proc", "/proc", program}));
  add("systemd-run --scope", Command("/usr/bin/systemd-run")
                                 .args({"--quiet", "--scope", program})
                                 .stderr_to(sysfd::Stdio::null()));
  return found;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  using Clock = std::chrono::steady_clock;
  auto found = ways(argv[1]);
  for (Way& way : found)
    if (way.missing.empty()) way.missing = error_of(way.command);
  for (int rounds = std::atoi(argv[2]); rounds > 0; --rounds)
    for (Way& way : found) {
      if (!way.missing.empty()) continue;
      const auto start = Clock::now();
      way.missing = error_of(way.command);
      way.nanoseconds.push_back(
          std::chrono::duration<double, std::nano>(Clock::now() - start).count());
    }
  for (Way& way : found) {
    if (!way.missing.empty() || way.nanoseconds.empty()) {
      std::printf("%s\t%s\n", way.name.c_str(), way.missing.c_str());
      continue;
    }
    std::ranges::sort(way.nanoseconds);
    std::printf("%s\t%.0f\t%.0f\n", way.name.c_str(), way.nanoseconds.front(),
                way.nanoseconds[way.nanoseconds.size() / 2]);
  }
}
