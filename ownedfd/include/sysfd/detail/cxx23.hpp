// SPDX-License-Identifier: MIT
//
// Checks that the compiler is new enough for sysfd. Every public header includes this one first, so
// that a program compiled as older C++ gets one error that says so, and not the many that follow
// from it.
#ifndef SYSFD_DETAIL_CXX23_HPP
#define SYSFD_DETAIL_CXX23_HPP

#if __cplusplus < 202100L  // the value of g++ 12 is 202100L
#error "sysfd needs C++23 (-std=c++23)"
#include <sysfd/needs_cxx23>  // does not exist: the compiler stops here
#endif

#include <version>

#if !__has_include(<expected>) || !defined(__cpp_lib_expected)
#error "sysfd needs a standard library with <expected>"
#include <sysfd/needs_expected>
#endif

#endif  // SYSFD_DETAIL_CXX23_HPP
