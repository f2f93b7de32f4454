// SPDX-License-Identifier: MIT
#include <sysfd/spawn_error.hpp>

#include <algorithm>

#include <sysfd/detail/decimal.hpp>

namespace sysfd {
inline namespace v0 {
namespace {

// What each step is called in a sentence.
const char* name_of(SpawnStep step) noexcept {
  switch (step) {
    case SpawnStep::program: return "program name";
    case SpawnStep::argument: return "argument";
    case SpawnStep::environment: return "environment variable";
    case SpawnStep::standard_stream: return "standard stream";
    case SpawnStep::descriptor: return "descriptor";
    case SpawnStep::listen_fds: return "listen descriptor";
    case SpawnStep::terminal: return "new terminal";
    case SpawnStep::cgroup: return "cgroup";
    case SpawnStep::namespaces: return "new namespaces";
    case SpawnStep::clone: return "clone";
    case SpawnStep::start: return "start of the child";
    case SpawnStep::table: return "descriptor table of the child";
    case SpawnStep::signals: return "signal state of the child";
    case SpawnStep::session: return "new session";
    case SpawnStep::process_group: return "process group";
    case SpawnStep::controlling_terminal: return "controlling terminal";
    case SpawnStep::foreground_group: return "foreground process group";
    case SpawnStep::user_map: return "user id map";
    case SpawnStep::group_map: return "group id map";
    case SpawnStep::dumpable: return "dumpable flag";
    case SpawnStep::join_namespace: return "joined namespace";
    case SpawnStep::mounts: return "private mounts";
    case SpawnStep::host_name: return "host name";
    case SpawnStep::limit: return "limit";
    case SpawnStep::umask: return "umask";
    case SpawnStep::nice: return "nice value";
    case SpawnStep::scheduler: return "scheduler";
    case SpawnStep::processors: return "processors";
    case SpawnStep::io_priority: return "I/O priority";
    case SpawnStep::oom_score_adjust: return "OOM score adjustment";
    case SpawnStep::timer_slack: return "timer slack";
    case SpawnStep::root_directory: return "change of the root directory";
    case SpawnStep::working_directory: return "change to the working directory";
    case SpawnStep::bounding_set: return "bounding set of capabilities";
    case SpawnStep::groups: return "supplementary groups";
    case SpawnStep::group: return "group";
    case SpawnStep::user: return "user";
    case SpawnStep::capabilities: return "capabilities";
    case SpawnStep::ambient_set: return "ambient capabilities";
    case SpawnStep::securebits: return "securebits";
    case SpawnStep::parent_death: return "parent-death signal";
    case SpawnStep::no_new_privileges: return "no-new-privileges";
    case SpawnStep::seccomp: return "seccomp program";
    case SpawnStep::exec: return "exec of";
    case SpawnStep::wait: return "wait for the end of";
    case SpawnStep::confirmation: return "confirmation of the start";
  }
  return "spawn";
}

std::string what_failed(const SpawnError& error) {
  const std::string stage = error.stage < 0 ? "" : "stage " + detail::decimal(error.stage) + ", ";
  if (error.step == SpawnStep::standard_stream && !error.subject.empty()) {
    // Behind the stream may be what is the matter with it.
    const std::size_t name_ends = std::min(error.subject.find(','), error.subject.size());
    return stage + std::string(error.subject).insert(name_ends, " of the child");
  }
  std::string text = stage + name_of(error.step);
  if (error.index >= 0) text += ' ' + detail::decimal(error.index);
  switch (error.step) {
    case SpawnStep::descriptor:
    case SpawnStep::listen_fds:
    case SpawnStep::start:
    case SpawnStep::cgroup: return error.subject.empty() ? text : text + ", " + error.subject;
    default: return error.subject.empty() ? text : text + " \"" + error.subject + '"';
  }
}

}  // namespace

std::string SpawnError::describe() const {
  return what_failed(*this) + ": " + code.message();
}

}  // namespace v0
}  // namespace sysfd
