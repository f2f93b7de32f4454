// SPDX-License-Identifier: MIT
//
// Starting a program and waiting for its end: sysfd beside what one would use instead, in the same
// run, in random order. scripts/bench runs it, once for each case.
//
//     spawn_bench --list                        the cases, one a line, with tabs between: id,
//                                               dimension, label, amount, "quick" or "full"
//     spawn_bench --peers                       who is here, and what to know of each: as JSON
//     spawn_bench --case ID [--quick] --out F   measures: F gets the JSON of Google Benchmark
//     spawn_bench --case bars [--ratios F]      prints the ratios that are aimed at; fails if one
//                                               is over its limit
//
// Where one thread starts programs, parent and child stay on one processor, so that the time it
// takes to wake up another one, the same for all and more than anything else, is left out.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <string>
#include <vector>

#include <sysfd/command.hpp>

#include "peers/peer.hpp"
#include "spawn/bars.hpp"
#include "spawn/busy_programs.hpp"
#include "spawn/cases.hpp"
#include "spawn/measure.hpp"
#include "spawn/stall.hpp"
#include "support/conditions.hpp"
#include "support/initialize.hpp"
#include "support/json_reporter.hpp"
#include "support/ratios.hpp"

namespace sysfd_bench {
namespace {

struct Options {
  std::string id;
  std::string out = "/dev/null";
  std::string ratios = "/dev/null";
  bool list = false;
  bool peers = false;
  bool quick = false;
};

bool parse(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const bool has_value = i + 1 < argc;
    if (word == "--list")
      options.list = true;
    else if (word == "--peers")
      options.peers = true;
    else if (word == "--quick")
      options.quick = true;
    else if (word == "--case" && has_value)
      options.id = argv[++i];
    else if (word == "--out" && has_value)
      options.out = argv[++i];
    else if (word == "--ratios" && has_value)
      options.ratios = argv[++i];
    else
      return false;
  }
  return options.list || options.peers || !options.id.empty();
}

void list_cases() {
  for (const Case& each : all_cases())
    std::printf("%s\t%s\t%s\t%g\t%s\n", each.id.c_str(), each.dimension.c_str(), each.label.c_str(),
                each.amount, each.quick ? "quick" : "full");
  std::puts("bars\tbars\tratios that are aimed at\t0\tquick");
  std::puts("stall\tstall\tother threads of the parent, at 1 GiB\t0\tquick");
  std::puts("busy\tbusy\tprograms that were just written, 16 threads\t0\tquick");
}

// No name or text here has a character that JSON wants escaped.
void list_peers() {
  const char* separator = "\n";
  std::printf("{\"peers\": [");
  for (const Peer& peer : all_peers()) {
    std::printf(
        "%s  {\"name\": \"%s\", \"missing\": \"%s\", \"version\": \"%s\", \"starts_by\": \"%s\", "
        "\"other_descriptors\": \"%s\", \"passes\": \"%s\", \"waits_by\": \"%s\", "
        "\"in_tables\": %s}",
        separator, peer.name.c_str(), peer.missing.c_str(), peer.version.c_str(),
        peer.traits.starts_by.c_str(), peer.traits.other_descriptors.c_str(),
        peer.traits.passes.c_str(), peer.traits.waits_by.c_str(),
        peer.in_tables ? "true" : "false");
    separator = ",\n";
  }
  std::puts("\n]}");
}

// All peers in one case. Programs of their own take long to begin, so that they get fewer
// repetitions.
void add_case(Samples& samples, const Case& each, bool quick) {
  const int repetitions = quick ? 5 : 10;
  const int repetitions_of_programs = quick ? 2 : 3;
  const double seconds = quick ? 0.15 : 1.0;
  for (const Peer& peer : all_peers()) {
    if (!peer.in_tables) continue;
    int times = peer.is_program() ? repetitions_of_programs : repetitions;
    int starts = 1;
    if (gap_of(peer, each.task).empty()) {
      const int most = quick ? 200 : 1000;
      // Threads are to start enough of them to overlap.
      const int least = each.task.threads * (quick ? 10 : 30);
      starts = (starts_within(peer, each.task, seconds, least, most) + times - 1) / times;
      starts = std::max(starts, each.task.threads * 3);
    }
    add_benchmark(samples, peer.name, peer, each.task, starts, times);
  }
}

// False: there is no such case.
bool add_benchmarks(Samples& samples, const Options& options) {
  if (options.id == "bars") {
    add_bars(samples, options.quick ? 300 : 600);
    return true;
  }
  if (options.id == "stall") {
    add_stall(options.quick ? 0.5 : 3);
    return true;
  }
  if (options.id == "busy") {
    add_busy_programs(options.quick ? 40 : 400);
    return true;
  }
  for (const Case& each : all_cases()) {
    if (each.id != options.id) continue;
    add_case(samples, each, options.quick);
    return true;
  }
  return false;
}

int run(const char* program, const Options& options) {
  initialize(program, options.out);

  Samples samples;
  if (!add_benchmarks(samples, options)) return 2;
  QuietReporter screen;
  JsonReporter json(samples);
  benchmark::RunSpecifiedBenchmarks(&screen, &json);
  return options.id != "bars" || report(bars(), samples, options.ratios) ? 0 : 1;
}

}  // namespace
}  // namespace sysfd_bench

int main(int argc, char** argv) {
  using namespace sysfd_bench;
  Options options;
  if (!parse(argc, argv, options)) {
    std::fputs("spawn_bench --list | --peers | --case ID [--quick] [--out FILE] [--ratios FILE]\n",
               stderr);
    return 2;
  }
  if (options.list) {
    list_cases();
    return 0;
  }
  reserve_sources();
  set_limits();
  constexpr std::size_t slots = 8;
  if (!sysfd::reserve_spawn_slots(slots)) return 2;
  if (options.peers) {
    list_peers();
    return 0;
  }
  return run(argv[0], options);
}
