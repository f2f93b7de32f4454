// SPDX-License-Identifier: MIT
//
// Node: loop.js.
#include "peers/loop.hpp"

namespace sysfd_bench {

Peer node_peer() {
  return script_peer("Node child_process", SYSFD_BENCH_NODE,
                     {"fork", "stay open unless close-on-exec", "any numbers, in any order",
                      "SIGCHLD handler, event loop"},
                     SYSFD_BENCH_PEERS "/loop.js");
}

}  // namespace sysfd_bench
