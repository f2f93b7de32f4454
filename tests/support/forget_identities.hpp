// SPDX-License-Identifier: MIT
#ifndef SYSFD_TESTS_SUPPORT_FORGET_IDENTITIES_HPP
#define SYSFD_TESTS_SUPPORT_FORGET_IDENTITIES_HPP

#include <sys/syscall.h>

#include <cerrno>

#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {

// Makes pidfds lose their identities, as before Linux 6.9, where all share one inode: see
// refuse_calls(). Returns false if this kernel does not support that: without PIDFD_GET_INFO, files
// of /proc provide the process numbers, and they are not trusted if fstatfs(2) is refused.
inline bool forget_identities() {
  if (!kernel_has("inode numbers of pidfds")) return true;
  if (!kernel_has("PIDFD_GET_INFO")) return false;
  refuse_calls({{SYS_name_to_handle_at, EOPNOTSUPP}, {SYS_fstatfs, EOPNOTSUPP}});
  return true;
}

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SUPPORT_FORGET_IDENTITIES_HPP
