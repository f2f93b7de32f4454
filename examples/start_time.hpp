// SPDX-License-Identifier: MIT
#ifndef SYSFD_EXAMPLES_START_TIME_HPP
#define SYSFD_EXAMPLES_START_TIME_HPP

#include <cstddef>

// Measures how long it takes to start a program and wait for its end, in microseconds: the fastest
// tenth of many runs, in blocks so that all see the same machine.
struct StartTimes {
  double sysfd_few;   // sysfd, with `few` descriptors open
  double sysfd_many;  // sysfd, with `many`
  double system_few;  // posix_spawn(3) of the C library
  double system_many;
};

StartTimes measure_start_times(std::size_t few, std::size_t many);

#endif  // SYSFD_EXAMPLES_START_TIME_HPP
