// SPDX-License-Identifier: MIT
//
// How many instructions something executes in user space: the same number each time, on a quiet
// machine and on a busy one.
#ifndef SYSFD_BENCH_SUPPORT_INSTRUCTIONS_HPP
#define SYSFD_BENCH_SUPPORT_INSTRUCTIONS_HPP

#include <functional>
#include <optional>

namespace sysfd_bench {

struct Cost {
  long instructions;  // in user space; a system call is one
  long system_calls;
};

// Of the second call of `body`, in a forked copy of this process, which ptrace(2) takes through it
// step by step. Nothing where that is not allowed, or the processor is another than x86-64.
std::optional<Cost> cost_of(const std::function<void()>& body);

}  // namespace sysfd_bench

#endif  // SYSFD_BENCH_SUPPORT_INSTRUCTIONS_HPP
