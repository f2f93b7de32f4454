// SPDX-License-Identifier: MIT
#include "accounts.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include <sysfd/create.hpp>

#include "read_file.hpp"
#include "values.hpp"

namespace sysfd_run {
namespace {

// The highest number, -1, means "unchanged" to the kernel.
std::optional<std::uint32_t> to_id(std::string_view text) {
  const auto value = to_number(text);
  if (!value || *value < 0 || *value >= std::numeric_limits<std::uint32_t>::max())
    return std::nullopt;
  return static_cast<std::uint32_t>(*value);
}

// Calls `visit` with the fields of each line, until it returns true.
template <class Visit>
Checked<> for_each_line(const char* path, Visit visit) {
  const auto text = read_file(path);
  if (!text) return std::unexpected(text.error());
  for (const std::string_view line : split(*text, '\n'))
    if (visit(split(line, ':'))) break;
  return {};
}

// Those that name the user as a member.
Checked<> add_groups(std::string_view name, std::vector<gid_t>& groups) {
  return for_each_line("/etc/group", [&](const std::vector<std::string_view>& fields) {
    if (fields.size() < 4) return false;
    const auto members = split(fields[3], ',');
    const auto id = to_id(fields[2]);
    if (id && std::ranges::find(members, name) != members.end() &&
        std::ranges::find(groups, *id) == groups.end())
      groups.push_back(*id);
    return false;
  });
}

}  // namespace

Checked<Account> find_account(std::string_view user) {
  const auto as_number = to_id(user);
  std::optional<Account> found;
  std::string name;
  const auto done = for_each_line("/etc/passwd", [&](const std::vector<std::string_view>& fields) {
    if (fields.size() < 4 || fields[0].empty()) return false;
    const auto id = to_id(fields[2]);
    const auto group = to_id(fields[3]);
    if (!id || !group || (as_number ? *id != *as_number : fields[0] != user)) return false;
    found = Account{*id, group, {*group}};
    name = fields[0];
    return true;
  });
  if (found) {
    if (auto added = add_groups(name, found->groups); !added) return std::unexpected(added.error());
    return *found;
  }
  if (as_number) return Account{.user = *as_number};
  if (!done) return std::unexpected(done.error());
  return complain(
      {"no user \"", user, "\" in /etc/passwd: give one that is there, or a number with --group"});
}

Checked<gid_t> find_group(std::string_view group) {
  if (const auto id = to_id(group)) return *id;
  std::optional<gid_t> found;
  const auto done = for_each_line("/etc/group", [&](const std::vector<std::string_view>& fields) {
    if (fields.size() >= 3 && fields[0] == group) found = to_id(fields[2]);
    return found.has_value();
  });
  if (found) return *found;
  if (!done) return std::unexpected(done.error());
  return complain({"no group \"", group, "\" in /etc/group: give one that is there, or a number"});
}

}  // namespace sysfd_run
