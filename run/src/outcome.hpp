// SPDX-License-Identifier: MIT
//
// How it ended: as the exit status of sysfd-run, and as JSON.
#ifndef SYSFD_RUN_OUTCOME_HPP
#define SYSFD_RUN_OUTCOME_HPP

#include <sys/resource.h>

#include <chrono>
#include <optional>
#include <string>

#include <sysfd/cgroup_limits.hpp>
#include <sysfd/containment.hpp>
#include <sysfd/ending.hpp>

#include "checked.hpp"
#include "settings.hpp"

namespace sysfd_run {

struct Outcome {
  sysfd::Ending ending;
  bool deadline = false;         // it has not ended in time
  std::optional<int> forwarded;  // the last signal that was forwarded
  sysfd::ContainmentKind containment = sysfd::ContainmentKind::none;
  std::chrono::nanoseconds wall{};
  struct rusage used{};  // by the program, and by all that was waited for
  std::optional<sysfd::CgroupUsage> cgroup;
};

int exit_status(const Outcome& outcome);

// One object, with a line for each member.
std::string to_json(const Settings& settings, const Outcome& outcome);
std::string to_json(const Settings& settings, const Complaint& complaint);

}  // namespace sysfd_run

#endif  // SYSFD_RUN_OUTCOME_HPP
