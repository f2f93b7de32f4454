// SPDX-License-Identifier: MIT
#ifndef SYSFD_RUN_CAPABILITIES_HPP
#define SYSFD_RUN_CAPABILITIES_HPP

#include <string>
#include <string_view>

#include "checked.hpp"

namespace sysfd_run {

// Identity::iab for exactly these capabilities: "net_bind_service,cap_kill".
Checked<std::string> to_capabilities(std::string_view names);

}  // namespace sysfd_run

#endif  // SYSFD_RUN_CAPABILITIES_HPP
