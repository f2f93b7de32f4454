// SPDX-License-Identifier: MIT
#include "peers/peer.hpp"

#include <cstdio>
#include <cstdlib>

namespace sysfd_bench {
namespace {

[[maybe_unused]] Peer missing(const char* name, const char* why) {
  return {.name = name, .missing = why};
}

}  // namespace

int Starter::start_many(int count) {
  for (int i = 0; i < count; ++i)
    if (const int error = start()) return error;
  return 0;
}

const std::vector<Peer>& all_peers() {
  // Written by CMake: SYSFD_PEER(function) of those that are here, SYSFD_MISSING(name, why) of
  // others.
  static const std::vector<Peer> peers = {
#define SYSFD_PEER(function) function(),
#define SYSFD_MISSING(peer, why) missing(peer, why),
#include "peer_list.inc"
#undef SYSFD_PEER
#undef SYSFD_MISSING
  };
  return peers;
}

const Peer& peer_named(const std::string& name) {
  for (const Peer& peer : all_peers())
    if (peer.name == name) return peer;
  std::fprintf(stderr, "no peer has the name \"%s\"\n", name.c_str());
  std::abort();
}

std::string passes_nothing(const Request& request) {
  return request.passed.empty() ? "" : "has no way to pass them";
}

}  // namespace sysfd_bench
