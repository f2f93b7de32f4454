// SPDX-License-Identifier: MIT
//
// A child in a tree that is kept together (Command::contain()): how its keeper is started.
#include "start/containment.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <span>

#include <sysfd/create.hpp>
#include <sysfd/detail/decimal.hpp>
#include <sysfd/detail/join.hpp>
#include <sysfd/detail/raw_syscall.hpp>

#include "in_child/keeper_args.hpp"
#include "plan/attributes/attributes.hpp"
#include "plan/plan_part.hpp"
#include "start/clone_call.hpp"
#include "start/keeper_tree.hpp"
#include "start/kill.hpp"
#include "start/spawn.hpp"
#include "start/start_error.hpp"
#include "start/tree_name.hpp"

// The keeper's program: spawn/keeper.
extern "C" const unsigned char sysfd_keeper_program[];
extern "C" const unsigned char sysfd_keeper_program_end[];

namespace sysfd {
inline namespace v0 {
namespace detail {

// What is made for one keeper.
struct KeeperPlan {
  std::unique_ptr<KeeperTree> tree;
  std::string users, groups;
  std::string cgroup{};  // its name
  std::array<char*, 6> arguments{};
  std::array<char*, 1> environment{};
  KeeperArgs args{};
};

namespace {

CgroupLimits without_memory(CgroupLimits limits) {
  limits.memory_max = limits.memory_high = limits.swap_max = std::nullopt;
  limits.kills_all = std::nullopt;
  return limits;
}

CgroupLimits only_memory(const CgroupLimits& limits) {
  return {.memory_max = limits.memory_max,
          .memory_high = limits.memory_high,
          .swap_max = limits.swap_max,
          .kills_all = limits.kills_all};
}

std::unexpected<SpawnError> fails(std::error_code code, const char* what) {
  return std::unexpected(SpawnError{SpawnStep::containment, code, -1, what});
}

// A file in memory, which is sealed.
Result<OwnedFd> make_program() noexcept {
  // It can be executed also where vm.memfd_noexec is 1. Linux 6.3 has the flag.
  auto file = memfd("sysfd-keeper", MFD_ALLOW_SEALING | kernel::mfd_exec);
  if (!file && file.error().value() == EINVAL) file = memfd("sysfd-keeper", MFD_ALLOW_SEALING);
  if (!file) return file;
  std::span<const unsigned char> left(sysfd_keeper_program, sysfd_keeper_program_end);
  while (!left.empty()) {
    const long written = system_call_retried(SYS_write, file->get(), left.data(), left.size());
    if (written < 0) return failure(static_cast<int>(-written));
    left = left.subspan(static_cast<std::size_t>(written));
  }
  constexpr int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  const long answer = system_call(SYS_fcntl, file->get(), F_ADD_SEALS, seals);
  if (answer < 0) return failure(static_cast<int>(-answer));
  return file;
}

std::string map_of(std::uint32_t id) {
  return join({decimal(id), " ", decimal(id), " 1\n"});
}

// A SpawnError says what the code means at its end.
std::unexpected<SpawnError> fails(const CgroupError& error) {
  std::string what = error.describe();
  const std::string meaning = ": " + error.code.message();
  if (const auto at = what.find(meaning); at != what.npos) what.erase(at, meaning.size());
  return std::unexpected(SpawnError{SpawnStep::cgroup, error.code, -1, std::move(what)});
}

PartResult gather_cgroup(Planning& planning, KeeperPlan& keeper) {
  const Containment& containment = *planning.spec.containment;
  if (!containment.own_cgroup && containment.limits.controllers().empty()) return Reuse::no;
  if (planning.spec.cgroup)
    return std::unexpected(
        invalid_argument(SpawnStep::containment, "contain() with limits, and cgroup()"));
  ChildResources& resources = planning.resources();
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
  keeper.cgroup = next_tree_name(*resources.own_process, containment.dies_with_owner);
  auto made = Cgroup::create(parent, keeper.cgroup.c_str(), without_memory(containment.limits));
  if (!made) return fails(made.error());
  if (auto done = share_no_memory_below_limit(planning, made->fd()); !done)
    return fails(done.error(), "a copy of the memory");
  planning.clone().cgroup = made->fd().get();
  resources.keepers_parent = std::move(*parents_fd);
  keeper.args.fds[keeper_parent] = resources.keepers_parent->get();
  keeper.tree->own(std::move(*made));
  return Reuse::no;
}

PartResult gather_containment(Planning& planning) {
  const CommandSpec& spec = planning.spec;
  const auto rejects = [](const char* what) {
    return std::unexpected(
        invalid_argument(SpawnStep::containment, join({"contain() with ", what})));
  };
  if (planning.is_in_place()) return rejects("exec()");
  if (spec.parts.no_zombie) return rejects("leave_no_zombie()");
  if (spec.killed_with_parent) return rejects("kill_with_parent()");
  if (spec.parent_death_signal != 0) return rejects("parent_death_signal()");
  if (joins(spec.namespaces.get(), Namespace::pid))
    return rejects("a pid namespace that is joined");

  auto program = make_program();
  if (!program) return fails(program.error(), "a file in memory for the keeper");
  auto sockets = socket_pair(SOCK_SEQPACKET);
  if (!sockets) return fails(sockets.error(), "a socket");
  auto owner = PidFd::self();
  if (!owner) return fails(owner.error(), "a pidfd");
  auto& [own_end, keepers_end] = *sockets;
  ChildResources& resources = planning.resources();
  resources.own_process = std::move(*owner);
  resources.keepers_end = std::move(keepers_end);
  resources.keepers_program = std::move(*program);
  auto& keeper = resources.keeper;
  keeper = {new KeeperPlan{.tree = std::make_unique<KeeperTree>(std::move(own_end)),
                           .users = map_of(::geteuid()),
                           .groups = map_of(::getegid())},
            [](KeeperPlan* plan) { delete plan; }};
  KeeperArgs& args = keeper->args;
  args.fds[keeper_control] = resources.keepers_end->get();
  args.fds[keeper_owner] = resources.own_process->fd().get();
  args.fds[keeper_program] = resources.keepers_program->get();
  args.environment = keeper->environment.data();
  args.arguments = keeper->arguments.data();

  auto& stack = planning.scratch.stack;
  if (!stack) stack = std::make_unique_for_overwrite<ChildStack>();
  planning.scratch.child.stack = stack.get();
  return gather_cgroup(planning, *keeper);
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

// A keeper that has not come to execute its program has ended, or is about to.
void reap(const PidFd& keeper) noexcept {
  system_call_retried(SYS_waitid, P_PIDFD, keeper.fd().get(), nullptr, WEXITED | __WALL, nullptr);
}

// One start of a keeper and its child, which shows what is possible.
class KeeperStart {
 public:
  KeeperStart(const FailedStart& start, SpawnPlan& plan, ChildStack& stack) noexcept
      : start_(start), plan_(plan), keeper_(*plan.resources->keeper), stack_(stack) {}

  // Empty: it is not possible in this way, see error().
  std::optional<Result<CloneResult, SpawnError>> run(ContainmentKind kind) {
    auto started = run(kind, true);
    const long answer = keeper_.args.answer;
    const bool can_try = is_clone_refused(answer) && clone_can(plan_.child.clone);
    if (answer < 0 && keeper_.args.error == 0 && can_try) started = run(kind, false);
    return started;
  }
  long error() const noexcept { return error_; }

 private:
  std::optional<Result<CloneResult, SpawnError>> run(ContainmentKind kind, bool by_clone3) {
    KeeperArgs& args = keeper_.args;
    kernel::CloneArguments clone_arguments{};
    const CloneOptions& options = plan_.child.clone;
    stack_.suspends_parent = stack_.is_watched = true;
    ChildArgs& child = begin_clone(plan_.child, &stack_);
    args.child = &child;
    args.call = by_clone3 ? call_of_clone3(child, options, &stack_, clone_arguments)
                          : call_of_clone(child, options, &stack_);
    const bool has_user_namespace = kind == ContainmentKind::user_and_pid_namespace;
    args.is_init = kind != ContainmentKind::subreaper;
    args.users = has_user_namespace ? keeper_.users.c_str() : nullptr;
    args.users_size = static_cast<long>(keeper_.users.size());
    args.groups = keeper_.groups.c_str();
    args.groups_size = static_cast<long>(keeper_.groups.size());
    args.answer = args.error = -ECANCELED;
    name_keeper(start_.spec.containment->dies_with_owner);

    const CommandSpec& spec = start_.spec;
    args.mounts_proc = args.is_init && spec.containment->own_proc && !spec.has_id_maps();
    const long flags = CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_PIDFD | SIGCHLD |
                       (args.is_init ? CLONE_NEWPID : 0) | (args.mounts_proc ? CLONE_NEWNS : 0) |
                       (has_user_namespace ? CLONE_NEWUSER : 0);
    const int former_foreground = args.is_init ? foreground_of(spec.session) : 0;
    const long between =
        clone_and_run(SYS_clone, flags, 0, address(&args.pidfd), 0, start_keeper, &args);
    if (between < 0) return is_impossible(between);
    PidFd keeper = PidFd::unsafe_adopt(OwnedFd::adopt(args.pidfd));
    if (args.answer < 0) return end_without_child(keeper, child.pidfd);
    if (args.is_init) child.former_foreground = former_foreground;  // the child cannot tell
    take_report_of_copy(plan_.child, &stack_);
    note_departure(child);
    PidFd process = PidFd::unsafe_adopt(OwnedFd::adopt(child.pidfd));
    if (args.error < 0 || child.progress != ChildArgs::Progress::executing) reap(keeper);
    if (args.error < 0) {
      if (start_.caller_waits) restore_foreground(start_.spec, start_.scratch);
      return fails(error_code(static_cast<int>(-args.error)), "exec of the keeper");
    }
    const auto pid = process.pid();
    keeper_.tree->start(std::move(keeper), kind);
    if (auto done = limit_memory(process); !done) {
      if (start_.caller_waits) restore_foreground(start_.spec, start_.scratch);
      return std::unexpected(std::move(done.error()));
    }
    return Result<CloneResult, SpawnError>(std::in_place, std::move(process), pid.value_or(0),
                                           by_clone3, false, false);
  }

  // See Command::cgroup().
  Result<void, SpawnError> limit_memory(const PidFd& process) const {
    const CgroupLimits limits = only_memory(start_.spec.containment->limits);
    if (limits.controllers().empty()) return {};
    auto done = keeper_.tree->cgroup()->set(limits);
    if (done) return {};
    keeper_.tree->begin_kill();
    keeper_.tree->finish_kill(process, Clock::now() + kill_patience);
    return fails(done.error());
  }

  static int foreground_of(const Session& session) noexcept {
    int group = 0;
    if (session.foreground_of)
      system_call(SYS_ioctl, session.foreground_of->get(), TIOCGPGRP, &group);
    return group;
  }

  void name_keeper(bool dies_with_owner) noexcept {
    const char* const words[] = {"sysfd-keeper", keeper_.args.is_init ? "init" : "subreaper",
                                 keeper_.args.number, dies_with_owner ? "with-owner" : "alone"};
    for (std::size_t i = 0; i < std::size(words); ++i)
      keeper_.arguments[i] = const_cast<char*>(words[i]);  // which execve(2) does not write to
    if (!keeper_.cgroup.empty()) keeper_.arguments[std::size(words)] = keeper_.cgroup.data();
  }

  std::nullopt_t is_impossible(long error) noexcept {
    error_ = error;
    return std::nullopt;
  }

  // If the keeper was killed, this goes on before its time: the child may be in this memory yet.
  std::optional<Result<CloneResult, SpawnError>> end_without_child(const PidFd& keeper, int child) {
    reap(keeper);
    const KeeperArgs& args = keeper_.args;
    if (args.error < 0) return is_impossible(args.error);
    if (args.answer == -ECANCELED && child >= 0) {
      system_call(SYS_pidfd_send_signal, child, SIGKILL, nullptr, 0);
      await_leave(stack_, child, {});
      system_call(SYS_close, child);
    }
    stack_.is_inside = 0;
    return std::unexpected(clone_error(start_, error_code(static_cast<int>(-args.answer))));
  }

  const FailedStart& start_;
  SpawnPlan& plan_;
  KeeperPlan& keeper_;
  ChildStack& stack_;
  long error_ = 0;
};

Result<CloneResult, SpawnError> clone_contained(const FailedStart& start, SpawnPlan& plan,
                                                ChildStack* stack) {
  if (is_emulated()) return std::unexpected(memory_is_copied_error());
  KeeperStart keeper(start, plan, *stack);
  const Reach reach = start.spec.containment->reach;
  // Which has no number in a new pid namespace.
  const bool joins_group = start.spec.session.process_group.value_or(0) > 0;
  if (joins_group && reach == Reach::whole_tree)
    return fails(error_code(EINVAL), "a process group outside of the new pid namespace");
  for (const auto kind : {ContainmentKind::pid_namespace, ContainmentKind::user_and_pid_namespace,
                          ContainmentKind::subreaper}) {
    if (kind == ContainmentKind::subreaper && reach == Reach::whole_tree) break;
    if (kind != ContainmentKind::subreaper && joins_group) continue;
    if (auto started = keeper.run(kind)) return std::move(*started);
  }
  if (reach == Reach::whole_tree)
    return fails(error_code(static_cast<int>(-keeper.error())),
                 "a new pid namespace, which needs CAP_SYS_ADMIN or user namespaces, and (see "
                 "Containment::own_proc) a /proc that can be mounted");
  if (plan.resources->keeper->tree->cgroup())
    return fails(error_code(static_cast<int>(-keeper.error())), "a process that keeps the cgroup");
  plan.resources->keeper.reset();
  return clone_child(start, plan.child, stack);
}

std::unique_ptr<KeptTree> take_tree(KeeperPlan& keeper) noexcept {
  return std::move(keeper.tree);
}

// The program has been run to its end: all that is left is killed.
Result<ExitStatus> run_to_end(KeeperPlan& keeper, const PidFd& program) noexcept {
  const auto status = keeper.tree->wait(program, {});
  keeper.tree->begin_kill();
  keeper.tree->finish_kill(program, Clock::now() + kill_patience);
  return status;
}

}  // namespace

const ContainmentPart containment_part{gather_containment, add_containment_steps, clone_contained,
                                       take_tree, run_to_end};

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
