// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_COMMAND_STATE_HPP
#define SYSFD_SPAWN_SRC_COMMAND_STATE_HPP

#include <array>
#include <bitset>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>
#include <sysfd/prepared_command.hpp>

#include "attributes/attributes.hpp"
#include "enter.hpp"
#include "environment.hpp"
#include "fd_plan.hpp"
#include "job.hpp"
#include "steps.hpp"

namespace sysfd {
inline namespace v0 {

namespace detail {

// One that the child is to change to.
struct Directory {
  std::optional<std::string> path;
  std::optional<int> fd;
  bool is_given() const noexcept { return path || fd; }
  bool is_cwd() const noexcept { return fd == cwd().get(); }
};

// What is placed as that number, if anything is said of it.
inline const PlacedFd* find_placed(const SpawnChanges& changes, int number) noexcept {
  for (const PlacedFd& placed : changes.placed)
    if (placed.number == number) return &placed;
  return nullptr;
}

// What only some children need.
struct Rare {
  // Of SpawnChanges: the environment that was changed, and the texts of its entries; the working
  // directory; the numbers of what was placed.
  std::vector<char*> variables;
  std::vector<std::string> variable_text;
  std::optional<Directory> directory;
  std::vector<int> placed_numbers;
  std::vector<char*> shell_arguments;  // for Job::shell_arguments
};

}  // namespace detail

// What one spawn() after the other needs memory for, and has worked out.
struct Command::Workspace {
  detail::EnvironmentBuffer environment;
  std::vector<char*> arguments;            // where some are appended
  std::vector<std::string> argument_text;  // of those, where they are to be kept
  std::unique_ptr<detail::Rare> rare;      // from the first such child on
  std::string candidates;
  detail::FdPlan fds;
  detail::Steps steps;

  // What the child is to do and to be from its first moment, and what came of it.
  detail::Job job;
  detail::Birth birth;
  bool changes_credentials = false;
  bool leads_group = false;

  std::unique_ptr<detail::Apart> apart;     // for status(), from the first time on, or:
  detail::Apart* apart_of_spawn = nullptr;  // the same, for a child that leaves no zombie

  // Whether all of this is for the next child as well: until a setter is called, where nothing is
  // made for each child (a pipe, ...) and nothing was asked of the system.
  bool plan_holds = false;
  bool runs_beside = false;    // and whether status() need not suspend the parent for that child
  bool searches_path = false;  // and whether another PATH leads to another program
  std::vector<int> planned_descriptors;  // the numbers of SpawnChanges::descriptors

  // Makes room for a child that is given so many descriptors, so that spawn() need not.
  void reserve(std::size_t descriptors);
};

// What the setters of a Command collect.
struct Command::State {
  struct Passed {
    int source;
    int target;
    std::optional<OwnedFd> owned;
    bool handed_over = false;
  };
  using Directory = detail::Directory;

  // The first mistake that a setter found.
  std::optional<SpawnError> mistake;

  std::string program;  // for messages where it is a descriptor
  std::optional<int> program_fd;
  ProgramSearch search = ProgramSearch::child_path;
  std::vector<std::string> search_directories;  // instead of a PATH, where `search` is `nowhere`
  std::deque<std::string>
      argument_text;             // a deque: what the pointers below point to stays where it is
  std::vector<char*> arguments;  // ends with a null pointer, at all times
  int preset_arguments = 0;      // those behind argument 0 that no call of arg() has added
  int argument_calls = 0;
  detail::Environment environment;
  int environment_calls = 0;
  Directory root;
  Directory directory;
  DirectoryChange directory_change = DirectoryChange::before_identity;
  std::optional<int> cgroup_fd;
  Stdio streams[3] = {Stdio(Stdio::Kind::unset), Stdio(Stdio::Kind::unset),
                      Stdio(Stdio::Kind::unset)};
  std::vector<Passed> passed;
  bool inherits = false;           // all that is not close-on-exec
  std::vector<int> not_inherited;  // but these
  std::vector<Passed> listeners;
  std::string listener_names;
  WindowSize window_size;
  detail::PreparedIdentity identity;
  Resources resources;
  Session session;
  Signals signals;
  Namespaces namespaces;

  // What only some children need is called through these pointers, of which many are to parts of an
  // Attempt. The setters set them, so that a program that calls no such setter is linked without
  // it.
  struct DescriptorParts {
    detail::Mistake (Attempt::*refuse_own_ends)() const;
    detail::Mistake (Attempt::*prepare)();
    detail::Mistake (Attempt::*prepare_held)();
    detail::Mistake (Attempt::*settle_sources)();
  };
  struct NamespaceParts {
    detail::Mistake (Attempt::*prepare_pid_namespace)();
    detail::Mistake (Attempt::*prepare_maps)();
  };
  struct ParentDeathParts {
    detail::Mistake (Attempt::*prepare)();
    void (Attempt::*plan)();
  };
  const DescriptorParts* descriptor_parts = nullptr;
  const NamespaceParts* namespace_parts = nullptr;
  const ParentDeathParts* parent_death_parts = nullptr;
  const detail::IdentityPlanner* identity_planner = nullptr;
  const detail::ResourcePlanner* resource_planner = nullptr;
  const detail::NamespacePlanner* namespace_planner = nullptr;
  decltype(&detail::plan_session) plan_session = nullptr;
  detail::Mistake (Attempt::*prepare_cgroup)() = nullptr;
  detail::Mistake (Attempt::*prepare_no_zombie)(const char* call) = nullptr;
  void (Attempt::*prepare_shell_arguments)() = nullptr;
  void (Attempt::*plan_root)() = nullptr;
  decltype(&detail::Environment::resolve_for_listeners) resolve_for_listeners = nullptr;

  DropPolicy drop_policy = DropPolicy::kill;
  std::chrono::nanoseconds grace{};
  int parent_death_signal = 0;
  bool killed_with_parent = false;
  int busy_retries = 0;

  // What SpawnChanges need, and spawn_async(), which only a PreparedCommand has.
  struct PreparedParts {
    detail::Mistake (Attempt::*keep_changes)();
    detail::Mistake (Attempt::*change_environment)();
    detail::Mistake (Attempt::*prepare_placed)(std::uint64_t limit);
    detail::Mistake (Attempt::*append_arguments)();
    detail::Mistake (Attempt::*prepare_report)();
  };

  // Of a PreparedCommand, which keeps what it owns: what was asked of the system once.
  struct Prepared {
    std::bitset<3> inherited_streams;  // of those that are to be
    detail::Environment environment;
    std::string candidates;
    const PreparedParts* parts;
  };
  std::optional<Prepared> prepared;

  Workspace workspace;

  void add_argument(std::string_view value);
  // Remembers a mistake, unless there was one before.
  void wrong(SpawnStep step, int error, int index, std::string subject);
  void wrong(detail::Mistake found);
  const detail::Environment& environment_of_children() const noexcept {
    return prepared ? prepared->environment : environment;
  }
  // The PATH to search for a child with this environment.
  std::string_view path_to_search(char* const* environment_of_child) const noexcept;
  // The paths to try for the program, as Job::candidates has them.
  void find_candidates(char* const* environment_of_child, std::string& candidates) const;
  // Whether the Command says what this stream is.
  bool says(int stream) const noexcept;
  // Whether what output() is given to feed can reach the child.
  bool takes_input(const SpawnChanges& changes = {}) const noexcept;
  // For output(), which would never see the end of one.
  detail::Mistake refuse_terminals(const SpawnChanges& changes = {}) const;
  void set_stream(int stream, Stdio&& said);
  // For a setter that takes a descriptor, or says what one is.
  void use_descriptors() noexcept;
  // `owner`: whose descriptor it is, if the Command is to take it over.
  void add(std::vector<Passed>& list, int source, int target, OwnedFd* owner);
  void add_listener(Text name, BorrowedFd fd, OwnedFd* owner);
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_COMMAND_STATE_HPP
