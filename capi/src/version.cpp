// SPDX-License-Identifier: MIT
#include <sysfd/version.hpp>

#include "api.hpp"

static_assert(SYSFD_C_VERSION == SYSFD_VERSION, "sysfd.h has the version of the family");

uint32_t sysfd_version(void) {
  return SYSFD_VERSION;
}
