// SPDX-License-Identifier: MIT
//
// Includes the durations and clocks of <chrono>. The full header also has calendars and their
// printing, which would cost a quarter of the time to compile <sysfd/command.hpp>. Not for users.
#ifndef SYSFD_DETAIL_CHRONO_HPP
#define SYSFD_DETAIL_CHRONO_HPP
#include <sysfd/detail/cxx23.hpp>

#if __has_include(<bits/chrono.h>)  // libstdc++
#include <bits/chrono.h>            // IWYU pragma: export
#else
#include <chrono>  // IWYU pragma: export
#endif

#endif  // SYSFD_DETAIL_CHRONO_HPP
