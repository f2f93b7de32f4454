// SPDX-License-Identifier: MIT
#include "start/start_error.hpp"

#include <cerrno>
#include <csignal>

#include <sysfd/detail/join.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

// Errors of clone3(2) that only a cgroup has: no directory of one, removed, not allowed, frozen or
// with controllers on, of a wrong type. clone(2), which is tried if clone3 is refused, has none.
bool is_of_a_cgroup(int error) noexcept {
  return error == EBADF || error == ENOENT || error == ENODEV || error == EACCES ||
         error == EBUSY || error == EOPNOTSUPP || error == ENOSYS || error == E2BIG;
}

bool is_a_limit(int error) noexcept {
  return error == EAGAIN || is_shortage(error_code(error));
}

// Returns the path that a step opens itself, if it has failed at that: /proc is not mounted,
// /dev is empty, ... nullptr: the step has opened nothing, or its error is about something else.
const char* path_opened_at(SpawnStep step, int error) noexcept {
  if (error != ENOENT && error != ENOTDIR && error != EACCES && error != ENXIO && error != ENODEV &&
      error != EXDEV && error != ELOOP && error != EROFS)
    return nullptr;
  switch (step) {
    case SpawnStep::standard_stream: return "/dev/null";
    case SpawnStep::table: return "/proc/thread-self/fd";
    case SpawnStep::user_map: return "/proc/<pid>/uid_map";
    case SpawnStep::group_map: return "/proc/<pid>/gid_map";
    case SpawnStep::oom_score_adjust: return "/proc/thread-self/oom_score_adj";
    default: return nullptr;
  }
}

}  // namespace

SpawnError clone_error(const FailedStart& start, std::error_code code) {
  const int error = code.value();
  const CloneOptions& options = start.scratch.child.clone;
  const bool has_cgroup = options.cgroup >= 0;
  if (has_cgroup && is_of_a_cgroup(error)) return {SpawnStep::cgroup, code, -1, ""};
  if (!options.namespaces.empty() && !is_a_limit(error))
    return {SpawnStep::namespaces, code, -1, ""};
  if (has_cgroup && !is_a_limit(error)) return {SpawnStep::cgroup, code, -1, ""};
  const bool has_no_parent = start.spec.parts.no_zombie && error == EOPNOTSUPP;
  return {
      SpawnStep::clone, code, -1,
      has_no_parent ? "leave_no_zombie() by init, a subreaper, or into a new pid namespace" : ""};
}

SpawnError memory_is_copied_error() {
  return {SpawnStep::start, error_code(ENOSYS), -1,
          "with which no memory is shared (an emulator?)"};
}

SpawnError failed_step_error(const FailedStart& start) {
  const ChildArgs& args = start.args();
  const int error_number = static_cast<int>(-args.error);
  SpawnError error = start.error_at(args.failed_step, error_code(error_number), args.index);
  if (error.step == SpawnStep::exec) explain_exec(start, error);
  if (const char* path = path_opened_at(error.step, error_number))
    append(error.subject, {error.subject.empty() ? "" : ", ", path});
  return error;
}

SpawnError child_error(const FailedStart& start, const Result<ExitStatus>& status) {
  using Progress = ChildArgs::Progress;
  const Progress progress = start.args().progress;
  if (progress == Progress::failed) return failed_step_error(start);
  const bool was_killed = status && status->signal();
  const CloneOptions& options = start.scratch.child.clone;
  if (was_killed && options.report_of_copy && *status->signal() == SIGKILL)
    return {SpawnStep::cgroup, error_code(ECANCELED), -1,
            "which killed the child (its memory limit, or was it killed once?)"};
  if (was_killed && options.cgroup >= 0 && progress == Progress::not_started)
    return {SpawnStep::cgroup, error_code(ECANCELED), -1,
            "which kills what is born into it (was it killed once?)"};
  if (progress == Progress::started || was_killed || !status)
    return {SpawnStep::start, error_code(ECANCELED), -1,
            was_killed ? to_string(*status) : "which has ended"};
  return memory_is_copied_error();
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
