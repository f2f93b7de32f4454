// SPDX-License-Identifier: MIT
//
// A child of the copy, for what is done with children.
#ifndef SYSFD_BENCH_COUNTS_CHILDREN_HPP
#define SYSFD_BENCH_COUNTS_CHILDREN_HPP

#include <optional>

#include <sysfd/pidfd.hpp>

#include "counts/operation.hpp"

namespace sysfd_bench {

// Made before something is counted, and reaped after it, if it is still there.
inline std::optional<sysfd::PidFd> child;
inline int raw_child = -1;  // the same descriptor

Around with_waiting_child();  // until it is killed
Around with_ended_child();    // to be reaped

}  // namespace sysfd_bench

#endif  // SYSFD_BENCH_COUNTS_CHILDREN_HPP
