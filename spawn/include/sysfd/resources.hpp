// SPDX-License-Identifier: MIT
//
// The limits of a child, and how it is scheduled.
//
//     sysfd::Command command("worker");
//     command.resources({.limits = {{RLIMIT_NOFILE, 1024, 4096}, {RLIMIT_CORE, 0, 0}},
//                        .umask = 027,
//                        .nice = 5,
//                        .processors = {0, 1}});
//
// What is not set stays as in the caller. The child sets all of this before it becomes another user
// or joins a user namespace, and so still with the caller's privileges. In a new user namespace it
// only has the privileges of that namespace.
#ifndef SYSFD_RESOURCES_HPP
#define SYSFD_RESOURCES_HPP
#include <sysfd/detail/cxx23.hpp>

#include <sys/resource.h>  // RLIMIT_NOFILE, ...
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

#include <sysfd/detail/chrono.hpp>

namespace sysfd {
inline namespace v0 {

// setrlimit(2). `resource`: RLIMIT_... of <sys/resource.h>; the units are as there.
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
  int level = 4;  // 0 (first) to 7; not used by idle
};

struct Resources {
  std::vector<ResourceLimit> limits{};
  std::optional<mode_t> umask{};         // umask(2)
  std::optional<int> nice{};             // setpriority(2): -20 (first) to 19, not added to it
  std::optional<Scheduler> scheduler{};  // a nice value that is set as well is kept
  std::vector<int> processors{};         // sched_setaffinity(2); empty: the caller's
  std::optional<IoPriority> io_priority{};
  std::optional<int> oom_score_adjust{};  // /proc/self/oom_score_adj: -1000 (never killed) to 1000
  std::optional<std::chrono::nanoseconds> timer_slack{};  // prctl(PR_SET_TIMERSLACK), above 0
  // sched_setaffinity(2) with every processor that cpuset(7) allows, even if the caller runs on
  // some of them only. Not together with `processors`.
  bool all_processors = false;
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_RESOURCES_HPP
