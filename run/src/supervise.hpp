// SPDX-License-Identifier: MIT
//
// Runs the program as a child: forwards signals, waits for its end or the deadline, and ends its
// tree.
#ifndef SYSFD_RUN_SUPERVISE_HPP
#define SYSFD_RUN_SUPERVISE_HPP

#include "checked.hpp"
#include "launch.hpp"
#include "outcome.hpp"
#include "settings.hpp"

namespace sysfd_run {

// When this returns, a tree that was asked for is gone.
Checked<Outcome> supervise(const Settings& settings, Launch& launch);

}  // namespace sysfd_run

#endif  // SYSFD_RUN_SUPERVISE_HPP
