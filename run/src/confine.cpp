// SPDX-License-Identifier: MIT
#include "confine.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "values.hpp"

namespace sysfd_run {
namespace {

std::unexpected<Complaint> fails(std::string_view where, const sysfd::LandlockError& error) {
  std::string_view hint;
  if (error.step == sysfd::LandlockStep::support)
    hint = "; it needs Linux 5.13 with Landlock among lsm=, and a container that allows it";
  if (error.step == sysfd::LandlockStep::open) hint = "; leave it out, or create it first";
  return complain({where, ": ", error.describe(), hint});
}

std::string_view path_variable(const Settings& settings) {
  std::optional<std::string_view> value;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread
  const char* const own = std::getenv("PATH");
  if (own && !settings.clear_env) value = own;
  for (const Variable& each : settings.environment)
    if (each.name == "PATH")
      value = each.value ? std::optional<std::string_view>(*each.value) : std::nullopt;
  return value.value_or("/bin:/usr/bin");
}

}  // namespace

sysfd::Rights required_rights(const Confinement& confinement) {
  sysfd::Rights rights{.files = {}, .ports = confinement.ports, .scopes = confinement.scopes};
  if (confinement.files) rights.files = sysfd::rights::of_abi(1).files;
  return rights;
}

sysfd::Rights wanted_rights(const Confinement& confinement) {
  sysfd::Rights rights;
  if (confinement.files) rights.files = sysfd::rights::all_files;
  return rights;
}

std::optional<std::string> find_program(const Settings& settings) {
  const std::string& name = settings.program.front();
  struct stat status{};
  if (name.find('/') != name.npos) {
    const bool is_below = settings.directory && !name.starts_with('/');
    std::string path = is_below ? cat({*settings.directory, "/", name}) : name;
    if (::stat(path.c_str(), &status) != 0 && (errno == ENOENT || errno == ENOTDIR))
      return std::nullopt;
    return path;
  }
  for (const std::string_view directory : split(path_variable(settings), ':')) {
    if (!directory.starts_with('/')) continue;
    std::string path = cat({directory, "/", name});
    if (::access(path.c_str(), X_OK) == 0 && ::stat(path.c_str(), &status) == 0 &&
        S_ISREG(status.st_mode))
      return path;
  }
  return std::nullopt;
}

Complaint program_not_found(const Settings& settings) {
  return {cat({"exec of \"", settings.program.front(), "\": No such file or directory"}),
          not_found};
}

Checked<Confined> make_ruleset(const Settings& settings) {
  const Confinement& confinement = settings.confinement;
  std::string where = "Landlock";
  if (!confinement.port_rules.empty()) where = confinement.port_rules.front().where;
  if (!confinement.paths.empty()) where = confinement.paths.front().where;
  std::optional<std::string> program;
  if (confinement.startup_files) {
    program = find_program(settings);
    if (!program) return std::unexpected(program_not_found(settings));
  }
  auto partial =
      program ? sysfd::Ruleset::for_program(*program, required_rights(confinement))
              : sysfd::Ruleset::create(required_rights(confinement), wanted_rights(confinement));
  if (!partial) {
    auto complaint = fails(program ? "--startup-files" : where, partial.error());
    if (program && partial.error().code == std::errc::executable_format_error)
      complaint.error().status = not_executable;
    return complaint;
  }
  sysfd::Rights missing;
  sysfd::Ruleset ruleset = std::move(*partial).take(missing);
  for (const PathRule& rule : confinement.paths)
    if (auto done = ruleset.allow(rule.path, rule.rights); !done) {
      // A device that this system does not have cannot be opened anyway.
      if (rule.option == Id::devices && done.error().step == sysfd::LandlockStep::open) continue;
      return fails(rule.where, done.error());
    }
  for (const PortRule& rule : confinement.port_rules)
    if (auto done = ruleset.allow_port(rule.port, rule.rights); !done)
      return fails(rule.where, done.error());
  if (settings.why)  // this program starts the other one then
    if (auto done = ruleset.allow("/proc/self/exe", sysfd::rights::run); !done)
      return fails("--why", done.error());
  return Confined{std::move(ruleset), missing};
}

}  // namespace sysfd_run
