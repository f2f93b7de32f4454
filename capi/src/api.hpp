// SPDX-License-Identifier: MIT
//
// The public header, for the files that define its functions: a shared library exports them, an
// archive does not.
#ifndef SYSFD_CAPI_API_HPP
#define SYSFD_CAPI_API_HPP

#if defined(SYSFD_C_BUILD_SHARED)
#pragma GCC visibility push(default)
#endif
#include <sysfd/sysfd.h>
#if defined(SYSFD_C_BUILD_SHARED)
#pragma GCC visibility pop
#endif

#endif  // SYSFD_CAPI_API_HPP
