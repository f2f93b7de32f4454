// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_ENTER_HPP
#define SYSFD_SPAWN_SRC_ENTER_HPP

#include <sys/types.h>

#include <sysfd/result.hpp>

#include "job.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// Makes the child and has it run the job. Returns when the child has left this memory: it executes
// the program, or has ended. The answer is its number, and job.pidfd refers to it. All signals are
// to be blocked. Uses clone3(2), or clone(2) with the same flags where clone3 is refused; never
// anything that copies this process.
Result<pid_t> enter_child(Job& job) noexcept;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_ENTER_HPP
