// SPDX-License-Identifier: MIT
#include "spawn/measure.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>

#include <sysfd/command.hpp>

#include "spawn/own_sigchld.hpp"

namespace sysfd_bench {
namespace {

using Clock = std::chrono::steady_clock;

double nanoseconds_between(Clock::time_point begin, Clock::time_point end) {
  return std::chrono::duration<double, std::nano>(end - begin).count();
}

Times failure(const char* what, int error) {
  return {.failed = std::string(what) + ": " + std::strerror(error)};
}

// `starts`, in batches, one after the other; fewer if that takes longer than `enough`.
Times measure_one_by_one(Starter& starter, const Task& task, int starts,
                         Clock::duration enough = Clock::duration::max()) {
  Times times;
  const auto first = Clock::now();
  for (int i = 0; i < starts && Clock::now() - first < enough; i += task.batch) {
    const auto begin = Clock::now();
    if (const int error = starter.start_many(task.batch)) return failure("start", error);
    const auto started = Clock::now();
    for (int j = 0; j < task.batch; ++j)
      if (const int error = starter.wait()) return failure("wait", error);
    const auto end = task.measured == Measured::start_only ? started : Clock::now();
    times.nanoseconds.push_back(nanoseconds_between(begin, end) / task.batch);
  }
  return times;
}

Times measure_threads(const Peer& peer, const Task& task, const Request& request, int starts) {
  const int each = std::max(starts / task.threads, 1);
  std::vector<Times> of_thread(static_cast<std::size_t>(task.threads));
  const auto begin = Clock::now();
  {
    std::vector<std::jthread> threads;
    threads.reserve(of_thread.size());
    for (Times& times : of_thread)
      threads.emplace_back([&] {
        const auto starter = peer.make();
        if (const int error = starter->prepare(request))
          times = failure("prepare", error);
        else
          times = measure_one_by_one(*starter, task, each);
      });
  }
  const auto end = Clock::now();
  for (const Times& times : of_thread)
    if (!times.failed.empty()) return times;
  return {.nanoseconds = {nanoseconds_between(begin, end) / (each * task.threads)}};
}

Times measure_here(const Peer& peer, const Task& task, int starts) {
  const Preparation preparation(task);
  const OwnSigchld handler(peer);
  const auto starter = peer.make();
  if (const int error = starter->prepare(preparation.request())) return failure("prepare", error);
  // What the conditions have left in the caches is not to be measured.
  constexpr int warm_up = 10;
  Times times = measure_one_by_one(*starter, task, warm_up, std::chrono::milliseconds(30));
  if (!times.failed.empty()) return times;
  return task.threads > 1 ? measure_threads(peer, task, preparation.request(), starts)
                          : measure_one_by_one(*starter, task, starts);
}

// The numbers between the brackets of a program's answer.
Times read_times(const std::string& text) {
  Times times;
  const std::size_t bracket = text.find('[');
  const char* at = text.c_str() + (bracket == std::string::npos ? text.size() : bracket + 1);
  for (char* end = nullptr;; at = end + std::strspn(end, ", ")) {
    const double value = std::strtod(at, &end);
    if (end == at) break;
    times.nanoseconds.push_back(value);
  }
  if (times.nanoseconds.empty()) times.failed = "its answer is not to be understood";
  return times;
}

// It makes the conditions for itself once more, all but the environment, which it gets from here.
Times measure_program(const Peer& peer, const Task& task, int starts) {
  const Preparation preparation(task);
  sysfd::Command command(peer.command.front());
  command.args(std::vector(peer.command.begin() + 1, peer.command.end()))
      .args({preparation.request().program, std::to_string(starts),
             std::to_string(task.conditions.memory), std::to_string(task.conditions.descriptors),
             std::to_string(passed_count(task.passing)), std::to_string(task.threads),
             std::to_string(task.arguments)});
  const auto output = command.output();
  if (!output) return {.failed = output.error().describe()};
  if (!output->success()) return {.failed = "its program: " + output->describe()};
  return read_times(output->out);
}

void run(benchmark::State& state, Samples& samples, const std::string& name, const Peer& peer,
         const Task& task, int starts) {
  const Times times = measure(peer, task, starts);
  if (!times.failed.empty()) {
    state.SkipWithError(times.failed.c_str());
    return;
  }
  samples.add(name, times.nanoseconds);
  std::size_t next = 0;
  for ([[maybe_unused]] auto _ : state)
    state.SetIterationTime(times.nanoseconds[next++ % times.nanoseconds.size()] * 1e-9);
}

}  // namespace

std::string gap_of(const Peer& peer, const Task& task) {
  if (!peer.missing.empty()) return "missing: " + peer.missing;
  const std::size_t again = peer.is_program() ? task.conditions.memory : 0;
  if (std::string why = cannot_meet(task.conditions, again); !why.empty())
    return "not here: " + why;
  if (peer.is_program() && (task.measured != Measured::start_and_wait || task.batch != 1))
    return "not measured: a program of its own";
  if (peer.runs_to_end && (task.measured != Measured::start_and_wait || task.batch != 1))
    return "cannot: waits for the end";
  if (task.passing == Passing::none) return {};
  if (std::string why = peer.cannot({.program = {}, .passed = numbers_for(task.passing)});
      !why.empty())
    return "cannot: " + why;
  return {};
}

Times measure(const Peer& peer, const Task& task, int starts) {
  if (task.pinned)
    stay_on_one_processor();
  else
    use_all_processors();
  return peer.is_program() ? measure_program(peer, task, starts) : measure_here(peer, task, starts);
}

void add_benchmark(Samples& samples, const std::string& name, const Peer& peer, const Task& task,
                   int starts, int repetitions) {
  if (std::string why = gap_of(peer, task); !why.empty()) {
    benchmark::RegisterBenchmark(
        name.c_str(), [why](benchmark::State& state) { state.SkipWithError(why.c_str()); })
        ->Iterations(1)
        ->Repetitions(1);
    return;
  }
  const int measurements = task.threads > 1 ? 1 : starts / task.batch;
  benchmark::RegisterBenchmark(name.c_str(),
                               [&samples, name, &peer, task, starts](benchmark::State& state) {
                                 run(state, samples, name, peer, task, starts);
                               })
      ->Iterations(std::max(measurements, 1))
      ->Repetitions(repetitions)
      ->ReportAggregatesOnly()
      ->UseManualTime()
      ->Unit(benchmark::kMicrosecond);
}

int starts_within(const Peer& peer, const Task& task, double seconds, int least, int most) {
  constexpr int tried = 4;
  const Times times = measure(peer, task, tried);
  const double each = quantile(times.nanoseconds, 0.5) * 1e-9;
  if (each <= 0) return least;
  return std::clamp(static_cast<int>(seconds / each), least, most);
}

}  // namespace sysfd_bench
