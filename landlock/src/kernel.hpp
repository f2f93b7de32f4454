// SPDX-License-Identifier: MIT
//
// Landlock as the kernel has it: linux/landlock.h of Linux 7.3. Older headers lack much of it.
#ifndef SYSFD_LANDLOCK_SRC_KERNEL_HPP
#define SYSFD_LANDLOCK_SRC_KERNEL_HPP

#include <linux/landlock.h>
#include <sys/syscall.h>

#include <cstddef>
#include <cstdint>

namespace sysfd {
inline namespace v0 {
namespace detail {

// landlock_create_ruleset(2). A kernel refuses a struct that is longer than its own (E2BIG), unless
// the rest is zero.
struct LandlockRulesetAttr {
  std::uint64_t files;
  std::uint64_t ports = 0;   // ABI 4
  std::uint64_t scopes = 0;  // ABI 6
};
static_assert(offsetof(LandlockRulesetAttr, files) ==
              offsetof(landlock_ruleset_attr, handled_access_fs));

struct [[gnu::packed]] LandlockPathAttr {
  std::uint64_t allowed;
  std::int32_t fd;
};
static_assert(sizeof(LandlockPathAttr) == sizeof(landlock_path_beneath_attr));

struct LandlockPortAttr {
  std::uint64_t allowed;
  std::uint64_t port;
};

constexpr unsigned create_ruleset_version = 1U << 0;    // LANDLOCK_CREATE_RULESET_VERSION
constexpr unsigned create_ruleset_errata = 1U << 1;     // ABI 7, and older stable kernels
constexpr int rule_path_beneath = 1;                    // LANDLOCK_RULE_PATH_BENEATH
constexpr int rule_net_port = 2;                        // ABI 4
constexpr unsigned restrict_log_new_exec_on = 1U << 1;  // ABI 7
static_assert(create_ruleset_version == LANDLOCK_CREATE_RULESET_VERSION);
static_assert(rule_path_beneath == LANDLOCK_RULE_PATH_BENEATH);

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_LANDLOCK_SRC_KERNEL_HPP
