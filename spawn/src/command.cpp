// SPDX-License-Identifier: MIT
#include <sysfd/command.hpp>

#include <cstring>

#include "command_state.hpp"

namespace sysfd {
inline namespace v0 {
namespace {

constexpr std::size_t standard_streams = 3;

// What stands in a message for a string that cannot be shown.
std::string shown(CStr string) {
  return string.get() ? string.get() : "(a string with a NUL inside)";
}

}  // namespace

void Command::State::wrong(SpawnStep step, int error, int index, std::string subject) {
  if (!mistake) mistake = SpawnError{step, detail::error_code(error), index, std::move(subject)};
}

Command::State& Command::state() const noexcept {
  if (!state_) detail::contract_violation("use of a Command that was moved from");
  return *state_;
}

Command::Command(CStr program) : state_(std::make_unique<State>()) {
  State& state = *state_;
  if (!program.get())
    state.wrong(SpawnStep::program, EINVAL, -1, shown(program));
  else if (*program.get() == '\0')
    state.wrong(SpawnStep::program, ENOENT, -1, "");
  else
    state.program = program.get();
  state.argument_text.push_back(state.program);
  state.arguments = {state.argument_text.back().data(), nullptr};
  state.plan.reserve(standard_streams);
  state.candidates.reserve(state.program.size() + 2);
}

Command::Command(Command&&) noexcept = default;
Command& Command::operator=(Command&&) noexcept = default;
Command::~Command() = default;

Command& Command::arg(CStr value) & {
  State& state = this->state();
  const int index = state.argument_calls++;
  if (!value.get()) {
    state.wrong(SpawnStep::argument, EINVAL, index, shown(value));
    return *this;
  }
  state.argument_text.emplace_back(value.get());
  state.arguments.push_back(nullptr);
  state.arguments[state.arguments.size() - 2] = state.argument_text.back().data();
  return *this;
}

Command& Command::env(CStr name, CStr value) & {
  State& state = this->state();
  const int index = state.environment_calls++;
  if (!name.get() || !value.get() || *name.get() == '\0' || std::strchr(name.get(), '='))
    state.wrong(SpawnStep::environment, EINVAL, index, shown(name));
  else
    state.environment.set(name.get(), value.get());
  return *this;
}

Command& Command::remove_env(CStr name) & {
  State& state = this->state();
  const int index = state.environment_calls++;
  if (!name.get() || *name.get() == '\0' || std::strchr(name.get(), '='))
    state.wrong(SpawnStep::environment, EINVAL, index, shown(name));
  else
    state.environment.remove(name.get());
  return *this;
}

Command& Command::clear_env() & {
  state().environment.clear();
  return *this;
}

Command& Command::working_directory(CStr path) & {
  State& state = this->state();
  state.directory_fd = -1;
  if (path.get())
    state.directory = path.get();
  else
    state.wrong(SpawnStep::working_directory, EINVAL, -1, shown(path));
  return *this;
}

Command& Command::working_directory(BorrowedFd directory) & {
  State& state = this->state();
  state.directory.reset();
  state.directory_fd = directory.get();
  return *this;
}

Command& Command::stdin_from(Stdio source) & {
  state().streams[0] = std::move(source);
  return *this;
}

Command& Command::stdout_to(Stdio destination) & {
  state().streams[1] = std::move(destination);
  return *this;
}

Command& Command::stderr_to(Stdio destination) & {
  state().streams[2] = std::move(destination);
  return *this;
}

Command& Command::pass(BorrowedFd fd, int number) & {
  State& state = this->state();
  state.passed.push_back({fd.get(), number, std::nullopt});
  state.plan.reserve(standard_streams + state.passed.capacity());
  return *this;
}

Command& Command::pass(OwnedFd&& fd, int number) & {
  State& state = this->state();
  const int source = fd.get();
  state.passed.push_back({source, number, std::move(fd)});
  state.plan.reserve(standard_streams + state.passed.capacity());
  return *this;
}

Command& Command::on_drop(DropPolicy policy) & {
  state().drop_policy = policy;
  return *this;
}

}  // namespace v0
}  // namespace sysfd
