// SPDX-License-Identifier: MIT
//
// Starting a program and waiting for its end: sysfd beside what one would use instead, in the same
// run, in random order.
//
//     spawn_bench               times, and their ratios
//     spawn_bench --check       the same; fails if a ratio is over its limit
//     spawn_bench --unpinned    parent and child on any processors. Otherwise they stay on one, so that
//                               the time it takes to wake up another one, the same for all and more
//                               than anything else, is left out.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string_view>
#include <vector>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>
#include <sysfd/prepared_command.hpp>

#include "support/conditions.hpp"
#include "support/ratio_reporter.hpp"

namespace {

using sysfd::Command;
using sysfd::OwnedFd;

constexpr std::size_t gibibyte = std::size_t{1} << 30;

char child_path[] = BENCH_CHILD;
char* child_arguments[] = {child_path, nullptr};

void require(bool success, const char* what) {
  if (success) return;
  std::perror(what);
  std::exit(2);
}

void wait_for(pid_t child) {
  int status = 0;
  require(child > 0 && ::waitpid(child, &status, 0) == child && status == 0, "the child");
}

void by_vfork(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) {
    const pid_t child = ::vfork();
    if (child == 0) {
      ::execve(child_path, child_arguments, ::environ);
      ::_exit(127);
    }
    wait_for(child);
  }
}

void by_posix_spawn(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) {
    pid_t child = -1;
    require(::posix_spawn(&child, child_path, nullptr, nullptr, child_arguments, ::environ) == 0,
            "posix_spawn");
    wait_for(child);
  }
}

template <class Started>
void start_and_wait(Started& command) {
  auto child = command.spawn();
  require(child.has_value(), "spawn");
  const auto status = child->wait();
  require(status && status->success(), "the child");
}

void by_sysfd(benchmark::State& state) {
  Command command(child_path);
  for ([[maybe_unused]] auto _ : state)
    start_and_wait(command);
}

void by_prepared(benchmark::State& state) {
  const auto prepared = Command(child_path).prepare();
  require(prepared.has_value(), "prepare");
  for ([[maybe_unused]] auto _ : state)
    start_and_wait(*prepared);
}

// Three descriptors are passed, two of them swapped.
struct ThreeFiles {
  ThreeFiles() {
    for (int i = 0; i < 3; ++i)
      files.push_back(*sysfd::memfd("bench"));
  }
  std::vector<OwnedFd> files;
};

// With an empty signal mask, as sysfd's children have it.
void start_by_posix_spawn(benchmark::State& state, posix_spawn_file_actions_t& actions) {
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  for ([[maybe_unused]] auto _ : state) {
    pid_t child = -1;
    require(
        ::posix_spawn(&child, child_path, &actions, &attributes, child_arguments, ::environ) == 0,
        "posix_spawn");
    wait_for(child);
  }
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
}

void by_sysfd_with_three(benchmark::State& state) {
  const ThreeFiles three;
  const auto& files = three.files;
  Command command(child_path);
  command.pass(files[0], files[1].get())
      .pass(files[1], files[0].get())
      .pass(files[2], files[2].get());
  for ([[maybe_unused]] auto _ : state)
    start_and_wait(command);
}

// Three fresh sockets, as a server hands connections over: they have the highest numbers, and low ones
// in the child.
struct ThreeSockets {
  ThreeSockets() {
    for (int i = 0; i < 3; ++i)
      sockets.push_back(std::move(sysfd::socket_pair(SOCK_STREAM)->first));
  }
  std::vector<OwnedFd> sockets;
};

void by_sysfd_with_fresh(benchmark::State& state) {
  const ThreeSockets three;
  Command command(child_path);
  for (int i = 0; i < 3; ++i)
    command.pass(three.sockets[static_cast<std::size_t>(i)], 3 + i);
  for ([[maybe_unused]] auto _ : state)
    start_and_wait(command);
}

void by_posix_spawn_with_fresh(benchmark::State& state) {
  const ThreeSockets three;
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  for (int i = 0; i < 3; ++i)
    ::posix_spawn_file_actions_adddup2(&actions, three.sockets[static_cast<std::size_t>(i)].get(),
                                       3 + i);
  ::posix_spawn_file_actions_addclosefrom_np(&actions, 6);
  start_by_posix_spawn(state, actions);
}

// The same by hand: everything else closed, and a swap by way of a fourth number.
void by_posix_spawn_with_three(benchmark::State& state) {
  const ThreeFiles three;
  const auto& files = three.files;
  const int aside = files[2].get() + 1;
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, files[0].get(), aside);
  ::posix_spawn_file_actions_adddup2(&actions, files[1].get(), files[0].get());
  ::posix_spawn_file_actions_adddup2(&actions, aside, files[1].get());
  ::posix_spawn_file_actions_adddup2(&actions, files[2].get(), files[2].get());
  ::posix_spawn_file_actions_addclosefrom_np(&actions, aside);
  start_by_posix_spawn(state, actions);
}

// What a change of conditions has left in the caches is not to be measured.
void warm_up() {
  Command command(child_path);
  for (int i = 0; i < 10; ++i)
    start_and_wait(command);
}

void in_a_small_parent(const benchmark::State&) {
  sysfd_bench::hold_descriptors(0);
  sysfd_bench::hold_memory(0);
  warm_up();
}

void with_many_descriptors(const benchmark::State&) {
  sysfd_bench::hold_memory(0);
  sysfd_bench::hold_descriptors(15000);
  warm_up();
}

void with_two_gibibytes(const benchmark::State&) {
  sysfd_bench::hold_descriptors(0);
  sysfd_bench::hold_memory(2 * gibibyte);
  warm_up();
}

// `starts` per repetition: many where it takes long to make the conditions.
void add(const char* name, void (*run)(benchmark::State&), void (*setup)(const benchmark::State&),
         int starts = 20) {
  constexpr int starts_in_all = 600;
  benchmark::RegisterBenchmark(name, run)
      ->Setup(setup)
      ->Iterations(starts)
      ->Repetitions(starts_in_all / starts)
      ->ReportAggregatesOnly()
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}

const std::vector<sysfd_bench::Ratio> ratios = {
    {"sysfd / posix_spawn", "sysfd", "posix_spawn", 0.85},
    {"sysfd / bare vfork+execve", "sysfd", "vfork", 1.15},
    {"sysfd, prepared / bare vfork+execve", "sysfd, prepared", "vfork", 1.15},
    {"3 descriptors, a swap: sysfd / posix_spawn", "sysfd, 3 passed", "posix_spawn, 3 passed",
     0.85},
    {"15,000 open: sysfd / posix_spawn", "sysfd, 15000 open", "posix_spawn, 15000 open", 0.15},
    {"15,000 open: sysfd / sysfd with none", "sysfd, 15000 open", "sysfd", 1.30},
    {"15,000 open, 3 fresh ones passed: sysfd / posix_spawn", "sysfd, 3 fresh of 15000",
     "posix_spawn, 3 fresh of 15000", 0.12},
    {"15,000 open, 3 fresh ones passed: sysfd / sysfd with none", "sysfd, 3 fresh of 15000",
     "sysfd, 3 fresh", 1.25},
    {"2 GiB resident: sysfd / sysfd with none", "sysfd, 2 GiB", "sysfd", 1.15},
};

}  // namespace

int main(int argc, char** argv) {
  ::close_range(3, ~0U, 0);
  std::vector<char*> arguments(argv, argv + argc);
  const auto take_option = [&](std::string_view option) {
    return std::erase_if(arguments, [&](const char* argument) { return argument == option; }) > 0;
  };
  const bool check = take_option("--check");
  if (!take_option("--unpinned")) sysfd_bench::stay_on_one_processor();
  char interleave[] = "--benchmark_enable_random_interleaving=true";
  arguments.insert(arguments.begin() + 1, interleave);
  int argument_count = static_cast<int>(arguments.size());
  benchmark::Initialize(&argument_count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(argument_count, arguments.data())) return 2;

  require(sysfd::reserve_spawn_slots(8).has_value(), "reserve_spawn_slots");
  add("vfork", by_vfork, in_a_small_parent);
  add("posix_spawn", by_posix_spawn, in_a_small_parent);
  add("sysfd", by_sysfd, in_a_small_parent);
  add("sysfd, prepared", by_prepared, in_a_small_parent);
  add("posix_spawn, 3 passed", by_posix_spawn_with_three, in_a_small_parent);
  add("sysfd, 3 passed", by_sysfd_with_three, in_a_small_parent);
  if (sysfd_bench::raise_descriptor_limit() >= 15000) {
    add("posix_spawn, 15000 open", by_posix_spawn, with_many_descriptors);
    add("sysfd, 15000 open", by_sysfd, with_many_descriptors);
    add("sysfd, 3 fresh", by_sysfd_with_fresh, in_a_small_parent);
    add("posix_spawn, 3 fresh of 15000", by_posix_spawn_with_fresh, with_many_descriptors);
    add("sysfd, 3 fresh of 15000", by_sysfd_with_fresh, with_many_descriptors);
  } else {
    std::puts("left out: 15,000 open descriptors are more than RLIMIT_NOFILE allows");
  }
  add("sysfd, 2 GiB", by_sysfd, with_two_gibibytes, 60);

  sysfd_bench::RatioReporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  const bool within = reporter.report(ratios);
  return check && !within ? 1 : 0;
}
