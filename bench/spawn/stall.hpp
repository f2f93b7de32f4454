// SPDX-License-Identifier: MIT
//
// How long other threads of the parent come to a halt while it starts programs: one writes to a GiB
// of memory, in small units of work, and notes how long each took; another starts one program after
// the other, on another processor.
#ifndef SYSFD_BENCH_SPAWN_STALL_HPP
#define SYSFD_BENCH_SPAWN_STALL_HPP

namespace sysfd_bench {

// Registers a benchmark for some peers, and for none as the measure of what is there anyway. Its
// counters: unit_median, unit_p999, unit_longest in nanoseconds; starts.
void add_stall(double seconds);

}  // namespace sysfd_bench

#endif  // SYSFD_BENCH_SPAWN_STALL_HPP
