// SPDX-License-Identifier: MIT
#include <sysfd/command.hpp>

#include <algorithm>
#include <csignal>
#include <string_view>

#include <sysfd/detail/decimal.hpp>
#include <sysfd/detail/join.hpp>

#include "attempt.hpp"
#include "command_state.hpp"

namespace sysfd {
inline namespace v0 {
namespace {

constexpr std::size_t standard_streams = 3;

// What stands in a message for a string that cannot be shown.
std::string shown(Text string) {
  const char* fault = string.fault();
  return fault ? detail::join({"(", fault, ")"}) : std::string(string.view());
}

bool is_name_of_variable(Text name) noexcept {
  return !name.fault() && !name.view().empty() && !name.view().contains('=');
}

}  // namespace

namespace detail {
SpawnError wrong_value(SpawnStep step, std::string subject, int index) {
  return {step, error_code(EINVAL), index, std::move(subject)};
}
}  // namespace detail

void Command::State::wrong(SpawnStep step, int error, int index, std::string subject) {
  if (!mistake) mistake.emplace(step, detail::error_code(error), index, std::move(subject));
}

void Command::State::add_argument(std::string_view value) {
  argument_text.emplace_back(value);
  arguments.push_back(nullptr);
  arguments[arguments.size() - 2] = argument_text.back().data();
}

void Command::State::wrong(detail::Mistake found) {
  if (!mistake) mistake = std::move(found);
}

bool Command::State::says(int stream) const noexcept {
  return streams[stream].kind_ != Stdio::Kind::unset ||
         std::ranges::find(passed, stream, &Passed::target) != passed.end();
}

bool Command::State::takes_input(const SpawnChanges& changes) const noexcept {
  if (const PlacedFd* placed = detail::find_placed(changes, 0)) return !placed->fd;
  return !says(0) || streams[0].kind_ == Stdio::Kind::pipe;
}

void Command::Workspace::reserve(std::size_t descriptors) {
  constexpr std::size_t streams_and_attributes = 24;
  fds.reserve(standard_streams + descriptors);
  steps.reserve(streams_and_attributes + 2 * descriptors);
  planned_descriptors.reserve(descriptors);
}

[[gnu::hot]] Command::State& Command::state() const noexcept {
  if (!state_) detail::contract_violation("use of a Command that was moved from");
  return *state_;
}

Command::State& Command::changed_state() const noexcept {
  State& state = this->state();
  state.workspace.plan_holds = false;
  return state;
}

// All of a State has an initializer: nothing is to be zeroed before.
Command::Command(Text program) : state_(std::make_unique_for_overwrite<State>()) {
  State& state = *state_;
  if (program.fault())
    state.wrong(SpawnStep::program, EINVAL, -1, shown(program));
  else if (program.view().empty())
    state.wrong(SpawnStep::program, ENOENT, -1, "");
  else
    state.program = program.view();
  state.argument_text.push_back(state.program);
  state.arguments = {state.argument_text.back().data(), nullptr};
  state.workspace.reserve(0);
  state.workspace.candidates.reserve(state.program.size() + 2);
}

Command::Command(BorrowedFd program, Text argument0) : Command("(descriptor)") {
  State& state = *state_;
  state.program_fd = program.get();
  state.use_descriptors();
  state.program = "descriptor " + detail::decimal(program.get());
  this->argument0(argument0);
  if (program.get() < 0) state.wrong(SpawnStep::program, EBADF, -1, state.program);
}

Command Command::shell(Text line) {
  Command command("/bin/sh");
  State& state = *command.state_;
  command.argument0("sh");
  if (line.fault()) state.wrong(SpawnStep::program, EINVAL, -1, shown(line));
  for (const std::string_view argument :
       {std::string_view("-c"), std::string_view("--"), line.view(), std::string_view("sh")})
    state.add_argument(argument);
  state.preset_arguments = static_cast<int>(state.arguments.size()) - 2;
  return command;
}

Command::Command(Command&&) noexcept = default;
Command& Command::operator=(Command&&) noexcept = default;
Command::~Command() = default;

Command& Command::search(ProgramSearch where) & {
  State& state = changed_state();
  state.search = where;
  state.search_directories.clear();
  return *this;
}

void Command::add_search_directory(Text directory) {
  State& state = changed_state();
  if (directory.fault() || directory.view().empty())
    state.wrong(SpawnStep::program, EINVAL, -1,
                state.program + ", to be searched in " +
                    (directory.fault() ? directory.fault() : "a directory without a name"));
  state.search_directories.emplace_back(directory.view());
}

Command& Command::shell_fallback() & {
  changed_state().prepare_shell_arguments = &Attempt::prepare_shell_arguments;
  return *this;
}

Command& Command::argument0(Text value) & {
  State& state = changed_state();
  if (value.fault()) {
    state.wrong(SpawnStep::program, EINVAL, -1, shown(value));
    return *this;
  }
  state.argument_text.front() = value.view();
  state.arguments.front() = state.argument_text.front().data();
  return *this;
}

Command& Command::arg(Text value) & {
  State& state = changed_state();
  if (value.fault())
    state.wrong(SpawnStep::argument, EINVAL, state.argument_calls, shown(value));
  else
    state.add_argument(value.view());
  ++state.argument_calls;
  return *this;
}

Command& Command::env(Text name, Text value) & {
  State& state = changed_state();
  const int index = state.environment_calls++;
  if (!is_name_of_variable(name))
    state.wrong(SpawnStep::environment, EINVAL, index, shown(name));
  else if (const char* fault = value.fault())
    state.wrong(SpawnStep::environment, EINVAL, index, shown(name) + ", whose value is " + fault);
  else
    state.environment.set(name.view(), value.view(), index);
  return *this;
}

Command& Command::remove_env(Text name) & {
  State& state = changed_state();
  const int index = state.environment_calls++;
  if (!is_name_of_variable(name))
    state.wrong(SpawnStep::environment, EINVAL, index, shown(name));
  else
    state.environment.remove(name.view());
  return *this;
}

void Command::add_environment_entry(Text entry) {
  State& state = changed_state();
  const int index = state.environment_calls++;
  if (entry.fault())
    state.wrong(SpawnStep::environment, EINVAL, index, shown(entry));
  else
    state.environment.add(entry.view(), index);
}

Command& Command::clear_env() & {
  changed_state().environment.clear();
  return *this;
}

Command& Command::working_directory(Text path, DirectoryChange change) & {
  State& state = changed_state();
  state.directory = {};
  state.directory_change = change;
  if (path.fault())
    state.wrong(SpawnStep::working_directory, EINVAL, -1, shown(path));
  else
    state.directory.path = path.view();
  return *this;
}

Command& Command::working_directory(BorrowedFd directory, DirectoryChange change) & {
  State& state = changed_state();
  state.directory = {std::nullopt, directory.get()};
  state.use_descriptors();
  state.directory_change = change;
  return *this;
}

Command& Command::root_directory(Text path) & {
  State& state = changed_state();
  state.root = {};
  state.plan_root = &Attempt::plan_root;
  if (path.fault())
    state.wrong(SpawnStep::root_directory, EINVAL, -1, shown(path));
  else
    state.root.path = path.view();
  return *this;
}

Command& Command::root_directory(BorrowedFd directory) & {
  State& state = changed_state();
  state.root = {std::nullopt, directory.get()};
  state.plan_root = &Attempt::plan_root;
  state.use_descriptors();
  return *this;
}

Command& Command::cgroup(BorrowedFd directory) & {
  State& state = changed_state();
  state.cgroup_fd = directory.get();
  state.prepare_cgroup = &Attempt::prepare_cgroup;
  state.use_descriptors();
  if (directory.get() < 0 && directory.get() != cwd().get())
    state.wrong(SpawnStep::cgroup, EBADF, -1, "");
  return *this;
}

Command& Command::stdin_from(Stdio source) & {
  changed_state().set_stream(0, std::move(source));
  return *this;
}

Command& Command::stdout_to(Stdio destination) & {
  changed_state().set_stream(1, std::move(destination));
  return *this;
}

Command& Command::stderr_to(Stdio destination) & {
  changed_state().set_stream(2, std::move(destination));
  return *this;
}

Command& Command::pass(BorrowedFd fd, int number) & {
  State& state = changed_state();
  state.add(state.passed, fd.get(), number, nullptr);
  return *this;
}

// NOLINTNEXTLINE(cppcoreguidelines-rvalue-reference-param-not-moved): moved from by State::add()
Command& Command::pass(OwnedFd&& fd, int number) & {
  State& state = changed_state();
  state.add(state.passed, fd.get(), number, &fd);
  return *this;
}

Command& Command::inherit_descriptors(Inheritance options) & {
  State& state = changed_state();
  for (const int number : options.except)
    if (number < static_cast<int>(standard_streams))
      state.wrong(SpawnStep::descriptor, EINVAL, -1,
                  detail::decimal(number) + ", which is not to be inherited");
  state.inherits = true;
  state.not_inherited = std::move(options.except);
  return *this;
}

Command& Command::forget_descriptor(int number) & {
  State& state = changed_state();
  std::erase_if(state.passed, [number](const auto& passed) { return passed.target == number; });
  if (number >= 0 && number < static_cast<int>(standard_streams))
    state.streams[number] = Stdio(Stdio::Kind::unset);
  return *this;
}

Command& Command::listen_fds(Text name, BorrowedFd fd) & {
  changed_state().add_listener(name, fd, nullptr);
  return *this;
}

// NOLINTNEXTLINE(cppcoreguidelines-rvalue-reference-param-not-moved): moved from by State::add()
Command& Command::listen_fds(Text name, OwnedFd&& fd) & {
  changed_state().add_listener(name, fd, &fd);
  return *this;
}

void Command::State::use_descriptors() noexcept {
  descriptor_parts = &Attempt::descriptor_parts;
}

void Command::State::set_stream(int stream, Stdio&& said) {
  use_descriptors();
  streams[stream] = std::move(said);
}

// Makes room first: where there is none, the owner still has its descriptor.
void Command::State::add(std::vector<Passed>& list, int source, int target, OwnedFd* owner) {
  if (list.size() == list.capacity()) list.reserve(2 * list.size() + 1);
  workspace.reserve(passed.capacity() + listeners.capacity());
  use_descriptors();
  list.push_back({source, target, std::nullopt});
  if (owner) list.back().owned = std::move(*owner);
}

// sd_listen_fds_with_names(3) separates the names by colons.
void Command::State::add_listener(Text name, BorrowedFd fd, OwnedFd* owner) {
  constexpr int first_number = 3;  // SD_LISTEN_FDS_START
  constexpr std::size_t longest_name = 255;
  const int index = static_cast<int>(listeners.size());
  const std::string_view text = name.view();
  const bool is_printable =
      std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 127 && c != ':'; });
  if (name.fault() || text.size() > longest_name || !is_printable)
    wrong(SpawnStep::listen_fds, EINVAL, index, shown(name));
  std::string names = listener_names;
  if (index > 0) names += ':';
  names += text;
  add(listeners, fd.get(), first_number + index, owner);
  listener_names = std::move(names);
  resolve_for_listeners = &detail::Environment::resolve_for_listeners;
}

Command& Command::terminal(WindowSize size) & {
  State& state = changed_state();
  state.window_size = size;
  state.use_descriptors();
  for (Stdio& stream : state.streams)
    stream = Stdio::terminal();
  return *this;
}

Command& Command::identity(Identity identity) & {
  State& state = changed_state();
  state.wrong(detail::prepare(std::move(identity), state.identity));
  state.identity_planner = &detail::identity_planner;
  return *this;
}

Command& Command::resources(Resources resources) & {
  State& state = changed_state();
  state.wrong(detail::check(resources));
  state.resources = std::move(resources);
  state.resource_planner = &detail::resource_planner;
  return *this;
}

Command& Command::session(Session session) & {
  State& state = changed_state();
  state.wrong(detail::check(session));
  state.session = session;
  state.plan_session = &detail::plan_session;
  state.use_descriptors();
  return *this;
}

Command& Command::signals(Signals signals) & {
  State& state = changed_state();
  state.wrong(detail::check(signals));
  state.signals = std::move(signals);
  return *this;
}

Command& Command::namespaces(Namespaces namespaces) & {
  State& state = changed_state();
  state.wrong(detail::check(namespaces));
  state.namespaces = std::move(namespaces);
  state.namespace_planner = &detail::namespace_planner;
  state.namespace_parts = &Attempt::namespace_parts;
  state.use_descriptors();
  return *this;
}

Command& Command::on_drop(DropPolicy policy, Timeout grace) & {
  State& state = changed_state();
  state.drop_policy = policy;
  state.grace = grace.duration();
  return *this;
}

Command& Command::parent_death_signal(int signo) & {
  State& state = changed_state();
  if (signo < 1 || signo > SIGRTMAX)
    state.wrong(SpawnStep::parent_death, EINVAL, -1, detail::decimal(signo));
  state.parent_death_signal = signo;
  state.parent_death_parts = &Attempt::parent_death_parts;
  return *this;
}

Command& Command::kill_with_parent() & {
  State& state = changed_state();
  state.killed_with_parent = true;
  state.parent_death_parts = &Attempt::parent_death_parts;
  return *this;
}

Command& Command::leave_no_zombie() & {
  changed_state().prepare_no_zombie = &Attempt::prepare_no_zombie;
  return *this;
}

Command& Command::retry_busy(int times) & {
  changed_state().busy_retries = times;
  return *this;
}

}  // namespace v0
}  // namespace sysfd
