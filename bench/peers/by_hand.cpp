// SPDX-License-Identifier: MIT
//
// fork and vfork with execve, by hand: the least that a program can do. An error of execve reaches
// the parent as exit status 127, so that ETXTBSY (see spawn/busy.cpp) is seen too.
//
// not passed: stay open unless close-on-exec
// passes: any numbers, by dup3 in the child
// waits by: waitpid
//
// peer: vfork+execve
// starts by: vfork
//
// peer: fork+execve
// starts by: fork
#include <unistd.h>

#include <cerrno>

#include "peers/by_pid.hpp"

namespace sysfd_bench {
namespace {

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
  int start() override { return start_by_vfork(); }
};

}  // namespace

std::vector<Peer> peers() {
  const char* const version = "by hand";
  return {{"vfork+execve", version, maker<Vfork>()}, {"fork+execve", version, maker<Fork>()}};
}

}  // namespace sysfd_bench
