// SPDX-License-Identifier: MIT
//
// What the functions of cgroups and those of contained children share.
#ifndef SYSFD_CAPI_CGROUP_OBJECTS_HPP
#define SYSFD_CAPI_CGROUP_OBJECTS_HPP
#include <sysfd/cgroup.hpp>

#include "convert.hpp"

struct sysfd_cgroup {
  sysfd::Cgroup cgroup;
};

namespace sysfd_c {

// Fills an error struct, and returns -errno.
int fail(const sysfd::CgroupError& error, sysfd_error* out) noexcept;

// Reads limits. Null: none. Returns 0 or -errno.
int read_limits(const sysfd_cgroup_limits* given, sysfd::CgroupLimits& limits);

void write_usage(const sysfd::CgroupUsage& usage, sysfd_cgroup_usage* out) noexcept;

}  // namespace sysfd_c

#endif  // SYSFD_CAPI_CGROUP_OBJECTS_HPP
