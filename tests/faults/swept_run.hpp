// SPDX-License-Identifier: MIT
//
// One run of an operation in a forked copy of the test program, in which one of its system calls or
// allocations fails, or none.
#ifndef SYSFD_TESTS_FAULTS_SWEPT_RUN_HPP
#define SYSFD_TESTS_FAULTS_SWEPT_RUN_HPP

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "faults/plausible_faults.hpp"
#include "faults/sweep.hpp"

namespace sysfd_test {

// What the copy and the driver tell each other.
struct Page {
  int failing_allocation;  // from the driver; 0: none
  bool is_dry;
  long failed_call;               // or -1
  std::array<int, 8> not_closed;  // by close(2), which the driver has made fail; 0: none
  int error;                      // from here on, from the copy
  int allocations;
  bool allocation_has_failed;
  bool left_children;
  long live_allocations;
  std::array<char, 200> skipped;
  std::array<char, 1000> complaints;
};

// In memory that both share, from the first run on.
extern Page* page;

// Where the copy is.
enum class Mark { started, begin, stop, end, done };

// What must be the same before and after.
struct State {
  std::set<int> descriptors;
  std::vector<std::string> mappings;
  std::string blocked;
  std::string foreground;  // the foreground group of its terminal, if it has one
  std::uint64_t dumpable = 0;
};

struct Call {
  int role;  // 0: the caller, 1: its first child, ...
  int index;
  SystemCall call;
  bool can_be_interrupted = true;  // false: all signals are blocked. Is known in the dry run
};

struct Plan {
  std::optional<Call> call;
  PlausibleFault fault;
  int failing_allocation = 0;
};

struct Run {
  bool has_filter = true;
  bool hung = false;
  bool injected = false;
  bool is_done = false;
  int status = 0;  // of the copy
  int left = 0;    // processes
  std::vector<Call> calls;
  std::map<Mark, State> states;
};

Run run_once(const Operation& operation, const Plan& plan);

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_FAULTS_SWEPT_RUN_HPP
