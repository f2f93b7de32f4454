// SPDX-License-Identifier: MIT
#include <sysfd/spawn_slots.hpp>

#include "../convert.hpp"

using namespace sysfd_c;  // NOLINT(google-build-using-namespace)

int sysfd_reserve_spawn_slots(size_t count) {
  return static_cast<int>(code_of(sysfd::reserve_spawn_slots(count)));
}
