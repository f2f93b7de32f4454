// SPDX-License-Identifier: MIT
#include <array>
#include <string>
#include <string_view>

#include "objects.hpp"

namespace sysfd_c {
namespace {

using sysfd::SpawnStep;

// In the order of SpawnStep, whose values are those of SYSFD_STEP_....
constexpr std::array<std::string_view, 48> step_names = {
    "program",
    "argument",
    "environment",
    "standard_stream",
    "descriptor",
    "listen_fds",
    "terminal",
    "cgroup",
    "namespaces",
    "clone",
    "start",
    "table",
    "signals",
    "session",
    "process_group",
    "controlling_terminal",
    "foreground_group",
    "user_map",
    "group_map",
    "dumpable",
    "join_namespace",
    "mounts",
    "host_name",
    "limit",
    "umask",
    "nice",
    "scheduler",
    "processors",
    "io_priority",
    "oom_score_adjust",
    "timer_slack",
    "root_directory",
    "working_directory",
    "bounding_set",
    "groups",
    "group",
    "user",
    "capabilities",
    "ambient_set",
    "securebits",
    "parent_death",
    "no_new_privileges",
    "seccomp",
    "exec",
    "wait",
    "confirmation",
    "landlock",
    "containment",
};

// A new step of C++ gets a number of C at the end, and a row here.
#define SYSFD_SAME_STEP(c, cpp) static_assert(SYSFD_STEP_##c == static_cast<int>(SpawnStep::cpp))
SYSFD_SAME_STEP(PROGRAM, program);
SYSFD_SAME_STEP(ARGUMENT, argument);
SYSFD_SAME_STEP(ENVIRONMENT, environment);
SYSFD_SAME_STEP(STANDARD_STREAM, standard_stream);
SYSFD_SAME_STEP(DESCRIPTOR, descriptor);
SYSFD_SAME_STEP(LISTEN_FDS, listen_fds);
SYSFD_SAME_STEP(TERMINAL, terminal);
SYSFD_SAME_STEP(CGROUP, cgroup);
SYSFD_SAME_STEP(NAMESPACES, namespaces);
SYSFD_SAME_STEP(CLONE, clone);
SYSFD_SAME_STEP(START, start);
SYSFD_SAME_STEP(TABLE, table);
SYSFD_SAME_STEP(SIGNALS, signals);
SYSFD_SAME_STEP(SESSION, session);
SYSFD_SAME_STEP(PROCESS_GROUP, process_group);
SYSFD_SAME_STEP(CONTROLLING_TERMINAL, controlling_terminal);
SYSFD_SAME_STEP(FOREGROUND_GROUP, foreground_group);
SYSFD_SAME_STEP(USER_MAP, user_map);
SYSFD_SAME_STEP(GROUP_MAP, group_map);
SYSFD_SAME_STEP(DUMPABLE, dumpable);
SYSFD_SAME_STEP(JOIN_NAMESPACE, join_namespace);
SYSFD_SAME_STEP(MOUNTS, mounts);
SYSFD_SAME_STEP(HOST_NAME, host_name);
SYSFD_SAME_STEP(LIMIT, limit);
SYSFD_SAME_STEP(UMASK, umask);
SYSFD_SAME_STEP(NICE, nice);
SYSFD_SAME_STEP(SCHEDULER, scheduler);
SYSFD_SAME_STEP(PROCESSORS, processors);
SYSFD_SAME_STEP(IO_PRIORITY, io_priority);
SYSFD_SAME_STEP(OOM_SCORE_ADJUST, oom_score_adjust);
SYSFD_SAME_STEP(TIMER_SLACK, timer_slack);
SYSFD_SAME_STEP(ROOT_DIRECTORY, root_directory);
SYSFD_SAME_STEP(WORKING_DIRECTORY, working_directory);
SYSFD_SAME_STEP(BOUNDING_SET, bounding_set);
SYSFD_SAME_STEP(GROUPS, groups);
SYSFD_SAME_STEP(GROUP, group);
SYSFD_SAME_STEP(USER, user);
SYSFD_SAME_STEP(CAPABILITIES, capabilities);
SYSFD_SAME_STEP(AMBIENT_SET, ambient_set);
SYSFD_SAME_STEP(SECUREBITS, securebits);
SYSFD_SAME_STEP(PARENT_DEATH, parent_death);
SYSFD_SAME_STEP(NO_NEW_PRIVILEGES, no_new_privileges);
SYSFD_SAME_STEP(SECCOMP, seccomp);
SYSFD_SAME_STEP(EXEC, exec);
SYSFD_SAME_STEP(WAIT, wait);
SYSFD_SAME_STEP(CONFIRMATION, confirmation);
SYSFD_SAME_STEP(LANDLOCK, landlock);
SYSFD_SAME_STEP(CONTAINMENT, containment);
#undef SYSFD_SAME_STEP

}  // namespace

int fail(const sysfd::SpawnError& error, sysfd_spawn_error* out) noexcept {
  const int code = negative(error.code);
  if (!out) return code;
  sysfd_spawn_error filled = SYSFD_SPAWN_ERROR_INIT;
  filled.step = static_cast<int>(error.step);
  filled.code = -code;
  filled.index = error.index;
  filled.stage = error.stage;
  // Without memory for it, there is no text.
  (void)without_exceptions(
      [&] { return write_text(error.describe(), filled.text, sizeof filled.text); });
  write_struct(out, filled);
  return code;
}

int fail(const Fault& fault, sysfd_spawn_error* out, int stage) noexcept {
  return fail(sysfd::SpawnError{fault.step, {fault.error, std::system_category()}, -1, {}, stage},
              out);
}

}  // namespace sysfd_c

int sysfd_spawn_step_name(int step, char* buffer, size_t size) {
  using sysfd_c::step_names;
  if (step < 0 || static_cast<std::size_t>(step) >= step_names.size()) return -EINVAL;
  return sysfd_c::write_text(step_names[static_cast<std::size_t>(step)], buffer, size);
}
