// SPDX-License-Identifier: MIT
//
// What something costs apart from time: instructions in user space, system calls, heap allocations.
// The same numbers each time, on a quiet machine and on a busy one.
#ifndef SYSFD_BENCH_COUNTS_COST_HPP
#define SYSFD_BENCH_COUNTS_COST_HPP

#include <functional>
#include <optional>

namespace sysfd_bench {

struct Cost {
  // In user space, but for the insides of malloc(3) and free(3), which depend on what was allocated
  // before, and of the vDSO, which depend on the time. A system call is one.
  long instructions = 0;
  long system_calls = 0;  // of the process itself
  long child_system_calls =
      0;                 // of a process that it starts, up to the one that executes a program
  long allocations = 0;  // calls of malloc(3) and its kin, those of operator new among them

  friend bool operator==(const Cost&, const Cost&) = default;
};

struct Task {
  std::function<void()> body{};    // what counts
  std::function<void()> before{};  // what it needs, and what is to be undone: neither counts
  std::function<void()> after{};
  bool once = false;  // cannot be done a second time in one process
  // It waits for the processes that it starts, which otherwise stay at the beginning of their
  // programs until all is counted.
  bool waits = false;
};

// Of the second time, or the only one, in a forked copy of this process, which ptrace(2) takes
// through it step by step. Nothing where that is not allowed, the processor is another than x86-64,
// or the copy ends early. Call use_a_fixed_environment() before.
std::optional<Cost> cost_of(const Task& task);

// What the numbers would depend on otherwise: executes this program anew, once, with nothing but
// PATH in its environment and with all symbols bound at the start; then closes all descriptors but
// 0, 1 and 2.
void use_a_fixed_environment(char** argv);

}  // namespace sysfd_bench

#endif  // SYSFD_BENCH_COUNTS_COST_HPP
