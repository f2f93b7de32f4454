// SPDX-License-Identifier: MIT
//
// Python: loop.py.
#include "peers/loop.hpp"

namespace sysfd_bench {

namespace {

// It can give a program others, under the numbers that they have here; but not exchange two.
bool swaps(const Request& request) {
  for (const Passed& each : request.passed)
    for (const Passed& other : request.passed)
      if (each.source != each.number && each.source == other.number) return true;
  return false;
}

}  // namespace

Peer python_peer() {
  Peer peer =
      script_peer("Python subprocess", SYSFD_BENCH_PYTHON,
                  {"vfork", "closed, all at once", "under their own numbers only", "waitpid"},
                  SYSFD_BENCH_PEERS "/loop.py");
  peer.cannot = [](const Request& request) -> std::string {
    return swaps(request) ? "passes them under their own numbers only" : "";
  };
  return peer;
}

}  // namespace sysfd_bench
