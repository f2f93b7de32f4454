// SPDX-License-Identifier: MIT
//
// The parts of a plan. Each is in a file of its own: it makes what the child needs for one thing,
// and adds the steps for it. A part that only some children need is called through a pointer in
// CommandSpec::parts.
#ifndef SYSFD_SPAWN_SRC_PLAN_PLAN_PART_HPP
#define SYSFD_SPAWN_SRC_PLAN_PLAN_PART_HPP

#include <sys/resource.h>

#include <cstdint>
#include <span>
#include <string>

#include "plan/spawn_plan.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

struct CloneResult;
struct FailedStart;
class KeptTree;

// A plan in the making.
struct Planning {
  const CommandSpec& spec;
  const SpawnRequest& request;
  SpawnScratch& scratch;
  SpawnPlan& plan;

  // What is planned for the session, which a new terminal changes, and who plans it.
  const Session* session = &spec.session;
  const PlanPart* session_part = spec.parts.session;
  const PlanPart* working_directory_part = spec.parts.working_directory;

  // Null if the child is given nothing but its streams.
  const PartsPlanner* planner() const noexcept;
  // Null if the child is in no tree.
  const ContainmentPart* containment_part() const noexcept {
    return request.tree ? request.tree->part : spec.parts.containment;
  }
  FdPlan& fds() const noexcept { return scratch.fds; }
  Steps& steps() const noexcept { return scratch.steps; }
  ChildArgs& args() const noexcept { return scratch.child.args; }
  CloneOptions& clone() const noexcept { return scratch.child.clone; }
  bool is_in_place() const noexcept { return request.mode == StartMode::in_place; }
  ChildResources& resources() {
    return plan.resources ? *plan.resources : plan.resources.emplace();
  }
  SpawnError error_at(SpawnStep step, std::error_code code, int index = -1) const {
    return step_error(spec, scratch, step, code, index);
  }
};

using PartResult = Result<Reuse, SpawnError>;

inline std::unexpected<SpawnError> rejected(SpawnStep step, std::string subject, int index = -1) {
  return std::unexpected(invalid_argument(step, std::move(subject), index));
}

struct PlanPart {
  // Makes what the child needs, and requests its descriptors. Null: it needs nothing.
  PartResult (*gather)(Planning& planning);
  // Adds the child's steps. Null: there are none.
  void (*add_steps)(Planning& planning);
};

// What calls the parts, for a child that is given more than its program and arguments.
struct PartsPlanner {
  PartResult (*plan)(Planning& planning);
};

struct DescriptorsPart {
  const PartsPlanner* planner;               // if no other part is set
  PartResult (*gather)(Planning& planning);  // streams, and what is passed
  PartResult (*settle)(Planning& planning);  // when all parts have gathered
  // For status(): nobody would have the other end of a pipe.
  Result<void, SpawnError> (*reject_pipes)(const CommandSpec& spec, const SpawnRequest& request);
};

struct IdentityPart {
  void (*add_steps)(Planning& planning);
  void (*add_confinement_steps)(Planning& planning);
};

struct ResourcesPart {
  PartResult (*gather)(Planning& planning);
  // The limit of open descriptors: raised before they are placed, and lowered when the child opens
  // nothing any more.
  void (*raise_nofile_limit)(Planning& planning, const rlimit& now);
  void (*add_steps)(Planning& planning);
  void (*lower_nofile_limit)(Planning& planning, const rlimit& now);
};

struct NamespacesPart {
  PartResult (*gather)(Planning& planning);
  void (*add_new_steps)(Planning& planning);  // new ones, and their ID maps
  void (*add_steps)(Planning& planning);      // mounts, joined ones, the host name
};

struct NoZombiePart {
  PartResult (*gather)(Planning& planning);
  SpawnError (*reject)(const char* call);  // for a function that cannot start such a child
  ChildStack::CloneOrphan clone;
};

struct ContainmentPart {
  PartResult (*gather)(Planning& planning);  // also for a stage of a StageTree
  void (*add_steps)(Planning& planning);
  // Clones the keeper and the child. All signals must be blocked.
  Result<CloneResult, SpawnError> (*clone)(const FailedStart& start, SpawnPlan& plan,
                                           ChildStack* stack);
  std::shared_ptr<KeptTree> (*tree_of)(KeeperPlan& keeper) noexcept;
  // For status(): waits for the end of the program, and kills what is left.
  Result<ExitStatus> (*run_to_end)(KeeperPlan& keeper, const PidFd& program) noexcept;
};

struct ShellPart {
  void (*set_arguments)(SpawnScratch& scratch);  // when the program's are known
};

// The parts that only a PreparedCommand has: SpawnChanges, and spawn_async().
struct ChangesPart {
  PartResult (*gather)(Planning& planning);
  PartResult (*change_environment)(Planning& planning);
  Result<void, SpawnError> (*gather_placed)(Planning& planning, std::uint64_t limit);
  Result<void, SpawnError> (*append_arguments)(const CommandSpec& spec, const SpawnRequest& request,
                                               SpawnScratch& scratch);
  PartResult (*gather_report)(Planning& planning);
};

extern const PartsPlanner parts_planner;
extern const DescriptorsPart descriptors_part;
extern const PlanPart cgroup_part;
extern const PlanPart inheritance_part;
extern const PlanPart landlock_part;
extern const PlanPart listeners_part;
extern const NamespacesPart namespaces_part;
extern const PlanPart parent_death_part;
extern const PlanPart program_part;  // a program by descriptor
extern const PlanPart root_part;
extern const PlanPart session_part;
extern const ShellPart shell_part;
extern const PlanPart working_directory_part;
extern const IdentityPart identity_part;
extern const ResourcesPart resources_part;
extern const ChangesPart changes_part;

// The steps of a child that is given nothing but its program and arguments: signals, and streams
// that are inherited.
std::span<const Step> usual_steps() noexcept;

// Gives the child a copy of the memory if this cgroup, in which it is to be, has a memory limit
// that this process is not under.
Result<> share_no_memory_below_limit(Planning& planning, BorrowedFd cgroup);

void add_signal_steps(const Signals* signals, Steps& steps);
std::uint64_t signal_mask(const Signals* signals) noexcept;
void inherit_stream(const CommandSpec& spec, FdPlan& fds, int number);
void add_descriptor_steps(const FdPlan& fds, Steps& steps);

inline const PartsPlanner* Planning::planner() const noexcept {
  return request.default_streams ? request.default_streams->part->planner : spec.parts.planner;
}

// For the setters of Command.
template <class Part>
void set_part(CommandSpec& spec, const Part* PlanParts::* which, const Part& part) noexcept {
  spec.parts.*which = &part;
  spec.parts.planner = &parts_planner;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_PLAN_PLAN_PART_HPP
