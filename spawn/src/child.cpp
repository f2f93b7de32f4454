// SPDX-License-Identifier: MIT
#include <sysfd/child.hpp>

#include <fcntl.h>
#include <sys/syscall.h>

#include <memory>
#include <utility>

#include <sysfd/create.hpp>
#include <sysfd/detail/fork_mark.hpp>
#include <sysfd/detail/raw_syscall.hpp>

#include "child_end.hpp"
#include "child_stages.hpp"
#include "child_start.hpp"

namespace sysfd {
inline namespace v0 {

namespace {

// The pidfd that clone3(2) has made, which is not to have the number of a standard stream that is
// closed here. Where there is no other number left it has to stay: the child runs.
SYSFD_ALWAYS_INLINE PidFd to_pidfd(int number) noexcept {
  OwnedFd fd = OwnedFd::adopt(number);
  if (number < detail::first_above_standard_streams)
    if (auto moved = fd.duplicate()) fd = *std::move(moved);
  return PidFd::unsafe_adopt(std::move(fd));
}

}  // namespace

[[gnu::hot]] Child::Child(const Start& start) noexcept
    : mark_(detail::fork_mark().value_or(0)),
      pidfd_(to_pidfd(start.work.job.pidfd)),
      pid_(start.entered.pid),
      leads_group_(start.work.leads_group),
      policy_(start.state.drop_policy),
      grace_(start.state.grace),
      report_{.by_clone3 = start.entered.by_clone3,
              .isolated_table = !start.work.job.table_was_copied,
              .reaps_itself = start.entered.reaps_itself,
              .killed_with_parent = start.entered.killed_with_parent,
              .busy_retries = start.work.job.times_busy} {}

// std::optional stays engaged when it is moved from: what was taken is taken away.
Child::Child(Child&& other) noexcept
    : mark_(other.mark_),
      pidfd_(std::exchange(other.pidfd_, std::nullopt)),
      pid_(other.pid_),
      leads_group_(other.leads_group_),
      policy_(other.policy_),
      grace_(other.grace_),
      report_(other.report_),
      status_(std::exchange(other.status_, std::nullopt)),
      terminal_(std::exchange(other.terminal_, std::nullopt)),
      cgroup_(std::exchange(other.cgroup_, std::nullopt)),
      stages_(std::move(other.stages_)) {
  for (std::size_t i = 0; i < std::size(pipes_); ++i)
    pipes_[i] = std::exchange(other.pipes_[i], std::nullopt);
}

Child& Child::operator=(Child&& other) noexcept {
  if (this == &other) return *this;
  std::destroy_at(this);
  std::construct_at(this, std::move(other));
  return *this;
}

[[gnu::hot]] Child::~Child() {
  drop();
}

// The pipes are closed before the wait, since the child may be waiting for somebody to read them;
// and after the kill: a child that is to be killed must not come to the end of its input before,
// and act on it. What a copy of the process (fork(2)) drops is still its parent's.
[[gnu::hot]] void Child::drop() noexcept {
  if (!pidfd_) return;  // moved from, or detached
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

[[gnu::hot]] void Child::close_pipes() noexcept {
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

[[gnu::hot]] Result<ExitStatus> Child::wait() noexcept {
  stdin_pipe().reset();
  if (status_) return *status_;
  return remember(pidfd().wait());
}

Result<ExitStatus> Child::try_wait() noexcept {
  if (status_) return *status_;
  return remember(pidfd().try_wait());
}

Result<ExitStatus> Child::wait_for(Timeout timeout) noexcept {
  stdin_pipe().reset();
  if (status_) return *status_;
  return remember(pidfd().wait_for(timeout));
}

Result<ExitStatus> Child::wait_until(std::chrono::steady_clock::time_point deadline) noexcept {
  stdin_pipe().reset();
  if (status_) return *status_;
  return remember(pidfd().wait_until(deadline));
}

// Leaves stdin_pipe() as it is: a conversation may go on.
Result<ExitStatus> Child::wait_before(const detail::Deadline& deadline) noexcept {
  if (status_) return *status_;
  Timeout left = Timeout::forever();
  if (!deadline.is_never()) left = deadline.time - std::min(deadline.time, detail::Clock::now());
  if (deadline.canceled_by >= 0)
    left = left.canceled_by(BorrowedFd::unsafe_borrow(deadline.canceled_by));
  return remember(pidfd().wait_for(left));
}

Result<ExitStatus> Child::terminate(Timeout grace) noexcept {
  if (status_) return *status_;
  ask_to_end();
  const auto in_time = wait_for(grace);
  if (in_time || !detail::is_too_late(in_time.error())) return in_time;
  return end_by_force();
}

void Child::on_drop(DropPolicy policy, Timeout grace) noexcept {
  require_process();
  policy_ = policy;
  grace_ = grace.duration();
}

detail::Family Child::family() const noexcept {
  return {pidfd(), pid_, leads_group_, status_.has_value()};
}

void Child::ask_to_end() noexcept {
  detail::ask_family_to_end(family());
}

detail::Killed Child::kill() noexcept {
  return detail::kill_family(family());
}

Result<ExitStatus> Child::end_by_force() noexcept {
  const auto killed = kill();
  return await_kill(killed, detail::Clock::now() + detail::kill_patience);
}

// It may have ended by itself, though it could not be killed.
Result<ExitStatus> Child::await_kill(const detail::Killed& killed,
                                     std::chrono::steady_clock::time_point deadline) noexcept {
  if (status_) return *status_;
  if (!killed.child) return remember(detail::await_killed(pidfd(), deadline));
  const auto ended = try_wait();
  if (ended || !detail::is_too_early(ended.error())) return ended;
  return std::unexpected(killed.child);
}

Result<> Child::send_signal_to_group(int signo) noexcept {
  require_process();
  if (!pidfd_) return detail::failure(EOPNOTSUPP);
  return detail::signal_group(family(), signo);
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
  close_pipes();
  cgroup_.reset();
  pidfd_.reset();
  return {};
}

PidFd Child::detach() && noexcept {
  (void)pidfd();  // or the program stops here
  PidFd process = *std::exchange(pidfd_, std::nullopt);
  status_.reset();
  stages_.reset();
  close_pipes();
  return process;
}

}  // namespace v0
}  // namespace sysfd
