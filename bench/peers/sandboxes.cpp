// SPDX-License-Identifier: MIT
//
// Programs that start another one in new namespaces, as they are installed. Each is started by
// vfork and execve.
//
// starts by: vfork, then a program of its own
// not passed: stay open unless close-on-exec
// passes: their own numbers
// waits by: waitpid
// only in: namespaces
//
// peer: bubblewrap
// package: bubblewrap
// version: bwrap --version
// makes namespaces: executes itself; builds a new root of mounts, and changes to it;
//   sets no_new_privs; a process outside and an init of the pid namespace stay
//
// peer: unshare(1)
// package: util-linux
// version: unshare --version
// makes namespaces: executes itself; forks for the pid namespace, and a process outside stays
#include <unistd.h>

#include "peers/by_pid.hpp"

namespace sysfd_bench {
namespace {

class Sandbox : public StarterByPid {
 public:
  // `prefix` and the name of a namespace make an option.
  Sandbox(std::string program, std::string prefix, std::vector<std::string> words)
      : program_(std::move(program)), prefix_(std::move(prefix)), words_(std::move(words)) {}

  int prepare(const Request& request) override {
    Request wrapped{.program = program_, .arguments = words_};
    std::vector<std::string>& arguments = wrapped.arguments;
    for (const std::string& each : request.namespaces)
      // bubblewrap always makes one of mounts, and has no option for it.
      if (each != "mount" || !program_.ends_with("bwrap")) arguments.push_back(prefix_ + each);
    arguments.push_back(request.program);
    arguments.insert(arguments.end(), request.arguments.begin(), request.arguments.end());
    return StarterByPid::prepare(wrapped);
  }
  int start() override { return start_by_vfork(); }

 private:
  std::string program_;
  std::string prefix_;
  std::vector<std::string> words_;
};

}  // namespace

std::vector<Peer> peers() {
  const auto sandbox = [](const char* name, const char* program, const char* prefix,
                          const std::vector<std::string>& words) {
    return Peer{.name = name,
                .version = {},
                .make = [=] { return std::make_unique<Sandbox>(program, prefix, words); },
                .missing = ::access(program, X_OK) == 0 ? "" : std::string("no ") + program};
  };
  return {sandbox("bubblewrap", "/usr/bin/bwrap", "--unshare-", {"--bind", "/", "/"}),
          sandbox("unshare(1)", "/usr/bin/unshare", "--", {"--map-root-user", "--fork"})};
}

}  // namespace sysfd_bench
