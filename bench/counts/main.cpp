// SPDX-License-Identifier: MIT
//
// counts [TEXT...]              prints what each operation costs, and what the raw system calls
//                               cost that it stands for: a line with tabs between for each
// counts --times N [TEXT...]    prints how long each takes: lines "name, raw or ours, nanoseconds
//                               of single calls", of 2 N blocks each, that take turns
//
// TEXT: only operations that have one of these in their name. ../report/counts.py runs this, and
// compares the costs with the budgets.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "counts/cost.hpp"
#include "counts/operation.hpp"

namespace sysfd_bench {

void give_up(const char* what) {
  std::perror(what);
  std::_Exit(1);
}

namespace {

Operations all_operations() {
  Operations operations;
  add_ownedfd(operations);
  add_pidfd(operations);
  add_handle(operations);
  add_sharing(operations);
  add_cgroup(operations);
  add_listen(operations);
  add_spawn(operations);
  add_landlock(operations);
  add_capi(operations);
  return operations;
}

// Nothing here allocates: where strings lie, on which depends how long strcmp(3) takes, is to be
// the same with all arguments.
bool is_wanted(std::span<char*> texts, std::string_view name) {
  return texts.empty() || std::ranges::any_of(texts, [&](const char* text) {
           return name.find(text) != std::string_view::npos;
         });
}

// Beyond what it takes to count nothing.
std::optional<Cost> cost_above_nothing(const Task& task) {
  static const Cost nothing = cost_of({.body = [] {}}).value_or(Cost{});
  auto cost = cost_of(task);
  if (cost) cost->instructions -= nothing.instructions;
  return cost;
}

// Whether counting works: one call of each kind, and the same twice.
bool can_count() {
  const Task task{.body = [] {
    void* volatile memory = std::malloc(1);
    std::free(memory);
    (void)::getppid();
  }};
  const auto cost = cost_of(task);
  if (!cost) return false;
  if (cost->system_calls == 1 && cost->allocations == 1 && cost == cost_of(task)) return true;
  std::fputs("counts: the counter does not count\n", stderr);
  std::exit(2);
}

void print(const std::optional<Cost>& cost) {
  if (cost)
    std::printf("\t%ld\t%ld\t%ld\t%ld", cost->system_calls, cost->child_system_calls,
                cost->instructions, cost->allocations);
  else
    std::printf("\t-\t-\t-\t-");
}

void count(const Operation& operation) {
  const auto raw = operation.raw.body ? cost_above_nothing(operation.raw) : std::optional<Cost>();
  const bool is_possible = raw || !operation.raw.body;
  const auto ours = is_possible ? cost_above_nothing(operation.ours) : std::optional<Cost>();
  std::printf("%s", operation.name.c_str());
  print(raw);
  print(ours);
  std::printf("\n");
}

using Clock = std::chrono::steady_clock;

long time_once(const Task& task) {
  if (task.before) task.before();
  const auto begin = Clock::now();
  task.body();
  const auto end = Clock::now();
  if (task.after) task.after();
  return static_cast<long>(std::chrono::nanoseconds(end - begin).count());
}

void print_block(const char* name, const char* side, const Task& task) {
  constexpr int size = 32;
  std::printf("%s\t%s\t", name, side);
  for (int i = 0; i < size; ++i)
    std::printf("%ld ", time_once(task));
  std::printf("\n");
}

// In a copy of this process, as in cost_of().
void print_times(const Operation& operation, int rounds) {
  constexpr long too_long = 10'000'000;  // it waits for something
  std::fflush(stdout);
  const pid_t copy = ::fork();
  if (copy < 0) give_up("fork");
  if (copy > 0) {
    ::waitpid(copy, nullptr, 0);
    return;
  }
  const char* const name = operation.name.c_str();
  if (time_once(operation.raw) < too_long && time_once(operation.ours) < too_long) {
    for (int i = 0; i < rounds; ++i) {
      print_block(name, "raw", operation.raw);
      print_block(name, "ours", operation.ours);
      print_block(name, "ours", operation.ours);
      print_block(name, "raw", operation.raw);
    }
  }
  std::fflush(stdout);
  std::_Exit(0);
}

int run(std::span<char*> words) {
  int rounds = 0;
  if (words.size() > 1 && std::string_view(words[0]) == "--times") {
    rounds = std::atoi(words[1]);
    words = words.subspan(2);
  } else if (!can_count()) {
    std::fputs("counts: nothing is counted: there is no ptrace(2), or no x86-64\n", stderr);
    return 0;
  }
  const Operations operations = all_operations();
  const Task nothing{.body = [] {}};
  if (rounds > 0) print_times({.name = "nothing", .raw = nothing, .ours = nothing}, rounds);
  for (const Operation& operation : operations) {
    if (!is_wanted(words, operation.name)) continue;
    if (rounds == 0)
      count(operation);
    else if (operation.raw.body && !operation.raw.once)
      print_times(operation, rounds);
  }
  return 0;
}

}  // namespace
}  // namespace sysfd_bench

int main(int argc, char** argv) {
  sysfd_bench::use_a_fixed_environment(argv);
  return sysfd_bench::run({argv + 1, argv + argc});
}
