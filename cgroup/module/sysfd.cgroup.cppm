// SPDX-License-Identifier: MIT
//
// `import sysfd.cgroup;` in the place of its headers. scripts/module_exports writes this.
module;
#include <sysfd/cgroup.hpp>
#include <sysfd/cgroup_error.hpp>
#include <sysfd/cgroup_limits.hpp>

export module sysfd.cgroup;
export import sysfd.ownedfd;
export import sysfd.pidfd;

export namespace sysfd {
using sysfd::Bytes;
using sysfd::Cgroup;
using sysfd::CgroupAbilities;
using sysfd::CgroupError;
using sysfd::CgroupEvents;
using sysfd::CgroupLimits;
using sysfd::CgroupStep;
using sysfd::CgroupUsage;
using sysfd::Controller;
using sysfd::ControllerSet;
using sysfd::CpuLimit;
using sysfd::IoLimit;
using sysfd::gibibytes;
using sysfd::kibibytes;
using sysfd::mebibytes;
using sysfd::operator<<;
using sysfd::operator|;
}  // namespace sysfd
