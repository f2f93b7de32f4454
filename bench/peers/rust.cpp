// SPDX-License-Identifier: MIT
//
// Rust: loop.rs.
#include "peers/loop.hpp"

namespace sysfd_bench {

Peer rust_peer() {
  Peer peer = loop_peer("Rust std", SYSFD_BENCH_RUST_VERSION,
                        {"posix_spawn", "stay open unless close-on-exec",
                         "none without unsafe code", "waitpid, or waitid by pidfd"},
                        {SYSFD_BENCH_RUST});
  peer.cannot = passes_nothing;
  return peer;
}

}  // namespace sysfd_bench
