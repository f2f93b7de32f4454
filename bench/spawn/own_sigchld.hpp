// SPDX-License-Identifier: MIT
//
// Some peers handle SIGCHLD, and set their handler once, or leave none behind. Each finds what it
// has left here, as if it were the only one in the process.
#ifndef SYSFD_BENCH_SPAWN_OWN_SIGCHLD_HPP
#define SYSFD_BENCH_SPAWN_OWN_SIGCHLD_HPP

#include <csignal>

#include <map>
#include <string>

#include "peers/peer.hpp"

namespace sysfd_bench {

class OwnSigchld {
 public:
  explicit OwnSigchld(const Peer& peer) : own_(of(peer)) { ::sigaction(SIGCHLD, &own_, &others_); }
  OwnSigchld(const OwnSigchld&) = delete;
  OwnSigchld& operator=(const OwnSigchld&) = delete;
  ~OwnSigchld() { ::sigaction(SIGCHLD, &others_, &own_); }

 private:
  // With null pointers, SIG_DFL.
  static struct sigaction& of(const Peer& peer) {
    static std::map<std::string, struct sigaction> all;
    return all[peer.name];
  }
  struct sigaction& own_;
  struct sigaction others_{};
};

}  // namespace sysfd_bench

#endif  // SYSFD_BENCH_SPAWN_OWN_SIGCHLD_HPP
