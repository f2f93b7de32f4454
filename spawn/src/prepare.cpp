// SPDX-License-Identifier: MIT
//
// The parent's part before there is a child: everything is decided and made ready, for this child
// or for those after it as well.
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include <sysfd/create.hpp>
#include <sysfd/detail/decimal.hpp>
#include <sysfd/detail/join.hpp>
#include <sysfd/detail/proc_file.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/refusal.hpp>

#include "attempt.hpp"
#include "children_pid_namespace.hpp"
#include "kernel.hpp"
#include "orphan.hpp"

namespace sysfd {
inline namespace v0 {

using detail::error_code;
using detail::FdRequest;
using detail::Mistake;

namespace {

// A child that is born into a frozen cgroup does not run, and its parent waits for it with all
// signals blocked.
bool is_frozen(BorrowedFd cgroup) noexcept {
  const auto events = open(cgroup, "cgroup.events", O_RDONLY);
  if (!events) return false;
  char room[4];
  const auto frozen = detail::find_field(*events, "frozen ", room);
  return frozen && *frozen == "1";
}

// What clone3(2) looks at itself. The process that joins one by writing into its cgroup.procs might
// else write into a file of that name.
bool is_of_cgroups(BorrowedFd directory) noexcept {
  struct statfs file_system{};
  const long answer = detail::system_call_retried(SYS_fstatfs, directory.get(), &file_system);
  return answer == 0 ? file_system.f_type == detail::kernel::cgroup2_magic
                     : detail::is_refusal(answer);
}

}  // namespace

std::string_view Command::State::path_to_search(char* const* environment_of_child) const noexcept {
  if (search == ProgramSearch::nowhere) return "";
  char* const* variables = search == ProgramSearch::caller_path ? ::environ : environment_of_child;
  const char* path = variables ? detail::find_variable(variables, "PATH") : nullptr;
  return path ? path : "/bin:/usr/bin";
}

void Command::State::find_candidates(char* const* environment_of_child,
                                     std::string& candidates) const {
  constexpr std::string_view end("\0", 1);
  candidates.clear();
  const auto add = [&](std::string_view place) {
    detail::append(candidates, {place, "/", program, end});
  };
  if (program.contains('/')) {
    detail::append(candidates, {program, end});
  } else if (search == ProgramSearch::nowhere) {
    for (const std::string& place : search_directories)
      add(place);
  } else {
    detail::for_each_directory(path_to_search(environment_of_child), [&](std::string_view place) {
      if (place.starts_with('/')) add(place);
    });
  }
  candidates.push_back('\0');
}

Command::Made::~Made() = default;

const Command::State::DescriptorParts Command::Attempt::descriptor_parts{
    &Attempt::refuse_own_ends, &Attempt::prepare_descriptors, &Attempt::prepare_held,
    &Attempt::settle_sources};
const Command::State::NamespaceParts Command::Attempt::namespace_parts{
    &Attempt::prepare_pid_namespace, &Attempt::prepare_maps};
const Command::State::ParentDeathParts Command::Attempt::parent_death_parts{
    &Attempt::prepare_parent_death, &Attempt::plan_parent_death};
const Command::State::PreparedParts Command::Attempt::prepared_parts{
    &Attempt::keep_changes, &Attempt::change_environment, &Attempt::prepare_placed,
    &Attempt::append_arguments, &Attempt::prepare_report};

Command::State::Prepared Command::Attempt::ask_once(const State& state) {
  State::Prepared prepared{{}, state.environment.frozen(), {}, &prepared_parts};
  for (int number = 0; number < 3; ++number)
    prepared.inherited_streams[static_cast<std::size_t>(number)] =
        detail::system_call(SYS_fcntl, number, F_GETFD) == 0;
  detail::EnvironmentBuffer unused;
  state.find_candidates(prepared.environment.resolve(unused), prepared.candidates);
  return prepared;
}

Mistake Command::Attempt::prepare_cgroup() {
  if (!state_.cgroup_fd) return std::nullopt;
  if (is_own(*state_.cgroup_fd)) return error_at(SpawnStep::cgroup, error_code(EBADF), -1);
  const bool is_cwd = *state_.cgroup_fd == cwd().get();
  const BorrowedFd cgroup = is_cwd ? cwd() : BorrowedFd::unsafe_borrow(*state_.cgroup_fd);
  auto duplicate = is_cwd ? open(cgroup, ".", O_PATH | O_DIRECTORY) : cgroup.duplicate();
  if (!duplicate) return SpawnError{SpawnStep::cgroup, duplicate.error(), -1, ""};
  if (kind_ == Kind::in_place && !is_of_cgroups(*duplicate))
    return SpawnError{SpawnStep::cgroup, error_code(EBADF), -1, ""};
  if (is_frozen(cgroup)) return SpawnError{SpawnStep::cgroup, error_code(EBUSY), -1, "frozen"};
  made_->cgroup = std::move(*duplicate);
  return std::nullopt;
}

bool Command::Attempt::joins(Namespace kind) const noexcept {
  return std::ranges::any_of(state_.namespaces.join, [kind](const Namespaces::Join& join) {
    return detail::kinds_of(join).contains(kind);
  });
}

bool Command::Attempt::is_in_other_pid_namespace() const noexcept {
  return state_.namespaces.create.contains(Namespace::pid) || joins(Namespace::pid);
}

Mistake Command::Attempt::prepare_pid_namespace() {
  const auto& joins = state_.namespaces.join;
  const auto joined = std::ranges::find_if(joins, [](const Namespaces::Join& join) {
    return detail::kinds_of(join).contains(Namespace::pid);
  });
  if (joined == joins.end()) return std::nullopt;
  auto own = detail::open_proc_link("thread-self/ns", "pid_for_children", O_RDONLY);
  if (!own)
    return SpawnError{SpawnStep::join_namespace, own.error(),
                      static_cast<int>(joined - joins.begin()),
                      "/proc/thread-self/ns/pid_for_children"};
  made_->own_pid_namespace = std::move(*own);
  return std::nullopt;
}

Mistake Command::Attempt::prepare_maps() {
  const Namespaces& namespaces = state_.namespaces;
  if (namespaces.user_map.empty() && namespaces.group_map.empty()) return std::nullopt;
  // The writer of the maps would be that one, and take the child along when it is done.
  if (detail::next_child_is_init())
    return detail::wrong_value(SpawnStep::user_map, "with a pid namespace that has no init yet");
  made_->user_map = state_.namespace_planner->map_text(namespaces.user_map);
  made_->group_map = state_.namespace_planner->map_text(namespaces.group_map);
  made_->maps.emplace();
  if (!made_->user_map.empty()) made_->maps->users = made_->user_map.data();
  made_->maps->users_size = made_->user_map.size();
  if (!made_->group_map.empty()) made_->maps->groups = made_->group_map.data();
  made_->maps->groups_size = made_->group_map.size();
  return std::nullopt;
}

Mistake Command::Attempt::prepare_environment(const detail::Environment& environment) {
  if (state_.listeners.empty()) {
    work_.job.environment = environment.resolve(work_.environment);
  } else {
    if (const char* variable = environment.listen_variable())
      return detail::wrong_value(SpawnStep::environment, variable);
    work_.job.environment = (environment.*state_.resolve_for_listeners)(
        state_.listeners.size(), state_.listener_names, made_->listen_slots, work_.environment);
  }
  return std::nullopt;
}

Mistake Command::Attempt::refuse_in_place() const {
  const auto refuse = [](SpawnStep step, const char* what, int index = -1) {
    return detail::wrong_value(step, what, index);
  };
  for (int number = 0; number < 3; ++number) {
    const auto kind = state_.streams[number].kind_;
    if (kind == Stdio::Kind::pipe || kind == Stdio::Kind::terminal)
      return refuse(SpawnStep::standard_stream, detail::stream_names[number], number);
  }
  if (is_in_other_pid_namespace()) return refuse(SpawnStep::namespaces, "pid");
  if (state_.killed_with_parent) return refuse(SpawnStep::parent_death, "kill_with_parent");
  return std::nullopt;
}

// An orphan has no parent that it could follow, or that could join a pid namespace for it.
// `call`: a function that cannot have one, or nullptr.
Mistake Command::Attempt::prepare_no_zombie(const char* call) {
  const auto refuse = [](const char* what) {
    return detail::wrong_value(SpawnStep::clone, detail::join({"leave_no_zombie() with ", what}));
  };
  if (call) return refuse(call);
  if (kind_ == Kind::in_place) return refuse("exec()");
  if (kind_ == Kind::stage || defaults_) return refuse("output() or a pipeline");
  if (state_.killed_with_parent) return refuse("kill_with_parent()");
  if (state_.parent_death_signal != 0) return refuse("parent_death_signal()");
  if (joins(Namespace::pid)) return refuse("a pid namespace that is joined");
  work_.birth.reaps_itself = true;
  if (!work_.apart) work_.apart = std::make_unique_for_overwrite<detail::Apart>();
  work_.apart->suspends_parent = work_.apart->is_watched = true;
  work_.apart->clone_orphan = detail::clone_orphan;
  work_.apart_of_spawn = work_.apart.get();
  return std::nullopt;
}

Mistake Command::Attempt::make_plan() {
  made_.emplace();
  work_.job = {};
  work_.birth = {};
  if (auto mistake = check_changes()) return mistake;
  if (auto mistake = prepare_environment(state_.environment_of_children())) return mistake;
  if (!changes_.environment.empty())
    if (auto mistake = (this->*state_.prepared->parts->change_environment)()) return mistake;
  work_.fds.clear(kind_ == Kind::in_place || state_.inherits);
  made_->session = state_.session;
  made_->plan_session = state_.plan_session;
  const auto* descriptors = parts_for_descriptors();
  if (descriptors) {
    if (auto mistake = (this->*descriptors->prepare)()) return mistake;
  } else {
    for (int number = 0; number < 3; ++number)
      inherit_stream(number);
  }
  if (state_.prepare_cgroup)
    if (auto mistake = (this->*state_.prepare_cgroup)()) return mistake;
  if (state_.namespace_parts)
    if (auto mistake = (this->*state_.namespace_parts->prepare_pid_namespace)()) return mistake;
  if (kind_ == Kind::reported)
    if (auto mistake = (this->*state_.prepared->parts->prepare_report)()) return mistake;
  if (descriptors)
    if (auto mistake = (this->*descriptors->prepare_held)()) return mistake;
  if (state_.parent_death_parts)
    if (auto mistake = (this->*state_.parent_death_parts->prepare)()) return mistake;
  if (descriptors)
    if (auto mistake = (this->*descriptors->settle_sources)()) return mistake;
  if (const auto twice = work_.fds.make())
    return SpawnError{
        twice->step, error_code(EINVAL), twice->index,
        detail::join({"to be number ", detail::decimal(twice->target), ", which is given twice"})};

  if (state_.namespace_parts)
    if (auto mistake = (this->*state_.namespace_parts->prepare_maps)()) return mistake;
  plan_steps();

  work_.job.first_unneeded = work_.fds.first_unneeded();
  work_.job.inherits = state_.inherits;
  work_.job.gaps = work_.fds.gaps().data();
  work_.job.gap_count = work_.fds.gaps().size();
  work_.job.needs_until_exec = work_.fds.needs_until_exec();
  work_.job.steps = work_.steps.all().data();
  work_.job.step_count = work_.steps.all().size();
  work_.job.signal_mask = detail::signal_mask(state_.signals);
  work_.job.busy_retries = state_.busy_retries;
  work_.job.is_filtered = !state_.identity.said.seccomp.empty();
  if (state_.program_fd) work_.job.program = work_.fds.place_of(*state_.program_fd);
  work_.birth.namespaces = state_.namespaces.create;
  work_.birth.cgroup = made_->cgroup ? made_->cgroup->get() : -1;
  work_.birth.reaps_itself = state_.drop_policy == DropPolicy::detach;
  work_.birth.killed_with_parent = state_.killed_with_parent;
  work_.birth.no_new_privileges = state_.identity.said.no_new_privileges;
  if (state_.prepare_no_zombie)
    if (auto mistake = (this->*state_.prepare_no_zombie)(nullptr)) return mistake;
  work_.changes_credentials = changes_credentials();
  work_.leads_group = made_->session.new_session || made_->session.process_group == 0;
  return std::nullopt;
}

bool Command::Attempt::is_repeatable() const noexcept {
  const auto is_made = [](const auto& own) { return own.has_value(); };
  if (std::ranges::any_of(made_->child_ends, is_made) || made_->child_terminal || made_->cgroup ||
      made_->directory || made_->own_pid_namespace || made_->own_process || made_->maps ||
      made_->report)
    return false;
  const auto is_handed_over = [this](const auto& owner) {
    return owner.has_value() && !state_.prepared;
  };
  if (std::ranges::any_of(state_.passed, is_handed_over, &State::Passed::owned) ||
      std::ranges::any_of(state_.streams, is_handed_over, &Stdio::owned_))
    return false;
  // What another slot might take the place of the next time.
  const auto is_high = [](const FdRequest& request) {
    return request.kind == FdRequest::Kind::descriptor &&
           request.source >= detail::SlotLease::worthwhile;
  };
  if (!made_->slots.is_empty() || std::ranges::any_of(work_.fds.requests(), is_high)) return false;
  // Limits, numbers and namespaces that may have changed the next time.
  return !detail::need_another_plan(changes_) && !state_.prepare_shell_arguments && !defaults_ &&
         kind_ != Kind::in_place && !state_.inherits && state_.namespaces.join.empty() &&
         state_.listeners.empty() && state_.resources.limits.empty() &&
         state_.parent_death_signal == 0 && !state_.killed_with_parent;
}

// What is kept of the SpawnChanges, of this child alone.
Mistake Command::Attempt::keep_changes() {
  auto& numbers = rare().placed_numbers;
  numbers.clear();
  for (const PlacedFd& placed : changes_.placed) {
    const int index = static_cast<int>(state_.passed.size() + numbers.size());
    if (std::ranges::find(numbers, placed.number) != numbers.end())
      return SpawnError{SpawnStep::descriptor, error_code(EINVAL), index,
                        detail::join({"to be number ", detail::decimal(placed.number),
                                      ", which is given twice"})};
    numbers.push_back(placed.number);
  }
  if (changes_.working_directory) {
    const Text path = *changes_.working_directory;
    if (const char* fault = path.fault())
      return detail::wrong_value(SpawnStep::working_directory, detail::join({"(", fault, ")"}));
    rare().directory = {std::string(path.view()), std::nullopt};
  }
  return std::nullopt;
}

// What the LISTEN_... variables are written into stays where it is: the last one is the last one.
Mistake Command::Attempt::change_environment() {
  auto& texts = rare().variable_text;
  auto& all = rare().variables;
  texts.clear();
  all.clear();
  const auto name_of = [](std::string_view entry) { return entry.substr(0, entry.find('=')); };
  for (const CStr change : changes_.environment) {
    const Text entry = change;
    const int index = state_.environment_calls + static_cast<int>(texts.size());
    if (const char* fault = entry.fault())
      return detail::wrong_value(SpawnStep::environment, detail::join({"(", fault, ")"}), index);
    const std::string_view name = name_of(entry.view());
    const bool is_ours = name == "LISTEN_PID" || name == "LISTEN_PIDFDID" || name == "LISTEN_FDS" ||
                         name == "LISTEN_FDNAMES";
    if (name.empty() || (is_ours && !state_.listeners.empty()))
      return detail::wrong_value(SpawnStep::environment, std::string(entry.view()), index);
    texts.emplace_back(entry.view());
  }
  const auto is_changed = [&](std::string_view name) {
    return std::ranges::find(texts, name, name_of) != texts.end();
  };
  // Of two of the same name the later one counts.
  for (auto text = texts.begin(); text != texts.end(); ++text) {
    const std::string_view name = name_of(*text);
    const bool is_last = std::find_if(text + 1, texts.end(), [&](const std::string& later) {
                           return name_of(later) == name;
                         }) == texts.end();
    if (is_last && text->size() > name.size()) all.push_back(text->data());
  }
  for (char* const* variable = work_.job.environment; *variable; ++variable)
    if (!is_changed(name_of(*variable))) all.push_back(*variable);
  all.push_back(nullptr);
  if (!state_.listeners.empty()) made_->listen_slots.identity_variable = &all[all.size() - 2];
  work_.job.environment = all.data();
  return std::nullopt;
}

Mistake Command::Attempt::plan_anew() {
  work_.plan_holds = work_.runs_beside = false;
  if (auto mistake = make_plan()) return mistake;
  work_.planned_descriptors.clear();
  for (const BorrowedFd fd : changes_.descriptors)
    work_.planned_descriptors.push_back(fd.get());
  work_.plan_holds = is_repeatable();
  work_.runs_beside = can_run_beside();
  work_.searches_path = !state_.program_fd && !state_.program.contains('/');
  return std::nullopt;
}

// Those of execvp(3): the shell, the path of the script, which the child fills in, and what else
// the program is given.
void Command::Attempt::prepare_shell_arguments() {
  static char shell[] = "/bin/sh";
  auto& all = rare().shell_arguments;
  all.assign({shell, nullptr});
  for (char* const* argument = work_.job.arguments + 1; *argument; ++argument)
    all.push_back(*argument);
  all.push_back(nullptr);
  work_.job.shell_arguments = all.data();
}

}  // namespace v0
}  // namespace sysfd
