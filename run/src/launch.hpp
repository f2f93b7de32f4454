// SPDX-License-Identifier: MIT
//
// From settings to a sysfd::Command, with everything opened that it borrows.
#ifndef SYSFD_RUN_LAUNCH_HPP
#define SYSFD_RUN_LAUNCH_HPP

#include <csignal>
#include <optional>

#include <sysfd/command.hpp>
#include <sysfd/flock_lock.hpp>

#include "checked.hpp"
#include "confine.hpp"
#include "settings.hpp"

namespace sysfd_run {

struct Launch {
  sysfd::Command command;
  std::optional<Confined> confined;  // the Command borrows its ruleset
  std::optional<sysfd::FlockLock> lock;
};

// Waits for the lock, opens files, makes sockets and the ruleset. `mask`: the signal mask for the
// program; null: that of this thread.
Checked<Launch> prepare_launch(const Settings& settings, const sigset_t* mask);

// How the tree of the program is kept together.
sysfd::Containment containment_of(const Settings& settings);

// The option that a failed start is about, what was wrong, and what would do.
Complaint describe_failure(const Settings& settings, const sysfd::SpawnError& error);

}  // namespace sysfd_run

#endif  // SYSFD_RUN_LAUNCH_HPP
