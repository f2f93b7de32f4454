// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>
#include <string_view>

#include <sysfd/detail/join.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/syscall.hpp>
#include <sysfd/landlock.hpp>

#include "paths.hpp"

namespace sysfd {
inline namespace v0 {
namespace {

std::unexpected<LandlockError> open_error(int code, std::string path) {
  return std::unexpected(
      LandlockError{LandlockStep::open, detail::error_code(code), {}, std::move(path)});
}

// "/a/b", "/a", "/"
std::vector<std::string> ancestors(std::string path) {
  std::vector<std::string> all;
  while (path.size() > 1) {
    all.push_back(path);
    path.resize(path.rfind('/'));
  }
  all.emplace_back("/");
  return all;
}

}  // namespace

Result<LandlockExplanation, LandlockError> explain(const Ruleset& ruleset, CStr path,
                                                   FileRights rights) {
  if (!path.get()) return open_error(EINVAL, {});
  const auto real = detail::real_path(path.get());
  if (!real) return open_error(errno, path.get());

  LandlockExplanation found;
  found.path = ancestors(real.get());
  // Where any right to files is handled, refer is denied without a rule, handled or not.
  const FileRights handled = ruleset.handled().files;
  const FileRights forbidden =
      handled.empty() ? FileRights() : rights & (handled | FileRight::refer);
  FileRights allowed;
  for (const std::string& each : found.path) {
    struct stat status{};
    const long answer = detail::system_call(SYS_newfstatat, AT_FDCWD, each.c_str(), &status,
                                            AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT);
    if (answer < 0) return open_error(static_cast<int>(-answer), each);
    for (const LandlockRule& rule : ruleset.rules()) {
      if (rule.device != status.st_dev || rule.inode != status.st_ino) continue;
      if ((rule.rights & forbidden).empty()) continue;
      allowed |= rule.rights & forbidden;
      found.rules.push_back(rule);
    }
  }
  found.denied = forbidden - allowed;
  found.allowed = rights - found.denied;
  return found;
}

std::string LandlockExplanation::describe() const {
  std::string text;
  for (const LandlockRule& rule : rules)
    detail::append(text, {text.empty() ? "" : "; ", Rights{.files = rule.rights}.text(),
                          ": allowed by the rule on ", rule.path});
  if (denied.empty()) {
    if (text.empty()) text = "nothing is forbidden";
    return text;
  }
  detail::append(text, {text.empty() ? "" : "; ", Rights{.files = denied}.text(), " of ",
                        path.front(), ": no rule on "});
  for (const std::string& each : path)
    detail::append(text, {&each == &path.front() ? "" : ", ", each});
  return text;
}

}  // namespace v0
}  // namespace sysfd
