// SPDX-License-Identifier: MIT
//
// Children in a tree that is kept together (Command::contain(), Pipeline::contain()): what is made
// for it, and how it is started.
#include "start/containment.hpp"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <span>
#include <utility>

#include <sysfd/create.hpp>
#include <sysfd/detail/decimal.hpp>
#include <sysfd/detail/join.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/sealed_file.hpp>

#include "plan/attributes/attributes.hpp"
#include "plan/plan_part.hpp"
#include "start/id_map_writer.hpp"
#include "start/kill.hpp"
#include "start/scoped_dumpable.hpp"
#include "start/scoped_signal_block.hpp"
#include "start/spawn.hpp"
#include "start/tree_name.hpp"
#include "start/tree_plan.hpp"

// The keeper's program: spawn/keeper.
extern "C" const unsigned char sysfd_keeper_program[];
extern "C" const unsigned char sysfd_keeper_program_end[];

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

Result<OwnedFd> make_program() noexcept {
  const std::span program(sysfd_keeper_program, sysfd_keeper_program_end);
  return make_sealed_file("sysfd-keeper", MemoryFile::program, std::as_bytes(program));
}

std::string map_of(std::uint32_t id) {
  return join({decimal(id), " ", decimal(id), " 1\n"});
}

bool has_cgroup(const Containment& containment) {
  return containment.own_cgroup || !containment.limits.controllers().empty();
}

Result<void, SpawnError> make_cgroup(TreePlan& plan) {
  const Containment& containment = plan.containment;
  std::optional<Cgroup> own;
  if (!containment.parent) {
    auto found = Cgroup::own();
    if (!found) return fails(found.error());
    own.emplace(std::move(*found));
  }
  const Cgroup& parent = own ? *own : *containment.parent;
  auto parents_fd = parent.fd().duplicate();
  if (!parents_fd) return fails(parents_fd.error(), "the directory of the cgroup");
  // Also for the limits that are set later.
  if (auto done = parent.enable(containment.limits.controllers()); !done)
    return fails(done.error());
  plan.cgroup = next_tree_name(*plan.owner, containment.dies_with_owner);
  CgroupLimits limits = containment.limits;
  plan.memory_limits = {.memory_max = std::exchange(limits.memory_max, {}),
                        .memory_high = std::exchange(limits.memory_high, {}),
                        .swap_max = std::exchange(limits.swap_max, {}),
                        .kills_all = std::exchange(limits.kills_all, {})};
  auto made = Cgroup::create(parent, plan.cgroup.c_str(), limits);
  if (!made) return fails(made.error());
  plan.parent = std::move(*parents_fd);
  plan.args.fds[keeper_parent] = plan.parent->get();
  plan.tree->own(std::move(*made));
  return {};
}

// What cannot be in a tree.
Result<void, SpawnError> check_program(const Planning& planning, const Containment& containment) {
  const CommandSpec& spec = planning.spec;
  const auto rejects = [](const char* what) {
    return std::unexpected(
        invalid_argument(SpawnStep::containment, join({"contain() with ", what})));
  };
  if (planning.is_in_place()) return rejects("exec()");
  if (planning.request.tree && spec.containment) return rejects("that of its pipeline");
  if (spec.parts.no_zombie) return rejects("leave_no_zombie()");
  if (spec.killed_with_parent) return rejects("kill_with_parent()");
  if (spec.parent_death_signal != 0) return rejects("parent_death_signal()");
  if (joins(spec.namespaces.get(), Namespace::pid))
    return rejects("a pid namespace that is joined");
  if (spec.cgroup && has_cgroup(containment)) return rejects("limits, and cgroup()");
  return {};
}

// What a program of the tree is born into.
PartResult enter_tree(Planning& planning, const TreePlan& tree) {
  const Cgroup* const cgroup = tree.tree->cgroup();
  if (!cgroup) return Reuse::no;
  if (auto done = share_no_memory_below_limit(planning, cgroup->fd()); !done)
    return fails(done.error(), "a copy of the memory");
  planning.clone().cgroup = cgroup->fd().get();
  return Reuse::no;
}

PartResult gather_containment(Planning& planning) {
  if (const StageTree* shared = planning.request.tree) {
    const auto& tree = static_cast<const TreePlan&>(shared->keeper);
    if (auto done = check_program(planning, tree.containment); !done)
      return std::unexpected(std::move(done.error()));
    return enter_tree(planning, tree);
  }
  const Containment& containment = *planning.spec.containment;
  if (auto done = check_program(planning, containment); !done)
    return std::unexpected(std::move(done.error()));
  auto tree = plan_tree(containment, 1);
  if (!tree) return std::unexpected(std::move(tree.error()));
  auto& stack = planning.scratch.stack;
  if (!stack) stack = std::make_unique_for_overwrite<ChildStack>();
  planning.scratch.child.stack = stack.get();
  const auto entered = enter_tree(planning, **tree);
  planning.resources().keeper = std::move(*tree);
  return entered;
}

// The child has the disposition of SIGCHLD from the keeper, which does not ignore it.
void add_containment_steps(Planning& planning) {
  static constexpr kernel::SignalAction ignored{1, 0, 0, 0};  // SIG_IGN
  const Signals* const signals = planning.spec.signals.get();
  if (!signals || std::ranges::find(signals->unchanged, SIGCHLD) == signals->unchanged.end())
    return;
  kernel::SignalAction now{};
  system_call(SYS_rt_sigaction, SIGCHLD, nullptr, &now, sizeof now.mask);
  if (now.handler == ignored.handler)
    planning.steps().add(SpawnStep::signals, -1, SYS_rt_sigaction, SIGCHLD, &ignored, 0,
                         sizeof ignored.mask);
}

CloneResult result_of(TreeProgram& program) {
  const auto pid = program.process->pid();
  return {std::move(*program.process), pid.value_or(0), !program.is_by_other_call, false, false};
}

Result<CloneResult, SpawnError> clone_contained(const FailedStart& start, SpawnPlan& plan,
                                                ChildStack* stack) {
  auto& keeper = plan.resources->keeper;
  TreeProgram program(start, plan);
  TreeProgram* unstarted = nullptr;
  auto started = start_tree({&program, 1}, static_cast<TreePlan&>(*keeper), *stack, unstarted);
  if (!started.has_value()) return std::unexpected(std::move(started.error()));
  if (*started) return result_of(program);
  keeper.reset();
  return clone_child(start, plan.child, stack);
}

std::shared_ptr<KeptTree> tree_of(KeeperPlan& keeper) noexcept {
  return static_cast<TreePlan&>(keeper).tree;
}

// The program has been run to its end: all that is left is killed.
Result<ExitStatus> run_to_end(KeeperPlan& keeper, const PidFd& program) noexcept {
  KeeperTree& tree = *static_cast<TreePlan&>(keeper).tree;
  const auto status = tree.wait(0, program, {});
  tree.begin_kill();
  tree.finish_kill(program, Clock::now() + kill_patience);
  return status;
}

// What lives as long as a stage is in this memory.
struct StageGuards {
  std::optional<IdMapWriter> writer;
  std::optional<ScopedDumpable> dumpable;
};

Result<std::unique_ptr<KeeperPlan>, SpawnError> plan_stages(const Containment& containment,
                                                            std::size_t stages) {
  auto plan = plan_tree(containment, stages);
  if (!plan) return std::unexpected(std::move(plan.error()));
  return std::unique_ptr<KeeperPlan>(std::move(*plan));
}

Result<bool, SpawnError> start_stages(std::span<PlannedStage> stages, KeeperPlan& keeper,
                                      std::vector<CloneResult>& children) {
  std::vector<TreeProgram> programs;
  programs.reserve(stages.size());
  children.reserve(stages.size());
  auto& stack = stages.front().scratch.stack;
  if (!stack) stack = std::make_unique_for_overwrite<ChildStack>();
  const auto guards = std::make_unique<StageGuards[]>(stages.size());
  unsigned undumpable = 0;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    auto& [spec, scratch, plan] = stages[i];
    programs.emplace_back(FailedStart{spec, scratch, true}, plan);
    guards[i].dumpable.emplace(plan.child.changes_credentials, plan.child.args);
    undumpable += plan.child.changes_credentials ? 1U : 0U;
  }
  const auto fails_at = [&](SpawnError error, const TreeProgram* program) {
    if (program) error.stage = static_cast<int>(program - programs.data());
    return std::unexpected(std::move(error));
  };
  auto& tree = static_cast<TreePlan&>(keeper);
  TreeProgram* unstarted = nullptr;
  auto started = [&]() -> Result<bool, SpawnError> {
    // A stage that gives up privileges makes this memory undumpable, which takes its files in /proc
    // away from the next one. The keeper makes it dumpable again, if no other such child is here;
    // none comes meanwhile.
    std::optional<ProcessStateLock> no_others;
    if (undumpable > 0) {
      ProcessState& state = process_state();
      no_others.emplace(state);
      tree.args.restores_dumpable = state.undumpable_children == undumpable;
    }
    const ScopedSignalBlock blocked;
    for (std::size_t i = 0; i < stages.size(); ++i)
      if (auto done = start_writer(stages[i].spec, stages[i].plan, guards[i].writer); !done) {
        unstarted = &programs[i];
        return std::unexpected(std::move(done.error()));
      }
    return start_tree(programs, tree, *stack, unstarted);
  }();
  if (!started.has_value()) return fails_at(std::move(started.error()), unstarted);
  if (!*started) return false;
  if (unstarted)
    return fails_at(child_error(unstarted->start, unstarted->process->wait()), unstarted);
  for (TreeProgram& program : programs)
    children.push_back(result_of(program));
  return true;
}

}  // namespace

std::unexpected<SpawnError> fails(std::error_code code, const char* what) {
  return std::unexpected(SpawnError{SpawnStep::containment, code, -1, what});
}

// A SpawnError says what the code means at its end.
std::unexpected<SpawnError> fails(const CgroupError& error) {
  std::string what = error.describe();
  const std::string meaning = ": " + error.code.message();
  if (const auto at = what.find(meaning); at != what.npos) what.erase(at, meaning.size());
  return std::unexpected(SpawnError{SpawnStep::cgroup, error.code, -1, std::move(what)});
}

Result<std::unique_ptr<TreePlan>, SpawnError> plan_tree(const Containment& containment,
                                                        std::size_t programs) {
  auto program = make_program();
  if (!program) return fails(program.error(), "a file in memory for the keeper");
  auto sockets = socket_pair(SOCK_SEQPACKET);
  if (!sockets) return fails(sockets.error(), "a socket");
  auto owner = PidFd::self();
  if (!owner) return fails(owner.error(), "a pidfd");
  auto plan = std::make_unique<TreePlan>(containment);
  plan->owner = std::move(*owner);
  plan->control = std::move(sockets->second);
  plan->program = std::move(*program);
  plan->tree = std::make_shared<KeeperTree>(std::move(sockets->first), programs);
  plan->users = map_of(::geteuid());
  plan->groups = map_of(::getegid());
  plan->numbers.resize(programs * KeeperArgs::number_size);
  KeeperArgs& args = plan->args;
  args.numbers = plan->numbers.data();
  args.fds[keeper_control] = plan->control->get();
  args.fds[keeper_owner] = plan->owner->fd().get();
  args.fds[keeper_program] = plan->program->get();
  args.environment = plan->environment.data();
  args.arguments = plan->arguments.data();
  if (has_cgroup(containment))
    if (auto done = make_cgroup(*plan); !done) return std::unexpected(std::move(done.error()));
  return plan;
}

const ContainmentPart containment_part{gather_containment, add_containment_steps, clone_contained,
                                       tree_of, run_to_end};
const PipelineTreePart pipeline_tree_part{&containment_part, plan_stages, start_stages};

}  // namespace detail

const char* to_string(ContainmentKind kind) noexcept {
  switch (kind) {
    case ContainmentKind::pid_namespace: return "pid namespace";
    case ContainmentKind::user_and_pid_namespace: return "user and pid namespace";
    case ContainmentKind::subreaper: return "subreaper";
    case ContainmentKind::none: break;
  }
  return "none";
}

}  // namespace v0
}  // namespace sysfd
