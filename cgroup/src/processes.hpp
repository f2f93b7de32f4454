// SPDX-License-Identifier: MIT
//
// The processes of one cgroup, without those below it.
#ifndef SYSFD_CGROUP_SRC_PROCESSES_HPP
#define SYSFD_CGROUP_SRC_PROCESSES_HPP

#include <sys/types.h>

#include <span>
#include <vector>

#include <sysfd/cgroup_error.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/pidfd.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// cgroup.procs. Errors: EXDEV: a process is outside of the caller's pid namespace.
Result<std::vector<pid_t>, CgroupError> numbers_in(BorrowedFd cgroup);

// Pidfds of those of `numbers` that are in the cgroup, and no other process.
Result<std::vector<PidFd>, CgroupError> open_processes(BorrowedFd cgroup,
                                                       std::span<const pid_t> numbers);

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_CGROUP_SRC_PROCESSES_HPP
