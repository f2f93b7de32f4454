// SPDX-License-Identifier: MIT
#include <sysfd/child.hpp>

#include <fcntl.h>
#include <sys/syscall.h>

#include <csignal>
#include <memory>
#include <utility>

#include <sysfd/create.hpp>
#include <sysfd/detail/fork_mark.hpp>
#include <sysfd/detail/raw_syscall.hpp>

#include "child.hpp"
#include "child_stages.hpp"
#include "exchange.hpp"
#include "plan/plan_part.hpp"
#include "start/kept_tree.hpp"
#include "start/kill.hpp"
#include "start/spawn.hpp"

namespace sysfd {
inline namespace v0 {

namespace {

// Moves the pidfd from the number of a standard stream that is closed here. If there is no other
// number left it has to stay: the child runs.
SYSFD_ALWAYS_INLINE PidFd above_standard_streams(PidFd process) noexcept {
  if (process.fd().get() >= detail::first_above_standard_streams) return process;
  auto moved = process.fd().duplicate();
  return moved ? PidFd::unsafe_adopt(*std::move(moved)) : std::move(process);
}

}  // namespace

Child::Child(detail::CloneResult& clone, const detail::CommandSpec& spec,
             detail::SpawnPlan& plan) noexcept
    : mark_(detail::fork_mark().value_or(0)),
      pidfd_(above_standard_streams(std::move(clone.process))),
      pid_(clone.pid),
      leads_group_(plan.child.leads_group),
      policy_(spec.drop_policy),
      grace_(spec.grace),
      report_{.by_clone3 = clone.by_clone3,
              .isolated_table = !plan.child.args.table_was_copied,
              .reaps_itself = clone.reaps_itself,
              .killed_with_parent = clone.killed_with_parent,
              .busy_retries = plan.child.args.times_busy,
              .copied_memory = false} {
  if (plan.resources) take(*plan.resources, spec);
}

// Not inlined: a child for which nothing was made need not save registers.
[[gnu::noinline]] void Child::take(detail::ChildResources& resources,
                                   const detail::CommandSpec& spec) noexcept {
  for (int number = 0; number < 3; ++number)
    pipes_[number] = std::exchange(resources.parent_ends[number], std::nullopt);
  terminal_ = std::exchange(resources.parent_terminal, std::nullopt);
  cgroup_ = std::exchange(resources.cgroup, std::nullopt);
  report_.copied_memory = resources.common_page != nullptr;
  if (resources.keeper) tree_ = spec.parts.containment->tree_of(*resources.keeper);
}

// std::optional stays engaged when it is moved from: what was taken is taken away.
Child::Child(Child&& other) noexcept
    : mark_(other.mark_),
      pidfd_(std::exchange(other.pidfd_, std::nullopt)),
      pid_(other.pid_),
      leads_group_(other.leads_group_),
      policy_(other.policy_),
      program_(other.program_),
      grace_(other.grace_),
      report_(other.report_),
      status_(std::exchange(other.status_, std::nullopt)),
      terminal_(std::exchange(other.terminal_, std::nullopt)),
      cgroup_(std::exchange(other.cgroup_, std::nullopt)),
      stages_(std::move(other.stages_)),
      tree_(std::move(other.tree_)) {
  for (std::size_t i = 0; i < std::size(pipes_); ++i)
    pipes_[i] = std::exchange(other.pipes_[i], std::nullopt);
}

Child& Child::operator=(Child&& other) noexcept {
  if (this == &other) return *this;
  std::destroy_at(this);
  std::construct_at(this, std::move(other));
  return *this;
}

Child::~Child() {
  drop();
}

// The pipes are closed before the wait, since the child may be waiting for somebody to read them;
// and after the kill: a child that will be killed must not read the end of its input before,
// and act on it. What a copy of the process (fork(2)) drops is still its parent's.
void Child::drop() noexcept {
  if (!pidfd_) return;  // moved from, or detached
  if (tree_) return drop_tree();
  const bool is_left = status_ || policy_ == DropPolicy::detach || detail::is_forked_copy(mark_);
  if (!is_left && !stages_ && policy_ == DropPolicy::kill) {
    const auto killed = kill();
    close_pipes();
    (void)await_kill(killed, detail::Clock::now() + detail::kill_patience);
    return;
  }
  close_pipes();
  if (is_left) return;
  if (stages_) {
    const auto stages = std::move(stages_);
    return stages->take(std::move(*this));
  }
  if (policy_ == DropPolicy::terminate)
    (void)terminate(grace_);
  else
    (void)wait();
}

// As drop(). The tree is ended also if its program has ended. One that other stages share is ended
// with the last of them, by who has taken them.
void Child::drop_tree() noexcept {
  if (detail::is_forked_copy(mark_)) return close_pipes();
  if (policy_ == DropPolicy::detach) {
    leave_tree();
    return close_pipes();
  }
  if (stages_) {
    (void)tree_->leave();
    close_pipes();
    const auto stages = std::move(stages_);
    return stages->take(std::move(*this));
  }
  if (policy_ != DropPolicy::kill) close_pipes();
  if (policy_ == DropPolicy::wait) (void)wait();
  if (policy_ == DropPolicy::terminate) (void)terminate(grace_);
  const auto killed = kill();
  close_pipes();
  (void)await_kill(killed, detail::Clock::now() + detail::kill_patience);
}

// Without ending it. The last one lets it go on.
void Child::leave_tree() noexcept {
  if (tree_ && !detail::is_forked_copy(mark_) && tree_->leave()) tree_->release();
}

bool Child::shares_tree() const noexcept {
  return tree_ && tree_->program_count() > 1;
}

void Child::begin_drop() noexcept {
  if (policy_ == DropPolicy::kill) (void)kill_stage();
  if (policy_ != DropPolicy::terminate) return;
  if (shares_tree())
    detail::ask_to_end(group());
  else
    ask_to_end();
}

void Child::close_pipes() noexcept {
  for (auto& pipe : pipes_)
    pipe.reset();
  terminal_.reset();
}

const PidFd& Child::pidfd() const noexcept {
  require_process();
  if (!pidfd_) detail::contract_violation("the pidfd of a Child after close_descriptors()");
  return *pidfd_;
}

void Child::require_process() const noexcept {
  if (!pidfd_ && !status_)
    detail::contract_violation("use of a Child that was moved from or detached");
}

pid_t Child::pid() const noexcept {
  require_process();
  return pid_;
}

const SpawnReport& Child::report() const noexcept {
  require_process();
  return report_;
}

Result<ExitStatus> Child::remember(Result<ExitStatus> answer) noexcept {
  if (answer) status_ = *answer;
  return answer;
}

Result<ExitStatus> Child::wait() noexcept {
  stdin_pipe().reset();
  if (status_) return *status_;
  if (tree_) [[unlikely]]
    return wait_for_tree({});
  return remember(pidfd().wait());
}

Result<ExitStatus> Child::try_wait() noexcept {
  if (status_) return *status_;
  if (tree_) [[unlikely]] {
    auto ended = wait_for_tree({detail::Clock::time_point::min()});
    if (!ended && detail::is_too_late(ended.error())) return detail::failure(EAGAIN);
    return ended;
  }
  return remember(pidfd().try_wait());
}

Result<ExitStatus> Child::wait_for(Timeout timeout) noexcept {
  stdin_pipe().reset();
  if (status_) return *status_;
  if (tree_) [[unlikely]]
    return wait_for_tree(detail::deadline_after(timeout));
  return remember(pidfd().wait_for(timeout));
}

Result<ExitStatus> Child::wait_until(std::chrono::steady_clock::time_point deadline) noexcept {
  stdin_pipe().reset();
  if (status_) return *status_;
  if (tree_) [[unlikely]]
    return wait_for_tree({deadline});
  return remember(pidfd().wait_until(deadline));
}

// A copy of this process has no children, and takes nothing of what the keeper says.
Result<ExitStatus> Child::wait_for_tree(const detail::Deadline& deadline) noexcept {
  if (detail::is_forked_copy(mark_)) return detail::failure(ECHILD);
  return remember(tree_->wait(program_, pidfd(), deadline));
}

// Leaves stdin_pipe() as it is: a conversation may go on.
Result<ExitStatus> Child::wait_before(const detail::Deadline& deadline) noexcept {
  if (status_) return *status_;
  if (tree_) [[unlikely]]
    return wait_for_tree(deadline);
  return remember(pidfd().wait_for(detail::timeout_until(deadline)));
}

Result<ExitStatus> Child::terminate(Timeout grace) noexcept {
  if (tree_) [[unlikely]]
    return terminate_tree(grace);
  if (status_) return *status_;
  detail::ask_to_end(group());
  const auto in_time = wait_for(grace);
  if (in_time || in_time.error() == std::errc::no_child_process) return in_time;
  return end_by_force();
}

// The grace period is that of all processes.
Result<ExitStatus> Child::terminate_tree(Timeout grace) noexcept {
  if (detail::is_forked_copy(mark_)) return detail::failure(ECHILD);
  ask_to_end();
  stdin_pipe().reset();
  if (!tree_->await_end(detail::deadline_after(grace))) (void)kill();
  return await_kill({}, detail::Clock::now() + detail::kill_patience);
}

void Child::ask_to_end() noexcept {
  if (!tree_) return detail::ask_to_end(group());
  for (const int signo : {SIGTERM, SIGCONT})
    tree_->send_signal(signo);
}

void Child::on_drop(DropPolicy policy, Timeout grace) noexcept {
  require_process();
  policy_ = policy;
  grace_ = grace.duration();
}

detail::ChildGroup Child::group() const noexcept {
  return {pidfd(), pid_, leads_group_, status_.has_value()};
}

ContainmentKind Child::containment() const noexcept {
  return tree_ ? tree_->kind() : ContainmentKind::none;
}

Result<Ending> Child::ending() const noexcept {
  require_process();
  if (!status_) return detail::failure(EAGAIN);
  Ending ending{.status = status_};
  ending.reason = status_->core_dumped() ? EndReason::core_dump
                  : status_->signal()    ? EndReason::signal
                                         : EndReason::exited;
  if (!tree_ || !tree_->cgroup()) return ending;
  const detail::ProgramEnd end = tree_->end_of(program_);
  ending.oom_kills = end.counts.oom_kills;
  ending.refused_forks = end.counts.refused_forks;
  if (status_->signal() == SIGKILL && !end.is_killed && ending.oom_kills.value_or(0) > 0)
    ending.reason = EndReason::out_of_memory;
  return ending;
}

Result<CgroupUsage> Child::usage() const {
  require_process();
  if (!tree_ || !tree_->cgroup()) return detail::failure(EOPNOTSUPP);
  const auto usage = tree_->cgroup()->usage();
  if (!usage) return std::unexpected(usage.error().code);
  return *usage;
}

detail::Killed Child::kill() noexcept {
  if (tree_ && !tree_->is_released()) [[unlikely]] {
    if (!detail::is_forked_copy(mark_)) tree_->begin_kill();
    return {};
  }
  return detail::kill_group(group());
}

detail::Killed Child::kill_stage() noexcept {
  return shares_tree() ? detail::kill_group(group()) : kill();
}

Result<ExitStatus> Child::await_kill_of_stage(
    const detail::Killed& killed, std::chrono::steady_clock::time_point deadline) noexcept {
  return shares_tree() ? wait_before({deadline}) : await_kill(killed, deadline);
}

Result<ExitStatus> Child::end_by_force() noexcept {
  const auto killed = kill();
  return await_kill(killed, detail::Clock::now() + detail::kill_patience);
}

// It may have ended by itself, though it could not be killed.
Result<ExitStatus> Child::await_kill(const detail::Killed& killed,
                                     std::chrono::steady_clock::time_point deadline) noexcept {
  if (tree_ && !detail::is_forked_copy(mark_)) [[unlikely]]
    tree_->finish_kill(pidfd(), deadline);
  if (status_) return *status_;
  if (tree_) [[unlikely]]
    return wait_for_tree({detail::Clock::now() + detail::kill_patience});
  if (!killed.child) return remember(detail::await_killed(pidfd(), deadline));
  const auto ended = try_wait();
  if (ended || !detail::is_too_early(ended.error())) return ended;
  return std::unexpected(killed.child);
}

Result<> Child::send_signal_to_group(int signo) noexcept {
  require_process();
  if (!pidfd_) return detail::failure(EOPNOTSUPP);
  return detail::signal_group(group(), signo);
}

Result<> Child::kill_cgroup() noexcept {
  require_process();
  if (!cgroup_) return detail::failure(EOPNOTSUPP);
  const auto file = open(*cgroup_, "cgroup.kill", O_WRONLY);
  if (!file) return std::unexpected(file.error());
  const long written = detail::system_call_retried(SYS_write, file->get(), "1", std::size_t{1});
  if (written < 0) return detail::failure(static_cast<int>(-written));
  return {};
}

Result<> Child::close_descriptors() noexcept {
  require_process();
  if (!status_) return detail::failure(EAGAIN);
  if (policy_ == DropPolicy::detach)
    leave_tree();
  else if (tree_ && !detail::is_forked_copy(mark_) && tree_->leave())
    (void)await_kill(kill(), detail::Clock::now() + detail::kill_patience);
  if (shares_tree()) stages_.reset();
  tree_.reset();
  close_pipes();
  cgroup_.reset();
  pidfd_.reset();
  return {};
}

PidFd Child::detach() && noexcept {
  (void)pidfd();  // or the program stops here
  PidFd process = *std::exchange(pidfd_, std::nullopt);
  leave_tree();
  tree_.reset();
  status_.reset();
  stages_.reset();
  close_pipes();
  return process;
}

// A tree of which only the program was waited for is killed.
void Child::forget() noexcept {
  if (tree_ && !tree_->is_released())
    (void)await_kill(kill(), detail::Clock::now() + detail::kill_patience);
  tree_.reset();
  (void)std::move(*this).detach();
}

namespace detail {

Result<Child, SpawnError> spawn_child(CommandSpec& spec, const SpawnRequest& request,
                                      SpawnScratch& scratch) {
  auto plan = plan_spawn(spec, request, scratch);
  if (!plan) return std::unexpected(std::move(plan.error()));
  auto started = start_child(spec, request, scratch, *plan);
  if (!started) return std::unexpected(std::move(started.error()));
  return Result<Child, SpawnError>(std::in_place, StartedChild{*started, spec, *plan});
}

Result<Child, SpawnError> make_child(Result<CloneResult, SpawnError> started,
                                     const CommandSpec& spec, SpawnPlan& plan) {
  if (!started) return std::unexpected(std::move(started.error()));
  return Result<Child, SpawnError>(std::in_place, StartedChild{*started, spec, plan});
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
