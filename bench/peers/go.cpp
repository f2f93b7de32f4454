// SPDX-License-Identifier: MIT
//
// Go: loop.go.
#include "peers/loop.hpp"

namespace sysfd_bench {

Peer go_peer() {
  return loop_peer("Go os/exec", SYSFD_BENCH_GO_VERSION,
                   {"clone (VM, VFORK)", "stay open unless close-on-exec", "3, 4, ... in order",
                    "wait4; a pidfd since 1.23"},
                   {SYSFD_BENCH_GO});
}

}  // namespace sysfd_bench
