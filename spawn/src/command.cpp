// SPDX-License-Identifier: MIT
#include <sysfd/command.hpp>

#include <algorithm>
#include <csignal>
#include <string_view>

#include <sysfd/detail/decimal.hpp>
#include <sysfd/detail/fork_mark.hpp>
#include <sysfd/detail/join.hpp>

#include "child.hpp"
#include "command_state.hpp"
#include "communicate.hpp"
#include "plan/attributes/attributes.hpp"
#include "plan/plan_part.hpp"
#include "prepared_state.hpp"
#include "start/containment.hpp"
#include "start/id_map_writer.hpp"
#include "start/orphan.hpp"
#include "start/spawn.hpp"

namespace sysfd {
inline namespace v0 {
namespace {

using detail::CommandSpec;
using detail::CommandState;
using detail::PlanParts;
using detail::StreamKind;
using detail::StreamSpec;

constexpr int standard_streams = 3;

// The text of a string in a message, or why it cannot be passed to a system call.
std::string shown(Text string) {
  const char* fault = string.fault();
  return fault ? detail::join({"(", fault, ")"}) : std::string(string.view());
}

bool is_name_of_variable(Text name) noexcept {
  return !name.fault() && !name.view().empty() && !name.view().contains('=');
}

void reject(CommandSpec& spec, SpawnStep step, int error, int index, std::string subject) {
  spec.reject({step, detail::error_code(error), index, std::move(subject)});
}

void reject_if_failed(CommandSpec& spec, Result<void, SpawnError> checked) {
  if (!checked) spec.reject(std::move(checked.error()));
}

// Called by each setter that takes a descriptor or sets a stream.
void use_descriptors(CommandSpec& spec) noexcept {
  set_part(spec, &PlanParts::descriptors, detail::descriptors_part);
}

void set_stream(CommandSpec& spec, int stream, StreamSpec&& given) {
  use_descriptors(spec);
  spec.streams[stream] = std::move(given);
}

// Makes room first: if there is none, the owner still has its descriptor.
void add_passed(detail::SpawnScratch& scratch, CommandSpec& spec,
                std::vector<detail::PassedFd>& list, BorrowedFd source, int target,
                OwnedFd* owner) {
  if (list.size() == list.capacity()) list.reserve(2 * list.size() + 6);
  scratch.reserve(spec.passed.capacity() + spec.listeners.capacity());
  use_descriptors(spec);
  list.push_back({source, target, std::nullopt});
  if (owner) list.back().owned = std::move(*owner);
}

// sd_listen_fds_with_names(3) separates the names by colons.
void add_listener(detail::SpawnScratch& scratch, CommandSpec& spec, Text name, BorrowedFd fd,
                  OwnedFd* owner) {
  constexpr int first_number = 3;  // SD_LISTEN_FDS_START
  constexpr std::size_t longest_name = 255;
  const int index = static_cast<int>(spec.listeners.size());
  const std::string_view text = name.view();
  const bool is_printable =
      std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 127 && c != ':'; });
  if (name.fault() || text.size() > longest_name || !is_printable)
    reject(spec, SpawnStep::listen_fds, EINVAL, index, shown(name));
  std::string names = spec.listener_names;
  if (index > 0) names += ':';
  names += text;
  add_passed(scratch, spec, spec.listeners, fd, first_number + index, owner);
  spec.listener_names = std::move(names);
  set_part(spec, &PlanParts::listeners, detail::listeners_part);
}

}  // namespace

CommandState& Command::state() const noexcept {
  if (!state_) detail::contract_violation("use of a Command that was moved from");
  return *state_;
}

CommandSpec& Command::changed_spec() const noexcept {
  CommandState& state = this->state();
  state.scratch.child.reuse = detail::Reuse::no;
  return state.spec;
}

// Every member that needs a value has an initializer.
Command::Command(Text program) : state_(std::make_unique<CommandState>(program.view())) {
  CommandSpec& spec = state_->spec;
  if (program.fault())
    reject(spec, SpawnStep::program, EINVAL, -1, shown(program));
  else if (program.view().empty())
    reject(spec, SpawnStep::program, ENOENT, -1, "");
}

Command::Command(BorrowedFd program, Text argument0)
    : Command("descriptor " + detail::decimal(program.get())) {
  CommandSpec& spec = state_->spec;
  spec.program_fd = program;
  set_part(spec, &PlanParts::program, detail::program_part);
  use_descriptors(spec);
  this->argument0(argument0);
  if (program.get() < 0) reject(spec, SpawnStep::program, EBADF, -1, std::string(spec.program()));
}

Command Command::shell(Text line) {
  Command command("/bin/sh");
  CommandSpec& spec = command.state_->spec;
  command.argument0("sh");
  if (line.fault()) reject(spec, SpawnStep::program, EINVAL, -1, shown(line));
  for (const std::string_view argument :
       {std::string_view("-c"), std::string_view("--"), line.view(), std::string_view("sh")})
    spec.arguments.add(argument);
  spec.preset_arguments = static_cast<int>(spec.arguments.size()) - 1;
  return command;
}

Command::Command(Command&&) noexcept = default;
Command& Command::operator=(Command&&) noexcept = default;
Command::~Command() = default;

Command& Command::search(ProgramSearch where) & {
  CommandSpec& spec = changed_spec();
  spec.search = where;
  spec.search_directories.clear();
  return *this;
}

void Command::add_search_directory(Text directory) {
  CommandSpec& spec = changed_spec();
  if (directory.fault() || directory.view().empty())
    reject(spec, SpawnStep::program, EINVAL, -1,
           std::string(spec.program()) + ", to be searched in " +
               (directory.fault() ? directory.fault() : "a directory without a name"));
  spec.search_directories.emplace_back(directory.view());
}

Command& Command::shell_fallback() & {
  set_part(changed_spec(), &PlanParts::shell, detail::shell_part);
  return *this;
}

Command& Command::argument0(Text value) & {
  CommandSpec& spec = changed_spec();
  if (value.fault()) {
    reject(spec, SpawnStep::program, EINVAL, -1, shown(value));
    return *this;
  }
  spec.argument0 = std::make_unique<std::string>(value.view());
  spec.arguments.set_first(spec.argument0->c_str());
  return *this;
}

Command& Command::arg(Text value) & {
  CommandSpec& spec = changed_spec();
  if (value.fault())
    reject(spec, SpawnStep::argument, EINVAL, spec.argument_calls, shown(value));
  else
    spec.arguments.add(value.view());
  ++spec.argument_calls;
  return *this;
}

Command& Command::env(Text name, Text value) & {
  CommandSpec& spec = changed_spec();
  const int index = spec.environment_calls++;
  if (!is_name_of_variable(name))
    reject(spec, SpawnStep::environment, EINVAL, index, shown(name));
  else if (const char* fault = value.fault())
    reject(spec, SpawnStep::environment, EINVAL, index, shown(name) + ", whose value is " + fault);
  else
    spec.environment.set(name.view(), value.view(), index);
  return *this;
}

Command& Command::remove_env(Text name) & {
  CommandSpec& spec = changed_spec();
  const int index = spec.environment_calls++;
  if (!is_name_of_variable(name))
    reject(spec, SpawnStep::environment, EINVAL, index, shown(name));
  else
    spec.environment.remove(name.view());
  return *this;
}

void Command::add_environment_entry(Text entry) {
  CommandSpec& spec = changed_spec();
  const int index = spec.environment_calls++;
  if (entry.fault())
    reject(spec, SpawnStep::environment, EINVAL, index, shown(entry));
  else
    spec.environment.add(entry.view(), index);
}

Command& Command::clear_env() & {
  changed_spec().environment.clear();
  return *this;
}

Command& Command::working_directory(Text path, DirectoryChange change) & {
  CommandSpec& spec = changed_spec();
  spec.directory = {};
  spec.directory_change = change;
  set_part(spec, &PlanParts::working_directory, detail::working_directory_part);
  if (path.fault())
    reject(spec, SpawnStep::working_directory, EINVAL, -1, shown(path));
  else
    spec.directory.path = path.view();
  return *this;
}

Command& Command::working_directory(BorrowedFd directory, DirectoryChange change) & {
  CommandSpec& spec = changed_spec();
  spec.directory = {std::nullopt, directory};
  spec.directory_change = change;
  set_part(spec, &PlanParts::working_directory, detail::working_directory_part);
  use_descriptors(spec);
  return *this;
}

Command& Command::root_directory(Text path) & {
  CommandSpec& spec = changed_spec();
  spec.root = {};
  set_part(spec, &PlanParts::root, detail::root_part);
  if (path.fault())
    reject(spec, SpawnStep::root_directory, EINVAL, -1, shown(path));
  else
    spec.root.path = path.view();
  return *this;
}

Command& Command::root_directory(BorrowedFd directory) & {
  CommandSpec& spec = changed_spec();
  spec.root = {std::nullopt, directory};
  set_part(spec, &PlanParts::root, detail::root_part);
  use_descriptors(spec);
  return *this;
}

Command& Command::cgroup(BorrowedFd directory) & {
  CommandSpec& spec = changed_spec();
  spec.cgroup = directory;
  set_part(spec, &PlanParts::cgroup, detail::cgroup_part);
  use_descriptors(spec);
  if (directory.get() < 0 && directory.get() != cwd().get())
    reject(spec, SpawnStep::cgroup, EBADF, -1, "");
  return *this;
}

Command& Command::landlock(BorrowedFd ruleset) & {
  CommandSpec& spec = changed_spec();
  spec.landlock = ruleset;
  set_part(spec, &PlanParts::landlock, detail::landlock_part);
  use_descriptors(spec);
  if (ruleset.get() < 0) reject(spec, SpawnStep::landlock, EBADF, -1, "");
  return *this;
}

Command& Command::stdin_from(Stdio source) & {
  set_stream(changed_spec(), 0, std::move(source.spec_));
  return *this;
}

Command& Command::stdout_to(Stdio destination) & {
  set_stream(changed_spec(), 1, std::move(destination.spec_));
  return *this;
}

Command& Command::stderr_to(Stdio destination) & {
  set_stream(changed_spec(), 2, std::move(destination.spec_));
  return *this;
}

Command& Command::pass(BorrowedFd fd, int number) & {
  CommandSpec& spec = changed_spec();
  add_passed(state().scratch, spec, spec.passed, fd, number, nullptr);
  return *this;
}

// NOLINTNEXTLINE(cppcoreguidelines-rvalue-reference-param-not-moved): moved from by add_passed()
Command& Command::pass(OwnedFd&& fd, int number) & {
  CommandSpec& spec = changed_spec();
  add_passed(state().scratch, spec, spec.passed, fd, number, &fd);
  return *this;
}

Command& Command::inherit_descriptors(Inheritance options) & {
  CommandSpec& spec = changed_spec();
  for (const int number : options.except)
    if (number < standard_streams)
      reject(spec, SpawnStep::descriptor, EINVAL, -1,
             detail::decimal(number) + ", which is not to be inherited");
  spec.inherits = true;
  set_part(spec, &PlanParts::inheritance, detail::inheritance_part);
  spec.not_inherited = std::move(options.except);
  return *this;
}

Command& Command::forget_descriptor(int number) & {
  CommandSpec& spec = changed_spec();
  std::erase_if(spec.passed, [number](const auto& passed) { return passed.target == number; });
  if (number >= 0 && number < standard_streams) spec.streams[number] = {};
  return *this;
}

Command& Command::listen_fds(Text name, BorrowedFd fd) & {
  add_listener(state().scratch, changed_spec(), name, fd, nullptr);
  return *this;
}

// NOLINTNEXTLINE(cppcoreguidelines-rvalue-reference-param-not-moved): moved from by add_passed()
Command& Command::listen_fds(Text name, OwnedFd&& fd) & {
  add_listener(state().scratch, changed_spec(), name, fd, &fd);
  return *this;
}

Command& Command::terminal(WindowSize size) & {
  CommandSpec& spec = changed_spec();
  spec.window_size = size;
  use_descriptors(spec);
  for (StreamSpec& stream : spec.streams)
    stream = {.kind = StreamKind::terminal};
  return *this;
}

Command& Command::identity(Identity identity) & {
  CommandSpec& spec = changed_spec();
  auto parsed = detail::parse(std::move(identity));
  if (!parsed) {
    spec.reject(std::move(parsed.error()));
    return *this;
  }
  spec.identity = std::make_unique<detail::ParsedIdentity>(*std::move(parsed));
  set_part(spec, &PlanParts::identity, detail::identity_part);
  return *this;
}

Command& Command::resources(Resources resources) & {
  CommandSpec& spec = changed_spec();
  reject_if_failed(spec, detail::check(resources));
  spec.resources = std::make_unique<Resources>(std::move(resources));
  set_part(spec, &PlanParts::resources, detail::resources_part);
  return *this;
}

Command& Command::session(Session session) & {
  CommandSpec& spec = changed_spec();
  reject_if_failed(spec, detail::check(session));
  spec.session = session;
  set_part(spec, &PlanParts::session, detail::session_part);
  use_descriptors(spec);
  return *this;
}

Command& Command::signals(Signals signals) & {
  CommandSpec& spec = changed_spec();
  reject_if_failed(spec, detail::check(signals));
  spec.signals = std::make_unique<Signals>(std::move(signals));
  spec.parts.planner = &detail::parts_planner;
  return *this;
}

Command& Command::namespaces(Namespaces namespaces) & {
  CommandSpec& spec = changed_spec();
  reject_if_failed(spec, detail::check(namespaces));
  spec.namespaces = std::make_unique<Namespaces>(std::move(namespaces));
  set_part(spec, &PlanParts::namespaces, detail::namespaces_part);
  set_part(spec, &PlanParts::id_map_writer, detail::id_map_writer_start);
  use_descriptors(spec);
  return *this;
}

Command& Command::on_drop(DropPolicy policy, Timeout grace) & {
  CommandSpec& spec = changed_spec();
  spec.drop_policy = policy;
  spec.grace = grace.duration();
  return *this;
}

Command& Command::parent_death_signal(int signo) & {
  CommandSpec& spec = changed_spec();
  if (signo < 1 || signo > SIGRTMAX)
    reject(spec, SpawnStep::parent_death, EINVAL, -1, detail::decimal(signo));
  spec.parent_death_signal = signo;
  set_part(spec, &PlanParts::parent_death, detail::parent_death_part);
  return *this;
}

Command& Command::kill_with_parent() & {
  CommandSpec& spec = changed_spec();
  spec.killed_with_parent = true;
  set_part(spec, &PlanParts::parent_death, detail::parent_death_part);
  return *this;
}

Command& Command::leave_no_zombie() & {
  set_part(changed_spec(), &PlanParts::no_zombie, detail::no_zombie_part);
  return *this;
}

Command& Command::contain(Containment containment) & {
  CommandSpec& spec = changed_spec();
  spec.containment = std::move(containment);
  set_part(spec, &PlanParts::containment, detail::containment_part);
  return *this;
}

Command& Command::retry_busy(int times) & {
  changed_spec().busy_retries = times;
  return *this;
}

Result<Child, SpawnError> Command::spawn() {
  auto& [spec, scratch] = state();
  if (spec.invalid) return std::unexpected(*spec.invalid);
  return detail::spawn_child(spec, {}, scratch);
}

Result<ExitStatus, SpawnError> Command::status() {
  auto& [spec, scratch] = state();
  if (spec.invalid) return std::unexpected(*spec.invalid);
  return detail::status(spec, {}, scratch);
}

SpawnError Command::exec() {
  auto& [spec, scratch] = state();
  if (spec.invalid) return *spec.invalid;
  return detail::exec(spec, scratch);
}

Result<Output, SpawnError> Command::output(const OutputOptions& options) {
  auto& [spec, scratch] = state();
  if (spec.invalid) return std::unexpected(*spec.invalid);
  return detail::collect_output(spec, scratch, options, detail::no_changes);
}

// A plan that fails now would fail for each child.
static Result<void, SpawnError> try_plan(detail::PreparedState& state) {
  const detail::ScratchLease lease(state);
  auto plan = detail::plan_spawn(state.spec(), {}, lease.scratch());
  if (!plan) return std::unexpected(std::move(plan.error()));
  return {};
}

Result<PreparedCommand, SpawnError> Command::prepare() && {
  const auto& spec = state().spec;
  if (spec.invalid) return std::unexpected(*spec.invalid);
  (void)detail::fork_mark();  // which each Child keeps: spawn() need not make it
  const auto prepared = std::make_shared<detail::PreparedState>();
  detail::Takeover takeover(*prepared, state_);
  PreparedCommand command(prepared);
  if (auto done = try_plan(*prepared); !done) return std::unexpected(std::move(done.error()));
  takeover.succeed();
  return command;
}

Result<PendingChild, SpawnError> Command::spawn_async(Confirmation confirmation) && {
  const auto& spec = state().spec;
  if (spec.invalid) return std::unexpected(*spec.invalid);
  const auto prepared = std::make_shared<detail::PreparedState>();
  detail::Takeover takeover(*prepared, state_);
  auto pending = detail::start_pending(prepared, detail::no_changes, confirmation);
  if (pending) takeover.succeed();
  return pending;
}

detail::CommandState& detail::state_of(Command& command) noexcept {
  return command.state();
}

}  // namespace v0
}  // namespace sysfd
