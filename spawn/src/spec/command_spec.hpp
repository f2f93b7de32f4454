// SPDX-License-Identifier: MIT
//
// What the setters of a Command collect. Nothing here makes a system call.
#ifndef SYSFD_SPAWN_SRC_SPEC_COMMAND_SPEC_HPP
#define SYSFD_SPAWN_SRC_SPEC_COMMAND_SPEC_HPP

#include <bitset>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sysfd/containment.hpp>
#include <sysfd/create.hpp>
#include <sysfd/directory_change.hpp>
#include <sysfd/drop_policy.hpp>
#include <sysfd/namespaces.hpp>
#include <sysfd/program_search.hpp>
#include <sysfd/resources.hpp>
#include <sysfd/result.hpp>
#include <sysfd/session.hpp>
#include <sysfd/signals.hpp>
#include <sysfd/spawn_error.hpp>
#include <sysfd/stdio.hpp>

#include "spec/argument_list.hpp"
#include "spec/environment.hpp"
#include "spec/parsed_identity.hpp"
#include "spec/spawn_request.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// The names of the streams in messages.
inline constexpr const char* stream_names[] = {"stdin", "stdout", "stderr"};

// The error for an invalid argument: EINVAL.
SpawnError invalid_argument(SpawnStep step, std::string subject, int index = -1);

// A directory that the child changes to.
struct Directory {
  std::optional<std::string> path;
  std::optional<BorrowedFd> fd;
  bool is_set() const noexcept { return path || fd; }
  bool is_cwd() const noexcept { return fd && fd->get() == cwd().get(); }
};

// A descriptor of Command::pass() or listen_fds().
struct PassedFd {
  BorrowedFd source;
  int target;
  std::optional<OwnedFd> owned;
  bool is_used_up = false;  // it was owned, and an earlier child has it
};

// What plans a thing that only some children have (see plan/plan_part.hpp). The setter for the
// thing sets the pointer, so a program that does not call the setter is linked without the part.
struct PartsPlanner;
struct PlanPart;
struct ContainmentPart;
struct DescriptorsPart;
struct IdentityPart;
struct IdMapWriterStart;
struct NamespacesPart;
struct NoZombiePart;
struct ResourcesPart;
struct ShellPart;
struct ChangesPart;

struct PlanParts {
  const PartsPlanner* planner = nullptr;         // which calls the parts, if any is set
  const DescriptorsPart* descriptors = nullptr;  // set by each setter that takes one
  const PlanPart* cgroup = nullptr;
  const ContainmentPart* containment = nullptr;
  const PlanPart* inheritance = nullptr;
  const PlanPart* landlock = nullptr;
  const PlanPart* listeners = nullptr;
  const PlanPart* parent_death = nullptr;
  const PlanPart* program = nullptr;
  const PlanPart* root = nullptr;
  const PlanPart* session = nullptr;
  const PlanPart* working_directory = nullptr;
  const IdentityPart* identity = nullptr;
  const NamespacesPart* namespaces = nullptr;
  const NoZombiePart* no_zombie = nullptr;
  const ResourcesPart* resources = nullptr;
  const ShellPart* shell = nullptr;
  const IdMapWriterStart* id_map_writer = nullptr;
};

// What a PreparedCommand has asked of the system, once for all children.
struct Snapshot {
  std::bitset<3> open_streams;  // those of 0, 1 and 2 that a child can inherit
  Environment environment;
  std::string candidates;      // see ChildArgs
  const ChangesPart* changes;  // what plans SpawnChanges
};

struct CommandSpec {
  explicit CommandSpec(std::string_view name)
      : program_(with_second_nul(name)), arguments(program_.c_str()), is_path(name.contains('/')) {}

  std::optional<SpawnError> invalid;  // the first invalid argument

  // For messages if it is a descriptor.
  std::string_view program() const noexcept { return {program_.data(), program_.size() - 1}; }
  // A program by path, as ChildArgs::candidates.
  const char* only_candidate() const noexcept { return program_.c_str(); }

 private:
  static std::string with_second_nul(std::string_view text) {
    std::string result;
    result.reserve(text.size() + 1);
    result.append(text).push_back('\0');
    return result;
  }
  std::string program_;  // ends with a NUL of its own, before that of the string

 public:
  std::optional<BorrowedFd> program_fd;
  ProgramSearch search = ProgramSearch::child_path;
  std::vector<std::string> search_directories;  // instead of a PATH, if `search` is `nowhere`
  ArgumentList arguments;
  bool is_path;                            // the program has a slash
  std::unique_ptr<std::string> argument0;  // instead of the program
  int preset_arguments = 0;  // those behind argument 0 that no call of arg() has added
  int argument_calls = 0;
  Environment environment;
  int environment_calls = 0;

  Directory root;
  Directory directory;  // the working directory
  DirectoryChange directory_change = DirectoryChange::before_identity;
  std::optional<BorrowedFd> cgroup;
  std::optional<Containment> containment;
  std::optional<BorrowedFd> landlock;

  StreamSpec streams[3];
  std::vector<PassedFd> passed;
  bool inherits = false;           // all that is not close-on-exec
  std::vector<int> not_inherited;  // but these
  std::vector<PassedFd> listeners;
  std::string listener_names;
  WindowSize window_size;

  Session session;
  // Null: not set.
  std::unique_ptr<ParsedIdentity> identity;
  std::unique_ptr<Namespaces> namespaces;
  std::unique_ptr<Resources> resources;
  std::unique_ptr<Signals> signals;

  DropPolicy drop_policy = DropPolicy::kill;
  std::chrono::nanoseconds grace{};
  int parent_death_signal = 0;
  bool killed_with_parent = false;
  int busy_retries = 0;

  PlanParts parts;
  std::unique_ptr<Snapshot> snapshot;  // of a PreparedCommand, which keeps what it owns

  // Keeps the first of several errors.
  void reject(SpawnError error) {
    if (!invalid) invalid = std::move(error);
  }
  const Environment& environment_of_child() const noexcept {
    return snapshot ? snapshot->environment : environment;
  }
  // True if the Command sets this stream, or passes a descriptor under its number.
  bool is_stream_set(int stream) const noexcept;
  // True if the input of output() can reach the child.
  bool takes_input(const SpawnRequest& request) const noexcept;
  // For output(), where a child would wait for ever if its stdin is a terminal, and for pipelines:
  // looks at so many streams.
  Result<void, SpawnError> reject_terminals(const SpawnRequest& request, int count) const;
  // Closes what the Command owns: the child has it.
  void close_owned() noexcept;

  bool has_id_maps() const noexcept {
    return namespaces && !(namespaces->user_map.empty() && namespaces->group_map.empty());
  }
  // True if others may get at the child that cannot get at the caller: as another user, in a new
  // user namespace, or in a namespace that has processes already. In other new ones it is alone.
  bool changes_credentials() const noexcept {
    return (identity && identity->changes_credentials()) ||
           (namespaces &&
            (namespaces->create.contains(Namespace::user) || !namespaces->join.empty()));
  }
  bool has_seccomp() const noexcept { return identity && !identity->given.seccomp.empty(); }
  bool adjusts_oom_score() const noexcept { return resources && resources->oom_score_adjust; }
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_SPEC_COMMAND_SPEC_HPP
