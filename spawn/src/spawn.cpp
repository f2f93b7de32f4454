// SPDX-License-Identifier: MIT
//
// Command::spawn(), the parent's side: everything is decided and made ready, then the child is
// entered, then its report is read.
#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <string_view>

#include <sysfd/create.hpp>

#include "command_state.hpp"
#include "enter.hpp"
#include "signals_blocked.hpp"

namespace sysfd {
inline namespace v0 {
namespace {

using detail::FdRequest;
using detail::Job;

constexpr const char* stream_names[] = {"stdin", "stdout", "stderr"};

// Whether exec would leave this standard stream open.
bool is_inheritable(int stream) noexcept {
  return ::fcntl(stream, F_GETFD) == 0;
}

// The paths to try for a program name, as Job::candidates has them.
void find_candidates(const std::string& program, char* const* environment,
                     std::string& candidates) {
  candidates.clear();
  if (program.contains('/')) {
    candidates.append(program).push_back('\0');
  } else {
    const char* path = detail::find_variable(environment, "PATH");
    for (std::string_view left = path ? path : "/bin:/usr/bin"; !left.empty();) {
      const std::string_view directory = left.substr(0, left.find(':'));
      left.remove_prefix(std::min(left.size(), directory.size() + 1));
      if (directory.empty()) continue;
      candidates.append(directory).append(1, '/').append(program).push_back('\0');
    }
  }
  candidates.push_back('\0');
}

// What is to be said of a child that did not come to the program, though no step of it failed.
SpawnError premature_end(const Job& job, const Result<ExitStatus>& status) {
  const bool killed = status && status->signal();
  if (job.progress == Job::Progress::started || killed) {
    return {SpawnStep::start, detail::error_code(ECANCELED), -1,
            killed ? to_string(*status) : "which has ended"};
  }
  return {SpawnStep::start, detail::error_code(ENOSYS), -1,
          "with which no memory is shared (an emulator?)"};
}

}  // namespace

// What one call of spawn() makes on top of what the Command has.
struct Command::Attempt {
  explicit Attempt(Command::State& state) noexcept : state_(state) {}

  std::optional<SpawnError> prepare();
  std::expected<Child, SpawnError> run();

 private:
  std::optional<SpawnError> prepare_streams();
  std::optional<SpawnError> prepare_passed();
  std::optional<SpawnError> prepare_stream(int number);
  SpawnError failure() const;
  void hand_over();

  Command::State& state_;
  Job job_;
  std::optional<OwnedFd> child_ends_[3];  // of pipes
  std::optional<OwnedFd> parent_ends_[3];
};

std::optional<SpawnError> Command::Attempt::prepare_stream(int number) {
  Stdio& stream = state_.streams[number];
  FdRequest request{FdRequest::Kind::descriptor, -1, number, SpawnStep::standard_stream, number};
  switch (stream.kind_) {
    case Stdio::Kind::inherit:
      request.kind = is_inheritable(number) ? FdRequest::Kind::inherited : FdRequest::Kind::null;
      break;
    case Stdio::Kind::null:
      request.kind = FdRequest::Kind::null;
      break;
    case Stdio::Kind::pipe: {
      auto made = pipe();
      if (!made)
        return SpawnError{SpawnStep::standard_stream, made.error(), number, stream_names[number]};
      const bool child_reads = number == 0;
      child_ends_[number] = std::move(child_reads ? made->read : made->write);
      parent_ends_[number] = std::move(child_reads ? made->write : made->read);
      request.source = child_ends_[number]->get();
      break;
    }
    case Stdio::Kind::descriptor:
      request.source = stream.owned_ ? stream.owned_->get() : stream.fd_ ? stream.fd_->get() : -1;
      if (request.source < 0)
        return SpawnError{SpawnStep::standard_stream, detail::error_code(EBADF), number,
                          stream_names[number]};
      break;
  }
  state_.plan.add(request);
  return std::nullopt;
}

std::optional<SpawnError> Command::Attempt::prepare_streams() {
  // What is passed under a stream's number takes the place of what it would be if nothing is said.
  bool is_passed[3] = {};
  for (const State::Passed& passed : state_.passed)
    if (passed.target >= 0 && passed.target < 3) is_passed[passed.target] = true;
  // Inherited ones first: a pipe that is made here may get a number that was closed.
  for (const bool inherited : {true, false})
    for (int number = 0; number < 3; ++number) {
      const bool inherits = state_.streams[number].kind_ == Stdio::Kind::inherit;
      if (inherits != inherited || (inherits && is_passed[number])) continue;
      if (auto error = prepare_stream(number)) return error;
    }
  return std::nullopt;
}

std::optional<SpawnError> Command::Attempt::prepare_passed() {
  if (state_.passed.empty()) return std::nullopt;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  for (std::size_t i = 0; i < state_.passed.size(); ++i) {
    const State::Passed& passed = state_.passed[i];
    const int index = static_cast<int>(i);
    const auto wrong = [&](int error, const char* reason) {
      return SpawnError{SpawnStep::descriptor, detail::error_code(error), index,
                        "to be number " + std::to_string(passed.target) + reason};
    };
    if (passed.handed_over) return wrong(EBADF, ", which an earlier child was given");
    if (passed.source < 0) return wrong(EBADF, ", which is none");
    if (passed.target < 0) return wrong(EBADF, "");
    if (static_cast<rlim_t>(passed.target) >= limit.rlim_cur)
      return wrong(EBADF, ", beyond the limit");
    state_.plan.add(
        {FdRequest::Kind::descriptor, passed.source, passed.target, SpawnStep::descriptor, index});
  }
  return std::nullopt;
}

std::optional<SpawnError> Command::Attempt::prepare() {
  state_.plan.clear();
  if (auto error = prepare_streams()) return error;
  if (auto error = prepare_passed()) return error;
  if (const auto twice = state_.plan.make())
    return SpawnError{twice->step, detail::error_code(EINVAL), twice->index,
                      "to be number " + std::to_string(twice->target) + ", which is given twice"};

  job_.actions = state_.plan.actions().data();
  job_.action_count = state_.plan.actions().size();
  job_.first_unneeded = state_.plan.first_unneeded();
  if (state_.directory) job_.directory = state_.directory->c_str();
  if (state_.directory_fd >= 0) {
    job_.directory_fd = state_.directory_fd;
    job_.first_unneeded =
        std::max(job_.first_unneeded, static_cast<unsigned>(state_.directory_fd) + 1);
  }
  job_.arguments = state_.arguments.data();
  job_.environment = state_.environment.resolve();
  find_candidates(state_.program, job_.environment, state_.candidates);
  job_.candidates = state_.candidates.c_str();
  return std::nullopt;
}

SpawnError Command::Attempt::failure() const {
  SpawnError error{job_.failed_step, detail::error_code(job_.error), job_.index, ""};
  if (error.step == SpawnStep::exec) error.subject = job_.path ? job_.path : state_.program;
  if (error.step == SpawnStep::working_directory && state_.directory)
    error.subject = *state_.directory;
  if (error.step == SpawnStep::standard_stream) error.subject = stream_names[error.index];
  if (error.step == SpawnStep::descriptor)
    error.subject = "to be number " +
                    std::to_string(state_.passed[static_cast<std::size_t>(error.index)].target);
  return error;
}

std::expected<Child, SpawnError> Command::Attempt::run() {
  const auto pid = [this] {
    const detail::SignalsBlocked blocked;
    return detail::enter_child(job_);
  }();
  if (!pid) return std::unexpected(SpawnError{SpawnStep::clone, pid.error(), -1, ""});

  PidFd process = PidFd::unsafe_adopt(OwnedFd::adopt(job_.pidfd));
  if (job_.progress != Job::Progress::executing) {
    const auto status = process.wait();  // it is ending
    if (job_.progress == Job::Progress::failed) return std::unexpected(failure());
    return std::unexpected(premature_end(job_, status));
  }
  Child child(std::move(process), *pid, state_.drop_policy);
  for (int number = 0; number < 3; ++number)
    child.pipes_[number] = std::move(parent_ends_[number]);
  hand_over();
  return child;
}

void Command::Attempt::hand_over() {
  for (Stdio& stream : state_.streams)
    stream.owned_.reset();
  for (State::Passed& passed : state_.passed) {
    if (!passed.owned) continue;
    passed.owned.reset();
    passed.handed_over = true;
  }
}

std::expected<Child, SpawnError> Command::spawn() {
  State& state = this->state();
  if (state.mistake) return std::unexpected(*state.mistake);
  Attempt attempt(state);
  if (auto error = attempt.prepare()) return std::unexpected(*std::move(error));
  return attempt.run();
}

}  // namespace v0
}  // namespace sysfd
