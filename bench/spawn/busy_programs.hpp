// SPDX-License-Identifier: MIT
//
// Programs that have just been written: 16 threads each write one, close it and start it. Where a
// child that another thread is just starting still has the descriptor that it was written by,
// execve fails with ETXTBSY.
#ifndef SYSFD_BENCH_SPAWN_BUSY_PROGRAMS_HPP
#define SYSFD_BENCH_SPAWN_BUSY_PROGRAMS_HPP

namespace sysfd_bench {

// Registers a benchmark for some peers. Its counters: starts; busy, those that failed.
void add_busy_programs(int starts_of_each_thread);

}  // namespace sysfd_bench

#endif  // SYSFD_BENCH_SPAWN_BUSY_PROGRAMS_HPP
