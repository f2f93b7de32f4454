// SPDX-License-Identifier: MIT
//
// From an errno to the error that spawn() returns: what it is about, and what helps.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include <sysfd/create.hpp>

#include "attempt.hpp"

namespace sysfd {
inline namespace v0 {

namespace {

bool is_a_limit(std::error_code code) noexcept {
  return code == std::errc::resource_unavailable_try_again ||
         code == std::errc::not_enough_memory || code == std::errc::too_many_files_open ||
         code == std::errc::too_many_files_open_in_system;
}

}  // namespace

// Whose fault it is that there is no child.
SpawnError Command::Attempt::clone_failure(std::error_code code) const {
  if (!is_a_limit(code)) {
    if (!work_.birth.namespaces.empty()) return {SpawnStep::namespaces, code, -1, ""};
    if (work_.birth.cgroup >= 0) return {SpawnStep::cgroup, code, -1, ""};
  }
  return {SpawnStep::clone, code, -1, ""};
}

// The kernel says ENOENT for a script whose interpreter will not be able to open it.
void Command::Attempt::explain_script(SpawnError& error) const {
  if (error.code != std::errc::no_such_file_or_directory || !state_.program_fd) return;
  const auto program =
      open(cwd(), "/proc/self/fd/" + std::to_string(*state_.program_fd), O_RDONLY | O_NONBLOCK);
  char start[2] = {};
  if (!program || ::pread(program->get(), start, sizeof start, 0) != sizeof start ||
      start[0] != '#' || start[1] != '!')
    return;
  error.subject += ", a script that its interpreter cannot open again: pass() it to the child too";
}

// With what was said at that step.
SpawnError Command::Attempt::error_at(SpawnStep step, std::error_code code, int index) const {
  SpawnError error{step, code, index, ""};
  const auto target_of = [&](const std::vector<State::Passed>& list) {
    return "to be number " + std::to_string(list[static_cast<std::size_t>(error.index)].target);
  };
  switch (error.step) {
    case SpawnStep::exec: error.subject = work_.job.path ? work_.job.path : state_.program; break;
    case SpawnStep::wait: error.subject = state_.program; break;
    case SpawnStep::working_directory: error.subject = state_.directory.path.value_or(""); break;
    case SpawnStep::root_directory: error.subject = state_.root.path.value_or(""); break;
    case SpawnStep::standard_stream: error.subject = detail::stream_names[error.index]; break;
    case SpawnStep::descriptor: error.subject = target_of(state_.passed); break;
    case SpawnStep::listen_fds:
      if (error.index >= 0) error.subject = target_of(state_.listeners);
      break;
    default: break;
  }
  return error;
}

SpawnError Command::Attempt::failure() const {
  SpawnError error =
      error_at(work_.job.failed_step, detail::error_code(work_.job.error), work_.job.index);
  // What was lent may be something else by now, if the caller went on.
  if (error.step == SpawnStep::exec && is_waited_for()) explain_script(error);
  return error;
}

}  // namespace v0
}  // namespace sysfd
