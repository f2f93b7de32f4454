// SPDX-License-Identifier: MIT
#ifndef SYSFD_TESTS_HANDLE_DROP_CAPABILITY_HPP
#define SYSFD_TESTS_HANDLE_DROP_CAPABILITY_HPP

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/prelude.hpp"

namespace sysfd_test {

// Removes this capability from this process, from here on: call it inside run_apart().
inline void drop_capability(int capability) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
  ASSERT_EQ(::syscall(SYS_capget, &header, sets), 0);
  auto& set = sets[CAP_TO_INDEX(capability)];
  set.effective &= ~CAP_TO_MASK(capability);
  ASSERT_EQ(::syscall(SYS_capset, &header, sets), 0);
}

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_HANDLE_DROP_CAPABILITY_HPP
