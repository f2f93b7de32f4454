// SPDX-License-Identifier: MIT
//
// The durations and clocks of <chrono>. That has calendars as well, and the streams to print them,
// which are a quarter of what <sysfd/command.hpp> would cost the compiler. Not for users.
#ifndef SYSFD_DETAIL_CHRONO_HPP
#define SYSFD_DETAIL_CHRONO_HPP
#include <sysfd/detail/cxx23.hpp>

#if __has_include(<bits/chrono.h>)  // libstdc++
#include <bits/chrono.h>            // IWYU pragma: export
#else
#include <chrono>  // IWYU pragma: export
#endif

#endif  // SYSFD_DETAIL_CHRONO_HPP
