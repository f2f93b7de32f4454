// SPDX-License-Identifier: MIT
#include <sysfd/spawn_error.hpp>

#include <algorithm>
#include <string_view>

#include <sysfd/detail/decimal.hpp>
#include <sysfd/detail/join.hpp>

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
    case SpawnStep::landlock: return "Landlock ruleset";
    case SpawnStep::containment: return "containment";
    case SpawnStep::exec: return "exec of";
    case SpawnStep::wait: return "wait for the end of";
    case SpawnStep::confirmation: return "confirmation of the start";
  }
  return "spawn";
}

// The stream, and behind a comma what is wrong with it.
void append_stream(std::string& text, std::string_view subject) {
  const std::size_t name_ends = std::min(subject.find(','), subject.size());
  detail::append(text, {subject.substr(0, name_ends), " of the child", subject.substr(name_ends)});
}

}  // namespace

std::string SpawnError::describe() const {
  std::string text;
  if (stage >= 0) detail::append(text, {"stage ", detail::decimal(stage), ", "});
  if (step == SpawnStep::standard_stream && !subject.empty()) {
    append_stream(text, subject);
  } else {
    detail::append(text, {name_of(step)});
    if (index >= 0) detail::append(text, {" ", detail::decimal(index)});
    const bool is_explained = step == SpawnStep::descriptor || step == SpawnStep::listen_fds ||
                              step == SpawnStep::start || step == SpawnStep::cgroup ||
                              step == SpawnStep::containment;
    if (!subject.empty() && is_explained) detail::append(text, {", ", subject});
    if (!subject.empty() && !is_explained) detail::append(text, {" \"", subject, "\""});
  }
  detail::append(text, {": ", code.message()});
  return text;
}

}  // namespace v0
}  // namespace sysfd
