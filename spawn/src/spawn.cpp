// SPDX-License-Identifier: MIT
//
// The parent's part from the clone on: the child is entered, then its report is read.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>

#include <sysfd/create.hpp>

#include "attempt.hpp"
#include "child_start.hpp"
#include "dumpable_kept.hpp"
#include "exchange.hpp"
#include "pid_namespace_visit.hpp"
#include "signals_blocked.hpp"

namespace sysfd {
inline namespace v0 {

using detail::Job;

namespace {

// 0.1 milliseconds, then twice as long each time, up to 10.
void pause_before_retry(int retry) noexcept {
  const long nanoseconds = std::min(100'000L << std::min(retry, 7), 10'000'000L);
  timespec left{0, nanoseconds};
  while (::nanosleep(&left, &left) == -1 && errno == EINTR) {
  }
}

bool is_a_limit(std::error_code code) noexcept {
  return code == std::errc::resource_unavailable_try_again ||
         code == std::errc::not_enough_memory || code == std::errc::too_many_files_open ||
         code == std::errc::too_many_files_open_in_system;
}

}  // namespace

bool Command::Attempt::changes_credentials() const noexcept {
  return state_.identity.changes_credentials() || !state_.namespaces.create.empty() ||
         !state_.namespaces.join.empty();
}

// Whose fault it is that there is no child.
SpawnError Command::Attempt::clone_failure(std::error_code code) const {
  if (!is_a_limit(code)) {
    if (!birth_.namespaces.empty()) return {SpawnStep::namespaces, code, -1, ""};
    if (birth_.cgroup >= 0) return {SpawnStep::cgroup, code, -1, ""};
  }
  return {SpawnStep::clone, code, -1, ""};
}

// What is to be said of a child that did not come to the program, though no step of it failed.
SpawnError Command::Attempt::premature_end(const Result<ExitStatus>& status) const {
  const bool killed = status && status->signal();
  if (killed && birth_.cgroup >= 0 && job_.progress == Job::Progress::not_started)
    return {SpawnStep::cgroup, detail::error_code(ECANCELED), -1,
            "which kills what is born into it (was it killed once?)"};
  if (job_.progress == Job::Progress::started || killed)
    return {SpawnStep::start, detail::error_code(ECANCELED), -1,
            killed ? to_string(*status) : "which has ended"};
  return {SpawnStep::start, detail::error_code(ENOSYS), -1,
          "with which no memory is shared (an emulator?)"};
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
    case SpawnStep::exec: error.subject = job_.path ? job_.path : state_.program; break;
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
  SpawnError error = error_at(job_.failed_step, detail::error_code(job_.error), job_.index);
  if (error.step == SpawnStep::exec) explain_script(error);
  return error;
}

std::expected<pid_t, SpawnError> Command::Attempt::enter() {
  const auto pid = detail::enter_child(job_, birth_);
  if (!pid) return std::unexpected(clone_failure(pid.error()));
  return *pid;
}

std::expected<pid_t, SpawnError> Command::Attempt::enter_with_id_maps() {
  if (!maps_) return enter_from_pid_namespace();
  *maps_ = {.users = maps_->users,
            .users_size = maps_->users_size,
            .groups = maps_->groups,
            .groups_size = maps_->groups_size};
  detail::IdMapWriter writer(*maps_);
  if (const auto started = writer.start(); !started)
    return std::unexpected(SpawnError{SpawnStep::clone, started.error(), -1, ""});
  return enter_from_pid_namespace();
}

std::expected<pid_t, SpawnError> Command::Attempt::enter_from_pid_namespace() {
  const auto& joins = state_.namespaces.join;
  for (std::size_t i = 0; i < joins.size(); ++i) {
    if (!detail::kinds_of(joins[i]).contains(Namespace::pid)) continue;
    const detail::PidNamespaceVisit visit(*own_pid_namespace_, joins[i].of);
    if (const auto code = visit.error())
      return std::unexpected(SpawnError{SpawnStep::join_namespace, code, static_cast<int>(i), ""});
    return enter();
  }
  return enter();
}

std::expected<Child, SpawnError> Command::Attempt::make_child(PidFd process, pid_t pid) {
  const bool leads_group = session_.new_session || session_.process_group == 0;
  Child::Start start{.pidfd = std::move(process),
                     .pid = pid,
                     .leads_group = leads_group,
                     .policy = state_.drop_policy,
                     .grace = state_.grace,
                     .report = {.by_clone3 = birth_.by_clone3,
                                .isolated_table = job_.shares_table && !job_.table_was_copied,
                                .reaps_itself = birth_.reaps_itself,
                                .killed_with_parent = birth_.killed_with_parent,
                                .busy_retries = busy_retries_},
                     .terminal = std::move(parent_terminal_),
                     .cgroup = std::move(cgroup_)};
  std::ranges::move(parent_ends_, start.pipes);
  return std::expected<Child, SpawnError>(std::in_place, start);
}

void Command::Attempt::hand_over() {
  for (Stdio& stream : state_.streams)
    stream.owned_.reset();
  for (auto* list : {&state_.passed, &state_.listeners})
    for (State::Passed& passed : *list) {
      if (!passed.owned) continue;
      passed.owned.reset();
      passed.handed_over = true;
    }
}

std::expected<Child, SpawnError> Command::Attempt::run() {
  for (;; ++busy_retries_) {
    const auto pid = [&] {
      const detail::DumpableKept dumpable(changes_credentials());
      const detail::SignalsBlocked blocked;
      return enter_with_id_maps();
    }();
    if (!pid) return std::unexpected(pid.error());

    PidFd process = PidFd::unsafe_adopt(OwnedFd::adopt(job_.pidfd));
    if (job_.progress == Job::Progress::executing) {
      if (!work_.plan.holds && !state_.is_prepared) hand_over();
      return make_child(std::move(process), *pid);
    }
    const auto status = process.wait();  // it is ending
    if (job_.progress != Job::Progress::failed) return std::unexpected(premature_end(status));
    const bool was_busy = job_.failed_step == SpawnStep::exec && job_.error == ETXTBSY;
    if (!was_busy || busy_retries_ >= state_.busy_retries) return std::unexpected(failure());
    pause_before_retry(busy_retries_);
  }
}

SpawnError Command::Attempt::run_in_place() {
  const detail::SignalsBlocked blocked;
  std::optional<detail::IdMapWriter> writer;
  if (maps_) {
    writer.emplace(*maps_);
    if (const auto started = writer->start(); !started)
      return {SpawnStep::clone, started.error(), -1, ""};
  }
  detail::run_in_place(job_);
  return failure();
}

std::expected<Child, SpawnError> Command::Attempt::spawn(State& state, Workspace& work,
                                                         const Defaults& defaults,
                                                         const SpawnChanges& changes) {
  Attempt attempt(state, work, Kind::child, defaults, changes);
  if (auto mistake = attempt.prepare()) return std::unexpected(*std::move(mistake));
  return attempt.run();
}

std::expected<Child, SpawnError> Command::spawn_with(const Stdio* const (&defaults)[3]) {
  State& state = this->state();
  if (state.mistake) return std::unexpected(*state.mistake);
  return Attempt::spawn(state, state.workspace, {defaults[0], defaults[1], defaults[2]}, {});
}

std::expected<Child, SpawnError> Command::spawn() {
  const Stdio inherit = Stdio::inherit();
  return spawn_with({&inherit, &inherit, &inherit});
}

std::expected<Output, SpawnError> Command::Attempt::output(State& state, Workspace& work,
                                                           const OutputOptions& options,
                                                           const SpawnChanges& changes) {
  if (!options.input.empty() && !state.takes_input())
    return std::unexpected(
        detail::wrong_value(SpawnStep::standard_stream, "stdin, which is not the input,", 0));
  const auto deadline = detail::deadline_in(options.timeout);
  const Stdio in = options.input.empty() ? Stdio::null() : Stdio::pipe();
  const Stdio out = Stdio::pipe();
  auto child = spawn(state, work, {&in, &out, &out}, changes);
  if (!child) return std::unexpected(std::move(child.error()));
  auto output = child->talk_until(options, deadline);
  if (!output)
    return std::unexpected(SpawnError{SpawnStep::standard_stream, output.error(), -1, "a pipe"});
  if (!output->timed_out) child->wait_until(*output, deadline);
  if (output->timed_out) child->end_now(*output, options);
  return *std::move(output);
}

std::expected<Output, SpawnError> Command::output(const OutputOptions& options) {
  State& state = this->state();
  if (state.mistake) return std::unexpected(*state.mistake);
  return Attempt::output(state, state.workspace, options, {});
}

SpawnError Command::exec() {
  State& state = this->state();
  if (state.mistake) return *state.mistake;
  const Stdio inherit = Stdio::inherit();
  const SpawnChanges none;
  Attempt attempt(state, state.workspace, Attempt::Kind::in_place, {&inherit, &inherit, &inherit},
                  none);
  if (auto mistake = attempt.prepare()) return *std::move(mistake);
  return attempt.run_in_place();
}

}  // namespace v0
}  // namespace sysfd
