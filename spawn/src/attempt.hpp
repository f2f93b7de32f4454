// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_ATTEMPT_HPP
#define SYSFD_SPAWN_SRC_ATTEMPT_HPP

#include <array>
#include <cstdint>
#include <optional>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>
#include <sysfd/prepared_command.hpp>

#include "command_state.hpp"
#include "enter.hpp"
#include "job.hpp"
#include "slots.hpp"

namespace sysfd {
inline namespace v0 {

namespace detail {

// What is said where the number of a descriptor alone does not help.
inline constexpr const char* stream_names[] = {"stdin", "stdout", "stderr"};

// Whether there is more in it than what a plan that is held can be used with.
inline bool need_another_plan(const SpawnChanges& changes) noexcept {
  return (changes.placed.size() | changes.environment.size() |
          std::size_t{changes.working_directory.has_value()}) != 0;
}

}  // namespace detail

// What is made for this child only. Not there where the plan of an earlier child holds.
struct Command::Made {
  Session session;
  decltype(&detail::plan_session) plan_session = nullptr;
  std::optional<OwnedFd> child_ends[3];  // of pipes
  std::optional<OwnedFd> parent_ends[3];
  std::optional<OwnedFd> child_terminal;
  std::optional<OwnedFd> parent_terminal;
  std::optional<OwnedFd> cgroup;
  std::optional<OwnedFd> directory;  // the working one, where the child leaves it and is to use it
  std::optional<OwnedFd> own_pid_namespace;  // of children, where one is to be born in another
  std::optional<PidFd> own_process;          // where the child cannot tell its parent by a number
  std::string user_map, group_map;
  std::optional<detail::IdMaps> maps;
  std::optional<detail::IdMapWriter> writer;
  std::optional<Pipe> report;  // the child's end is in its table only
  detail::Environment::ListenSlots listen_slots{};
  detail::SlotLease slots;

  Made() = default;
  Made(const Made&) = delete;
  Made& operator=(const Made&) = delete;
  ~Made();  // once for all who have an Attempt
};

// One call of spawn() or exec(): what it makes on top of what the Command has.
struct Command::Attempt {
  enum class Kind {
    child,
    stage,  // such a child of a pipeline: what the Command owns is handed over when all stages run
    pending,   // a child that this call does not wait for: it keeps what it was given
    reported,  // such a one, and there is a descriptor that says when it is decided
    in_place,
  };
  static const State::DescriptorParts descriptor_parts;
  static const State::NamespaceParts namespace_parts;
  static const State::ParentDeathParts parent_death_parts;
  static const State::PreparedParts prepared_parts;

  // What each stream is that the Command says nothing about; no pointer: inherited.
  struct Defaults {
    std::array<const Stdio*, 3> streams;
    const State::DescriptorParts* parts = &descriptor_parts;
  };
  Attempt(State& state, Workspace& work, Kind kind, const Defaults* defaults,
          const SpawnChanges& changes) noexcept
      : state_(state), work_(work), kind_(kind), defaults_(defaults), changes_(changes) {}

  // From beginning to end.
  [[gnu::hot]] static Result<Child, SpawnError> spawn(State& state, Workspace& work,
                                                      const Defaults* defaults,
                                                      const SpawnChanges& changes);
  [[gnu::hot]] static Result<ExitStatus, SpawnError> status(State& state, Workspace& work,
                                                            const SpawnChanges& changes);
  static Result<Output, SpawnError> output(State& state, Workspace& work,
                                           const OutputOptions& options,
                                           const SpawnChanges& changes);
  static Result<Child, SpawnError> spawn_stage(State& state, const Defaults& defaults);
  // What the Command owns is the child's from now on.
  static void hand_over(State& state) noexcept;

  // For a PreparedCommand: what is asked of the system once, and not at each spawn. The Command
  // stays as it is.
  static State::Prepared ask_once(const State& state);

  // Everything that can be decided or made before there is a child.
  [[gnu::hot]] detail::Mistake prepare();
  [[gnu::hot]] Result<Child, SpawnError> run();
  SpawnError run_in_place();

  // run() in two parts. All signals are to be blocked for the first; when the child has left this
  // memory comes the second. With an Apart, prepare() has made what depends on it.
  [[gnu::hot]] Result<detail::Entered, SpawnError> enter(detail::Apart* apart = nullptr);
  [[gnu::hot]] Result<Child, SpawnError> outcome(const detail::Entered& entered);
  // Puts the process group that was in the foreground of a terminal before the child's own there
  // again. For a child that was killed before it executed, and one that was run to its end.
  [[gnu::cold]] static void give_foreground_back(BorrowedFd terminal, int former) noexcept;
  static void give_foreground_back(const State& state, const Workspace& work) noexcept {
    if (work.job.former_foreground > 0 && state.session.foreground_of) [[unlikely]]
      give_foreground_back(*state.session.foreground_of, work.job.former_foreground);
  }
  // Those that a State points to by themselves.
  detail::Mistake prepare_cgroup();
  detail::Mistake prepare_no_zombie(const char* call);
  void prepare_shell_arguments();
  void plan_root();
  // For run_in_place(), before prepare().
  detail::Mistake refuse_in_place() const;
  // The pipe that is hung up when the child is decided.
  std::optional<OwnedFd> take_report() noexcept;
  // Whether the child needs a copy of the descriptor table from the start: it is given descriptors
  // of somebody else (not 0, 1 and 2), who need not wait for it, or is the only one to hold the
  // report.
  bool starts_with_copy() const noexcept {
    return kind_ == Kind::reported ||
           (kind_ == Kind::pending && (work_.fds.lends() || state_.inherits));
  }

 private:
  bool is_waited_for() const noexcept {
    return kind_ == Kind::child || kind_ == Kind::stage || kind_ == Kind::in_place;
  }
  [[gnu::hot]] bool plan_holds() const noexcept;
  [[gnu::noinline]] detail::Mistake plan_anew();
  bool is_repeatable() const noexcept;
  detail::Mistake make_plan();
  const Stdio* default_of(int stream) const noexcept;
  Stdio::Kind kind_of(int stream) const noexcept;
  detail::Mistake append_arguments();
  detail::Mistake check_changes() {
    if (work_.rare) work_.rare->directory.reset();
    if (!detail::need_another_plan(changes_)) return std::nullopt;
    return (this->*state_.prepared->parts->keep_changes)();
  }
  [[gnu::cold]] detail::Mistake keep_changes();
  detail::Rare& rare() {
    if (!work_.rare) work_.rare = std::make_unique<detail::Rare>();
    return *work_.rare;
  }
  [[gnu::cold]] detail::Mistake change_environment();
  const State::Directory& directory() const noexcept {
    return work_.rare && work_.rare->directory ? *work_.rare->directory : state_.directory;
  }
  const PlacedFd* placed_as(int number) const noexcept {
    return detail::find_placed(changes_, number);
  }
  // What the Command says of a stream that is not placed.
  Stdio::Kind said_of(int stream) const noexcept {
    const bool is_placed = !changes_.placed.empty() && placed_as(stream);
    return is_placed ? Stdio::Kind::unset : state_.streams[stream].kind_;
  }
  int target_of_descriptor(int index) const noexcept;
  detail::Mistake prepare_descriptors();
  detail::Mistake prepare_streams();
  void inherit_stream(int number);
  detail::Mistake prepare_stream(int number);
  // nullptr if no descriptor is set.
  const State::DescriptorParts* parts_for_descriptors() const noexcept {
    return state_.descriptor_parts || !defaults_ ? state_.descriptor_parts : defaults_->parts;
  }
  void give_to_child(BorrowedFd made, bool with_group) const noexcept;
  detail::Mistake prepare_terminal(int number);
  detail::Mistake prepare_like_stdout(int number);
  detail::Mistake prepare_passed();
  detail::Mistake prepare_placed(std::uint64_t limit);
  detail::Mistake prepare_descriptor(const State::Passed& passed, SpawnStep step, int index,
                                     std::uint64_t limit);
  detail::Mistake prepare_session_of_terminal();
  detail::Mistake prepare_pid_namespace();
  detail::Mistake prepare_maps();
  detail::Mistake prepare_report();
  detail::Mistake prepare_directory();
  detail::Mistake prepare_held();
  detail::Mistake prepare_parent_death();
  [[gnu::hot]] detail::Mistake prepare_environment(const detail::Environment& environment);
  bool is_own(int fd) const noexcept;
  bool changes_credentials() const noexcept;
  detail::Mistake refuse_own_descriptors() const;
  detail::Mistake settle_sources();
  void plan_steps();
  int number_of(const State::Directory& wanted) const noexcept;
  void plan_directory();
  void plan_parent_death();
  bool joins(Namespace kind) const noexcept;
  bool is_in_other_pid_namespace() const noexcept;

  Result<Child, SpawnError> to_child(const detail::Entered& entered);
  void give_what_was_made(Child& child) noexcept;
  [[gnu::hot]] Result<detail::Entered, SpawnError> enter_here(detail::Apart* apart);
  [[gnu::cold]] SpawnError clone_failure(std::error_code code) const;
  [[gnu::cold]] SpawnError error_at(SpawnStep step, std::error_code code, int index) const;
  [[gnu::cold]] SpawnError failure() const;
  [[gnu::cold]] SpawnError premature_end(const Result<ExitStatus>& status) const;
  [[gnu::cold]] SpawnError why_not_executing(const Result<ExitStatus>& status) const;
  [[gnu::cold]] SpawnError give_up(const PidFd& process, pid_t number, std::error_code why) const;
  // What else can be found out about an error of execve(2).
  struct View;
  [[gnu::cold]] void explain_exec(SpawnError& error) const;
  [[gnu::cold]] void explain_size(SpawnError& error) const;
  [[gnu::cold]] void explain_search(const View& view, SpawnError& error) const;
  [[gnu::cold]] void explain_interpreter(const View& view, BorrowedFd program,
                                         SpawnError& error) const;
  std::optional<View> view_of_child() const;
  bool is_program_passed() const noexcept;
  detail::Mistake refuse_own_ends() const;
  bool can_run_beside() const noexcept;
  [[gnu::hot]] Result<ExitStatus, SpawnError> run_beside();
  Result<ExitStatus, SpawnError> run_and_wait();

  State& state_;
  Workspace& work_;
  Kind kind_;
  const Defaults* defaults_;
  const SpawnChanges& changes_;  // until prepare() has returned
  std::optional<Made> made_;
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_ATTEMPT_HPP
