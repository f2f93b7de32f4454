// SPDX-License-Identifier: MIT
//
// From an errno to the error that spawn() returns: what it is about, and what helps.
#include <algorithm>
#include <cerrno>

#include <sysfd/detail/decimal.hpp>
#include <sysfd/detail/join.hpp>

#include "attempt.hpp"

namespace sysfd {
inline namespace v0 {

namespace {

// What clone3(2) answers for a cgroup only: no directory of one, removed, not allowed, frozen or
// with controllers on, of a wrong type. clone(2), which is tried where clone3 is refused, has none.
bool is_of_a_cgroup(int error) noexcept {
  return error == EBADF || error == ENOENT || error == ENODEV || error == EACCES ||
         error == EBUSY || error == EOPNOTSUPP || error == ENOSYS || error == E2BIG;
}

bool is_a_limit(int error) noexcept {
  return error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE;
}

// The path that a step opens by itself, if that is what it has failed at: /proc is not mounted,
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

// Whose fault it is that there is no child.
SpawnError Command::Attempt::clone_failure(std::error_code code) const {
  const int error = code.value();
  const bool has_cgroup = work_.birth.cgroup >= 0;
  const bool has_namespaces = !work_.birth.namespaces.empty();
  if (has_cgroup && is_of_a_cgroup(error)) return {SpawnStep::cgroup, code, -1, ""};
  if (has_namespaces && !is_a_limit(error)) return {SpawnStep::namespaces, code, -1, ""};
  if (has_cgroup && !is_a_limit(error)) return {SpawnStep::cgroup, code, -1, ""};
  const bool is_to_be_orphan = state_.prepare_no_zombie && error == EOPNOTSUPP;
  return {
      SpawnStep::clone, code, -1,
      is_to_be_orphan ? "leave_no_zombie() by init, a subreaper, or into a new pid namespace" : ""};
}

int Command::Attempt::target_of_descriptor(int index) const noexcept {
  const auto i = static_cast<std::size_t>(index);
  const std::size_t passed = state_.passed.size();
  return i < passed ? state_.passed[i].target : work_.rare->placed_numbers[i - passed];
}

// With what was said at that step.
SpawnError Command::Attempt::error_at(SpawnStep step, std::error_code code, int index) const {
  SpawnError error{step, code, index, ""};
  const auto name = [&](const State::Directory& wanted) {
    if (wanted.path) error.subject = *wanted.path;
  };
  const auto to_be = [&](int target) {
    detail::append(error.subject, {"to be number ", detail::decimal(target)});
  };
  switch (error.step) {
    case SpawnStep::exec: error.subject = work_.job.path ? work_.job.path : state_.program; break;
    case SpawnStep::wait: error.subject = state_.program; break;
    case SpawnStep::working_directory: name(directory()); break;
    case SpawnStep::root_directory: name(state_.root); break;
    case SpawnStep::standard_stream: error.subject = detail::stream_names[error.index]; break;
    case SpawnStep::descriptor:
      if (error.index >= 0) to_be(target_of_descriptor(error.index));
      break;
    case SpawnStep::listen_fds:
      if (error.index >= 0) to_be(state_.listeners[static_cast<std::size_t>(error.index)].target);
      break;
    default: break;
  }
  return error;
}

SpawnError Command::Attempt::failure() const {
  SpawnError error =
      error_at(work_.job.failed_step, detail::error_code(work_.job.error), work_.job.index);
  if (error.step == SpawnStep::exec) explain_exec(error);
  if (const char* path = path_opened_at(error.step, work_.job.error))
    detail::append(error.subject, {error.subject.empty() ? "" : ", ", path});
  return error;
}

}  // namespace v0
}  // namespace sysfd
