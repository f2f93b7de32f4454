// SPDX-License-Identifier: MIT
//
// What a child may use, and how it is scheduled.
//
//     command.resources({.limits = {{RLIMIT_NOFILE, 1024, 4096}, {RLIMIT_CORE, 0, 0}},
//                        .umask = 027,
//                        .nice = 5,
//                        .processors = {0, 1}});
//
// What is not said stays as it is in this process. All of it is set before the child becomes another
// user or joins a user namespace, so that it may be more than could be asked for then. (In a new user
// namespace the child is from the start: nothing is more than that allows.)
#ifndef SYSFD_RESOURCES_HPP
#define SYSFD_RESOURCES_HPP
#include <sysfd/detail/cxx23.hpp>

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

#include <sysfd/detail/chrono.hpp>

namespace sysfd {
inline namespace v0 {

// setrlimit(2). `resource`: RLIMIT_... of <sys/resource.h>; units as said there.
struct ResourceLimit {
  static constexpr std::uint64_t unlimited = ~std::uint64_t{0};  // RLIM_INFINITY

  int resource;
  std::uint64_t soft;
  std::uint64_t hard;
};

// sched_setattr(2). `policy`: SCHED_OTHER, SCHED_BATCH, SCHED_IDLE, SCHED_FIFO, SCHED_RR or
// SCHED_DEADLINE of <sched.h>.
struct Scheduler {
  int policy = 0;
  unsigned priority = 0;               // SCHED_FIFO and SCHED_RR: 1 to 99
  bool reset_on_fork = false;          // children of the child are scheduled normally
  std::chrono::nanoseconds runtime{};  // these three: SCHED_DEADLINE
  std::chrono::nanoseconds deadline{};
  std::chrono::nanoseconds period{};
};

// ioprio_set(2).
struct IoPriority {
  enum class Class { real_time = 1, best_effort = 2, idle = 3 };
  Class io_class = Class::best_effort;
  int level = 4;  // 0, the first, to 7; idle has none
};

struct Resources {
  std::vector<ResourceLimit> limits{};
  std::optional<mode_t> umask{};         // umask(2)
  std::optional<int> nice{};             // setpriority(2): -20, the first, to 19
  std::optional<Scheduler> scheduler{};  // a nice value said here as well is kept
  std::vector<int> processors{};         // sched_setaffinity(2); empty: as here
  std::optional<IoPriority> io_priority{};
  std::optional<int> oom_score_adjust{};  // /proc/self/oom_score_adj: -1000, never, to 1000
  std::optional<std::chrono::nanoseconds> timer_slack{};  // prctl(PR_SET_TIMERSLACK), above 0
  // sched_setaffinity(2) with every processor that cpuset(7) allows, also where this process runs
  // on some of them only. Not with `processors`.
  bool all_processors = false;
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_RESOURCES_HPP
