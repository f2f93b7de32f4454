// SPDX-License-Identifier: MIT
//
// The peers in other languages are programs of their own that measure themselves: see
// Peer::command.
#ifndef SYSFD_BENCH_PEERS_LOOP_HPP
#define SYSFD_BENCH_PEERS_LOOP_HPP

#include <string>
#include <vector>

#include "peers/peer.hpp"

namespace sysfd_bench {

// One whose version is known; one whose first line of `command --version` is its version.
Peer loop_peer(const char* name, std::string version, Traits traits,
               std::vector<std::string> command);
Peer script_peer(const char* name, const char* interpreter, Traits traits, const char* script);

}  // namespace sysfd_bench

#endif  // SYSFD_BENCH_PEERS_LOOP_HPP
