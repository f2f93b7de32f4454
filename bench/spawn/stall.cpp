// SPDX-License-Identifier: MIT
#include "spawn/stall.hpp"

#include <benchmark/benchmark.h>

#include <atomic>
#include <chrono>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "peers/peer.hpp"
#include "spawn/measure.hpp"
#include "spawn/own_sigchld.hpp"
#include "spawn/task.hpp"
#include "support/conditions.hpp"
#include "support/statistics.hpp"

namespace sysfd_bench {
namespace {

const char* const name_of_none = "nothing is started";

using Clock = std::chrono::steady_clock;

// 16 pages anywhere in the memory are written to, again and again.
std::vector<double> work_until(const std::atomic<bool>& ended) {
  constexpr int pages = 16;
  const std::span<std::byte> memory = held_memory();
  std::minstd_rand random;
  std::vector<double> units;
  constexpr std::size_t expected = 4'000'000;
  units.reserve(expected);
  for (auto before = Clock::now(); !ended;) {
    for (int i = 0; i < pages; ++i)
      memory[random() % memory.size()] = std::byte{1};
    const auto now = Clock::now();
    units.push_back(std::chrono::duration<double, std::nano>(now - before).count());
    before = now;
  }
  return units;
}

// Starts programs for so long. How many; -1 if it fails.
int start_for(double seconds, Starter* starter) {
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  int starts = 0;
  for (; Clock::now() < end; ++starts) {
    if (!starter)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    else if (starter->start() != 0 || starter->wait() != 0)
      return -1;
  }
  return starter ? starts : 0;
}

void run(benchmark::State& state, const Peer* peer, const Task& task, double seconds) {
  const Preparation preparation(task);
  const OwnSigchld handler(peer ? *peer : Peer{.name = name_of_none});
  const auto starter = peer ? peer->make() : nullptr;
  if (starter && starter->prepare(preparation.request()) != 0) {
    state.SkipWithError("prepare failed");
    return;
  }
  if (!use_processor(0)) {
    state.SkipWithError("not here: processor 0 is not for this program");
    return;
  }
  std::vector<double> units;
  std::atomic<bool> ended = false;
  std::atomic<bool> has_second = true;
  int starts = 0;
  for ([[maybe_unused]] auto _ : state) {
    std::jthread worker([&] {
      has_second = use_processor(1);
      units = work_until(ended);
    });
    starts = start_for(seconds, starter.get());
    ended = true;
    worker.join();
    state.SetIterationTime(seconds);
  }
  if (!has_second) state.SkipWithError("not here: it takes two processors");
  if (starts < 0) state.SkipWithError("starting failed");
  state.counters["unit_median"] = quantile(units, 0.5);
  state.counters["unit_p999"] = quantile(units, 0.999);
  state.counters["unit_longest"] = quantile(units, 1);
  state.counters["starts"] = starts;
}

void add(const char* name, const Peer* peer, double seconds) {
  constexpr std::size_t gibibyte = std::size_t{1} << 30;
  const Task task{.conditions = {.memory = gibibyte}, .pinned = false};
  const std::string gap = peer ? gap_of(*peer, task) : cannot_meet(task.conditions);
  benchmark::RegisterBenchmark(name,
                               [=](benchmark::State& state) {
                                 if (gap.empty())
                                   run(state, peer, task, seconds);
                                 else
                                   state.SkipWithError(gap.c_str());
                               })
      ->Iterations(1)
      ->Repetitions(1)
      ->UseManualTime();
}

}  // namespace

void add_stall(double seconds) {
  add(name_of_none, nullptr, seconds);
  for (const char* name :
       {"sysfd", "vfork+execve", "posix_spawn", "fork+execve", "GLib", "libuv", "Qt QProcess"})
    for (const Peer& peer : all_peers())
      if (peer.name == name) add(name, &peer, seconds);
}

}  // namespace sysfd_bench
