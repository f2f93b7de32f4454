// SPDX-License-Identifier: MIT
//
// Users and groups by name, from /etc/passwd and /etc/group. A static program has no name service
// switch: users of LDAP and the like are given by number.
#ifndef SYSFD_RUN_ACCOUNTS_HPP
#define SYSFD_RUN_ACCOUNTS_HPP

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checked.hpp"

namespace sysfd_run {

struct Account {
  uid_t user = 0;
  std::optional<gid_t> group{};  // not known of a number that is not in /etc/passwd
  std::vector<gid_t> groups{};   // also its own
};

// A name or a number.
Checked<Account> find_account(std::string_view user);
Checked<gid_t> find_group(std::string_view group);

}  // namespace sysfd_run

#endif  // SYSFD_RUN_ACCOUNTS_HPP
