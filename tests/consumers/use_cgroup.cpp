// SPDX-License-Identifier: MIT
// Asks what can be done in the cgroup of this process, if there is one of version 2.
#include <cstdio>

#include <sysfd/cgroup.hpp>

int main() {
  const auto own = sysfd::Cgroup::own();
  if (own) {
    if (!own->abilities()) return 1;
  } else if (own.error().step != sysfd::CgroupStep::find) {
    return 1;
  }
  std::puts("cgroup works");
}
