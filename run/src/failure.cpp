// SPDX-License-Identifier: MIT
//
// Why the program was not started, in the words of the options.
#include <cerrno>
#include <string_view>

#include "launch.hpp"
#include "values.hpp"

namespace sysfd_run {
namespace {

using sysfd::SpawnError;
using sysfd::SpawnStep;

bool is_permission(const SpawnError& error) {
  return error.code == std::errc::operation_not_permitted ||
         error.code == std::errc::permission_denied;
}

std::string limit_hint(const Settings& settings, const SpawnError& error) {
  const auto& limits = settings.resources.limits;
  const auto index = static_cast<std::size_t>(error.index);
  if (!is_permission(error) || error.index < 0 || index >= limits.size()) return {};
  return cat({": only root raises the hard limit of ", name_of_limit(limits[index].resource),
              "; write a lower one"});
}

struct Subject {
  std::string option;
  std::string hint{};
};

Subject subject_of(const Settings& settings, const SpawnError& error) {
  constexpr std::string_view needs_root = ": needs root, or the capability for it";
  const std::string privilege(is_permission(error) ? needs_root : "");
  switch (error.step) {
    case SpawnStep::environment: return {"--env"};
    case SpawnStep::standard_stream: return {"--stdin, --stdout, --stderr"};
    case SpawnStep::descriptor: {
      const auto index = static_cast<std::size_t>(error.index);
      if (error.index >= 0 && index < settings.passed.size())
        return {settings.passed[index].where,
                error.code == std::errc::bad_file_descriptor
                    ? ": it is above the limit of open files: take a lower number, or raise nofile"
                    : ""};
      return {"--pass"};
    }
    case SpawnStep::listen_fds: return {"--listen"};
    case SpawnStep::cgroup: return {"--memory, --pids, --cpu", ": --explain tells what is missing"};
    case SpawnStep::namespaces:
    case SpawnStep::user_map:
    case SpawnStep::group_map:
    case SpawnStep::clone:
      if (settings.namespaces.create.empty()) return {"the start"};
      return {"--unshare",
              is_permission(error)
                  ? ": needs root; otherwise add user to the list, where the system allows it"
                  : ""};
    case SpawnStep::containment:
      return {"--tree", ": without it, --deadline ends the tree by other means"};
    case SpawnStep::session: return {"--session"};
    case SpawnStep::limit: return {"--limit", limit_hint(settings, error)};
    case SpawnStep::umask: return {"--umask"};
    case SpawnStep::nice:
      return {"--nice", is_permission(error) ? ": only root lowers it; write a higher number" : ""};
    case SpawnStep::scheduler: return {"--sched", privilege};
    case SpawnStep::processors: return {"--cpus", ": none of these is there, or allowed by cpuset"};
    case SpawnStep::io_priority: return {"--ionice", privilege};
    case SpawnStep::oom_score_adjust:
      return {"--oom-score", is_permission(error) ? ": only root lowers it" : ""};
    case SpawnStep::root_directory: return {"--root", privilege};
    case SpawnStep::working_directory: return {"--chdir"};
    case SpawnStep::bounding_set:
    case SpawnStep::capabilities:
    case SpawnStep::ambient_set:
    case SpawnStep::securebits:
      return {"--caps", is_permission(error) ? ": needs root; --caps none does not" : ""};
    case SpawnStep::groups:
      return {
          settings.identity.user ? "--user" : "--groups",
          is_permission(error) ? ": needs root; add --groups keep to leave them as they are" : ""};
    case SpawnStep::group: return {settings.identity.user ? "--user" : "--group", privilege};
    case SpawnStep::user: return {"--user", privilege};
    case SpawnStep::parent_death: return {"--parent-death"};
    case SpawnStep::no_new_privileges: return {"--no-new-privs"};
    case SpawnStep::landlock: return {"--reads, --writes"};
    default: return {"the start"};
  }
}

}  // namespace

Complaint describe_failure(const Settings& settings, const SpawnError& error) {
  if (error.step == SpawnStep::exec) {
    const bool is_missing = error.code == std::errc::no_such_file_or_directory ||
                            error.code == std::errc::not_a_directory;
    Complaint complaint{error.describe(), is_missing ? not_found : not_executable};
    if (error.code == std::errc::permission_denied && settings.confinement.files)
      complaint.text +=
          ": --startup-files allows what the program needs to start, --reads DIRECTORY all there; "
          "--why tells which file it was";
    return complaint;
  }
  const Subject subject = subject_of(settings, error);
  return {cat({subject.option, ": ", error.describe(), subject.hint}), run_failed};
}

}  // namespace sysfd_run
