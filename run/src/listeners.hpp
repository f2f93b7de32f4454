// SPDX-License-Identifier: MIT
#ifndef SYSFD_RUN_LISTENERS_HPP
#define SYSFD_RUN_LISTENERS_HPP

#include <sysfd/owned_fd.hpp>

#include "checked.hpp"
#include "settings.hpp"

namespace sysfd_run {

// socket(2), bind(2), listen(2): makes the socket of --listen. A socket that nobody has open any
// more is removed from its path first.
Checked<sysfd::OwnedFd> open_listener(const Listener& listener);

}  // namespace sysfd_run

#endif  // SYSFD_RUN_LISTENERS_HPP
