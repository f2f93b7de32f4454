// SPDX-License-Identifier: MIT
//
// Sources: security/landlock/syscalls.c and landlock(7).
#include <sysfd/landlock.hpp>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>

#include <sysfd/create.hpp>
#include <sysfd/detail/decimal.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/syscall.hpp>

#include "kernel.hpp"

namespace sysfd {
inline namespace v0 {
namespace {

using detail::system_call;

std::unexpected<LandlockError> failure(LandlockStep step, long answer, std::string subject = {}) {
  return std::unexpected(
      LandlockError{step, detail::error_code(static_cast<int>(-answer)), {}, std::move(subject)});
}

long ask(unsigned what) noexcept {
  return system_call(SYS_landlock_create_ruleset, nullptr, 0, what);
}

Rights known_to(long abi) noexcept {
  return rights::of_abi(static_cast<int>(abi));
}

}  // namespace

Result<LandlockSupport, LandlockError> landlock_support() {
  const long abi = ask(detail::create_ruleset_version);
  if (abi < 0) return failure(LandlockStep::support, abi);
  return LandlockSupport{static_cast<int>(abi), known_to(abi)};
}

Result<std::uint32_t, LandlockError> landlock_errata() {
  const long errata = ask(detail::create_ruleset_errata);
  if (errata >= 0) return static_cast<std::uint32_t>(errata);
  const long abi = ask(detail::create_ruleset_version);
  if (abi < 0) return failure(LandlockStep::support, abi);
  if (errata == -EINVAL) return std::uint32_t{0};  // an older kernel, which does not know that flag
  return failure(LandlockStep::support, errata);
}

Result<PartialRuleset, LandlockError> Ruleset::make(const Rights& required, const Rights& wanted) {
  const auto support = landlock_support();
  if (!support) return std::unexpected(support.error());
  const Rights& known = support->known;
  if (const Rights missing = required - known; !missing.empty())
    return std::unexpected(
        LandlockError{LandlockStep::create, detail::error_code(ENOTSUP), missing});

  const Rights missing = wanted - known;
  const Rights handled = required | (wanted - missing);
  const detail::LandlockRulesetAttr attr{handled.files.bits(), handled.ports.bits(),
                                         handled.scopes.bits()};
  // What an old kernel does not know is zero, and so may be there.
  const long fd = system_call(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
  if (fd == -ENOMSG) return failure(LandlockStep::create, -EINVAL);  // no right at all
  auto owned = detail::to_owned(fd);
  if (!owned) return failure(LandlockStep::create, -owned.error().value());
  return PartialRuleset(Ruleset(*std::move(owned), handled, known), missing);
}

Result<Ruleset, LandlockError> Ruleset::create(const Rights& required) {
  auto made = make(required, {});
  if (!made) return std::unexpected(std::move(made).error());
  Rights none;
  return (*std::move(made)).take(none);
}

Result<PartialRuleset, LandlockError> Ruleset::create(const Rights& required,
                                                      const Rights& wanted) {
  return make(required, wanted);
}

Result<void, LandlockError> Ruleset::add(BorrowedFd file, std::string path, FileRights rights) {
  struct stat status{};
  if (const long answer = system_call(SYS_newfstatat, file.get(), "", &status, AT_EMPTY_PATH);
      answer < 0)
    return failure(LandlockStep::rule, answer, std::move(path));
  const FileRights meant = S_ISDIR(status.st_mode) ? rights : rights & sysfd::rights::of_files;
  if (meant.empty()) return failure(LandlockStep::rule, -EINVAL, std::move(path));
  // Where any right to files is handled, this one is denied without a rule, handled or not.
  if (!handled_.files.empty() && !handled_.files.contains(meant & known_.files & FileRight::refer))
    return std::unexpected(LandlockError{LandlockStep::rule,
                                         detail::error_code(EINVAL),
                                         {.files = FileRight::refer},
                                         std::move(path)});
  const FileRights allowed = meant & handled_.files;  // what is not handled is allowed already
  if (!allowed.empty()) {
    const detail::LandlockPathAttr attr{allowed.bits(), file.get()};
    const long answer =
        system_call(SYS_landlock_add_rule, fd_.get(), detail::rule_path_beneath, &attr, 0);
    if (answer < 0) return failure(LandlockStep::rule, answer, std::move(path));
  }
  rules_.push_back({std::move(path), allowed, status.st_dev, status.st_ino});
  return {};
}

Result<void, LandlockError> Ruleset::allow(BorrowedFd file, FileRights rights) {
  return add(file, "descriptor " + detail::decimal(file.get()), rights);
}

Result<void, LandlockError> Ruleset::allow(CStr path, FileRights rights) {
  std::string name = path.get() ? path.get() : "";
  const auto file = open(cwd(), path, O_PATH);
  if (!file) return failure(LandlockStep::open, -file.error().value(), std::move(name));
  return add(*file, std::move(name), rights);
}

Result<void, LandlockError> Ruleset::allow_port(std::uint16_t port, PortRights rights) {
  long answer = rights.empty() ? -EINVAL : 0;
  const PortRights allowed = rights & handled_.ports;
  if (!allowed.empty()) {
    const detail::LandlockPortAttr attr{allowed.bits(), port};
    answer = system_call(SYS_landlock_add_rule, fd_.get(), detail::rule_net_port, &attr, 0);
  }
  if (answer < 0) return failure(LandlockStep::rule, answer, "port " + detail::decimal(int{port}));
  return {};
}

Result<void, LandlockError> Ruleset::restrict_self(const RestrictOptions& options) const {
  if (options.no_new_privileges) {
    const long answer = system_call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (answer < 0) return failure(LandlockStep::restrict, answer);
  }
  unsigned flags = options.log_after_exec ? detail::restrict_log_new_exec_on : 0;
  long answer = system_call(SYS_landlock_restrict_self, fd_.get(), flags);
  if (answer == -EINVAL && flags != 0)  // before ABI 7, when nothing was recorded
    answer = system_call(SYS_landlock_restrict_self, fd_.get(), 0);
  if (answer < 0) return failure(LandlockStep::restrict, answer);
  return {};
}

}  // namespace v0
}  // namespace sysfd
