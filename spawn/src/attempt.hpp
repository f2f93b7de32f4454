// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_ATTEMPT_HPP
#define SYSFD_SPAWN_SRC_ATTEMPT_HPP

#include <array>
#include <expected>
#include <optional>

#include <sysfd/command.hpp>
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

}  // namespace detail

// What a stream is that a Command says nothing about.
using Defaults = std::array<const Stdio*, 3>;

// One call of spawn() or exec(): what it makes on top of what the Command has.
struct Command::Attempt {
  enum class Kind { child, in_place };
  Attempt(State& state, Workspace& work, Kind kind, const Defaults& defaults,
          const SpawnChanges& changes) noexcept
      : state_(state), work_(work), kind_(kind), defaults_(defaults), changes_(changes) {}

  // From beginning to end.
  static std::expected<Child, SpawnError> spawn(State& state, Workspace& work,
                                                const Defaults& defaults,
                                                const SpawnChanges& changes);
  static std::expected<Output, SpawnError> output(State& state, Workspace& work,
                                                  const OutputOptions& options,
                                                  const SpawnChanges& changes);

  // For a PreparedCommand: what is asked of the system once, and not at each spawn.
  static void freeze(State& state);

  // Everything that can be decided or made before there is a child.
  detail::Mistake prepare();
  std::expected<Child, SpawnError> run();
  SpawnError run_in_place();

 private:
  static bool is_inheritable(int stream) noexcept;
  void look_at_streams() noexcept;
  bool plan_holds() const noexcept;
  bool is_repeatable() const noexcept;
  detail::Mistake make_plan();
  Stdio::Kind kind_of(int stream) const noexcept;
  detail::Mistake append_arguments();
  detail::Mistake prepare_streams();
  detail::Mistake prepare_stream(int number);
  detail::Mistake prepare_terminal(int number);
  detail::Mistake prepare_like_stdout(int number);
  detail::Mistake prepare_passed();
  detail::Mistake prepare_descriptor(const State::Passed& passed, SpawnStep step, int index,
                                     std::uint64_t limit);
  detail::Mistake prepare_session();
  detail::Mistake prepare_cgroup();
  detail::Mistake prepare_pid_namespace();
  detail::Mistake prepare_held();
  detail::Mistake prepare_environment();
  detail::Mistake refuse_in_place() const;
  bool is_own(int fd) const noexcept;
  bool changes_credentials() const noexcept;
  detail::Mistake refuse_own_descriptors() const;
  void lower_sources() noexcept;
  void plan_steps();
  void plan_directory();
  void plan_parent_death();
  bool is_in_other_pid_namespace() const noexcept;

  std::expected<pid_t, SpawnError> enter();
  std::expected<pid_t, SpawnError> enter_with_id_maps();
  std::expected<pid_t, SpawnError> enter_from_pid_namespace();
  SpawnError clone_failure(std::error_code code) const;
  SpawnError error_at(SpawnStep step, std::error_code code, int index) const;
  SpawnError failure() const;
  SpawnError premature_end(const Result<ExitStatus>& status) const;
  void explain_script(SpawnError& error) const;
  std::expected<Child, SpawnError> make_child(PidFd process, pid_t pid);
  void hand_over();

  State& state_;
  Workspace& work_;
  Kind kind_;
  Defaults defaults_;
  const SpawnChanges& changes_;
  detail::Job job_;
  detail::Birth birth_;
  Session session_;
  Inheritable inheritable_{};
  std::optional<OwnedFd> child_ends_[3];  // of pipes
  std::optional<OwnedFd> parent_ends_[3];
  std::optional<OwnedFd> child_terminal_;
  std::optional<OwnedFd> parent_terminal_;
  std::optional<OwnedFd> cgroup_;
  std::optional<OwnedFd> own_pid_namespace_;  // of children, where one is to be born in another
  std::optional<PidFd> own_process_;          // where the child cannot tell its parent by a number
  std::string user_map_, group_map_;
  std::optional<detail::IdMaps> maps_;
  detail::Environment::ListenSlots listen_slots_{};
  detail::SlotLease slots_;
  int busy_retries_ = 0;
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_ATTEMPT_HPP
