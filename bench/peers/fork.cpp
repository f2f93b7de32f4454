// SPDX-License-Identifier: MIT
//
// fork and vfork with execve, by hand: the least that a program can do, and nothing else. An error
// of execve reaches the parent as exit status 127, so that ETXTBSY (see busy_programs.cpp) is seen
// too.
#include <unistd.h>

#include <cerrno>

#include "peers/by_pid.hpp"

namespace sysfd_bench {
namespace {

const char* const standard_only = "stay open unless close-on-exec";
const char* const by_dup = "any numbers, by dup3 in the child";

class Fork : public StarterByPid {
 public:
  int start() override {
    const pid_t child = ::fork();
    if (child < 0) return errno;
    if (child == 0) {
      if (do_moves(moves())) ::execve(arguments().program(), arguments().get(), ::environ);
      ::_exit(127);
    }
    started(child);
    return 0;
  }
};

class Vfork : public StarterByPid {
 public:
  int start() override {
    // Read before: what the child writes to its stack the parent sees.
    const std::vector<Move>& moves_of_child = moves();
    char** const argv = arguments().get();
    const pid_t child = ::vfork();
    if (child < 0) return errno;
    if (child == 0) {
      if (do_moves(moves_of_child)) ::execve(argv[0], argv, ::environ);
      ::_exit(127);
    }
    started(child);
    return 0;
  }
};

}  // namespace

Peer vfork_peer() {
  return {.name = "vfork+execve",
          .version = "by hand",
          .traits = {"vfork", standard_only, by_dup, "waitpid"},
          .make = [] { return std::make_unique<Vfork>(); }};
}

Peer fork_peer() {
  return {.name = "fork+execve",
          .version = "by hand",
          .traits = {"fork", standard_only, by_dup, "waitpid"},
          .make = [] { return std::make_unique<Fork>(); }};
}

}  // namespace sysfd_bench
