// SPDX-License-Identifier: MIT
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <random>
#include <thread>
#include <vector>

#include "spawn/worker.hpp"

namespace sysfd_bench {
namespace {

using Clock = std::chrono::steady_clock;

// The calling thread runs on the first or the second of the processors that it may use.
void use_processor(int place) {
  cpu_set_t all;
  ::sched_getaffinity(0, sizeof all, &all);
  std::size_t number = 0;
  for (int before = 0; number < CPU_SETSIZE; ++number)
    if (CPU_ISSET(number, &all) && before++ == place) break;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(number, &one);
  if (::sched_setaffinity(0, sizeof one, &one) != 0) give_up("it takes two processors", errno);
}

// 16 pages anywhere in the memory are written to, again and again.
std::vector<double> work_until(const std::atomic<bool>& ended, std::span<std::byte> memory) {
  constexpr int pages = 16;
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

// Starts programs for so long, and answers how many.
int start_for(double seconds, Starter* starter) {
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  int starts = 0;
  while (Clock::now() < end) {
    if (!starter) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      continue;
    }
    if (const int error = starter->start()) give_up("start", error);
    if (const int error = starter->wait()) give_up("wait", error);
    ++starts;
  }
  return starts;
}

}  // namespace

void measure_stall(const Peer* peer, const Request& request, double seconds) {
  const std::span<std::byte> memory = hold_memory(std::size_t{1} << 30);
  const auto starter = peer ? peer->make() : nullptr;
  if (starter && starter->prepare(request) != 0) give_up("prepare", errno);
  std::vector<double> units;
  std::atomic<bool> ended = false;
  std::jthread worker([&] {
    use_processor(1);
    units = work_until(ended, memory);
  });
  use_processor(0);
  const int starts = start_for(seconds, starter.get());
  ended = true;
  worker.join();
  std::ranges::sort(units);
  const std::size_t last = units.size() - 1;
  std::printf("%.0f %.0f %.0f %d\n", units[last / 2], units[last - last / 1000], units[last],
              starts);
}

}  // namespace sysfd_bench
