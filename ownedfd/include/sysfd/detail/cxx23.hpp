// SPDX-License-Identifier: MIT
//
// What sysfd needs of the compiler. Every public header includes this one first, so that a program
// that is compiled as older C++ is told what to do, and not what follows from it.
#ifndef SYSFD_DETAIL_CXX23_HPP
#define SYSFD_DETAIL_CXX23_HPP

#if __cplusplus < 202100L  // as g++ 12 has it
#error "sysfd needs C++23 (-std=c++23)"
#include <sysfd/needs_cxx23>  // there is none: the compiler stops here
#endif

#include <version>

#if !__has_include(<expected>) || !defined(__cpp_lib_expected)
#error "sysfd needs a standard library with <expected>"
#include <sysfd/needs_expected>
#endif

#endif  // SYSFD_DETAIL_CXX23_HPP
