// SPDX-License-Identifier: MIT
//
// Running a program to its end. The usual child runs concurrently with its parent, which sleeps
// until it has ended: suspended until the program executes, the parent would wake for nothing but
// to wait again.
#include <sys/syscall.h>
#include <sys/wait.h>

#include <csignal>
#include <memory>

#include <sysfd/detail/raw_syscall.hpp>

#include "plan/plan_part.hpp"
#include "start/kill.hpp"
#include "start/scoped_signal_block.hpp"
#include "start/spawn.hpp"
#include "start/start_error.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

// A child that cannot be waited for is not left running, nor in this memory. Its pidfd is not
// trusted either: another thread may have closed it, and opened something else under its number.
[[gnu::cold]] SpawnError give_up(const FailedStart& start, const CloneResult& clone,
                                 std::error_code why) {
  const bool had_ended = why == std::errc::no_child_process;
  if (!had_ended) {
    (void)clone.process.send_signal(SIGKILL);
    if (system_call_retried(SYS_wait4, clone.pid, nullptr, __WALL, nullptr) < 0)
      (void)await_end(clone.process.fd().get(), {});
  }
  using Progress = ChildArgs::Progress;
  const Progress progress = start.args().progress;
  if (progress == Progress::failed || (had_ended && progress != Progress::executing))
    return child_error(start, std::unexpected(why));
  return start.error_at(SpawnStep::wait, why);
}

// A child that executes has left this memory: it is killed with its group, and waited for with a
// limit.
[[gnu::noinline]] SpawnError give_up_executing(const FailedStart& start, const CloneResult& clone,
                                               std::error_code why) {
  if (why != std::errc::no_child_process) {
    const bool leads_group = start.scratch.child.leads_group;
    const Killed killed = kill_group({clone.process, clone.pid, leads_group, false});
    if (!killed.child) (void)await_killed(clone.process, Clock::now() + kill_patience);
  }
  return start.error_at(SpawnStep::wait, why);
}

Result<ExitStatus, SpawnError> start_and_wait(CommandSpec& spec, const SpawnRequest& request,
                                              SpawnScratch& scratch, SpawnPlan& plan) {
  const auto clone = start_child(spec, request, scratch, plan);
  if (!clone) return std::unexpected(clone.error());
  const auto status =
      plan.resources && plan.resources->keeper
          ? spec.parts.containment->run_to_end(*plan.resources->keeper, clone->process)
          : clone->process.wait();
  if (!status)
    return std::unexpected(give_up_executing({spec, scratch, true}, *clone, status.error()));
  return *status;
}

Result<ExitStatus, SpawnError> run_concurrently(CommandSpec& spec, const SpawnRequest& request,
                                                SpawnScratch& scratch, SpawnPlan& plan) {
  if (!scratch.stack) {
    scratch.stack = std::make_unique_for_overwrite<ChildStack>();
    scratch.stack->is_watched = false;
  }
  const FailedStart start{spec, scratch, true};
  const auto clone = [&] {
    const ScopedSignalBlock blocked;
    return clone_child(start, plan.child, scratch.stack.get());
  }();
  // An emulator or a filter that refuses this may allow the usual start, which tells what failed.
  if (!clone) return start_and_wait(spec, request, scratch, plan);
  const auto status = clone->process.wait();
  const ChildArgs& args = plan.child.args;
  note_departure(args);
  if (!status) return std::unexpected(give_up(start, *clone, status.error()));
  if (args.progress == ChildArgs::Progress::executing) return *status;
  return std::unexpected(child_error(start, status));
}

}  // namespace

Result<ExitStatus, SpawnError> status(CommandSpec& spec, const SpawnRequest& request,
                                      SpawnScratch& scratch) {
  if (spec.parts.no_zombie) [[unlikely]]
    return std::unexpected(spec.parts.no_zombie->reject("status()"));
  if (spec.parts.descriptors && scratch.child.reuse == Reuse::no)
    if (auto done = spec.parts.descriptors->reject_pipes(spec, request); !done)
      return std::unexpected(std::move(done.error()));
  auto plan = plan_spawn(spec, request, scratch);
  if (!plan) return std::unexpected(std::move(plan.error()));
  auto status = plan->child.runs_concurrently ? run_concurrently(spec, request, scratch, *plan)
                                              : start_and_wait(spec, request, scratch, *plan);
  restore_foreground(spec, scratch);
  return status;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
