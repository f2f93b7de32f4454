// SPDX-License-Identifier: MIT
#include <sysfd/child.hpp>

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <utility>

#include <sysfd/create.hpp>

#include "child_start.hpp"
#include "kernel.hpp"

namespace sysfd {
inline namespace v0 {

[[gnu::hot]] Child::Child(Start& start) noexcept
    : pidfd_(PidFd::unsafe_adopt(OwnedFd::adopt(start.work.job.pidfd))),
      pid_(start.entered.pid),
      leads_group_(start.work.leads_group),
      policy_(start.state.drop_policy),
      grace_(start.state.grace),
      report_{.by_clone3 = start.entered.by_clone3,
              .isolated_table = !start.work.job.table_was_copied,
              .reaps_itself = start.entered.reaps_itself,
              .killed_with_parent = start.entered.killed_with_parent,
              .busy_retries = start.work.job.times_busy} {
  if (!start.made) return;
  std::ranges::move(start.made->parent_ends, pipes_);
  terminal_ = std::move(start.made->parent_terminal);
  cgroup_ = std::move(start.made->cgroup);
}

// std::optional stays engaged when it is moved from: what was taken is taken away.
Child::Child(Child&& other) noexcept
    : pidfd_(std::exchange(other.pidfd_, std::nullopt)),
      pid_(other.pid_),
      leads_group_(other.leads_group_),
      policy_(other.policy_),
      grace_(other.grace_),
      report_(other.report_),
      status_(std::exchange(other.status_, std::nullopt)),
      terminal_(std::exchange(other.terminal_, std::nullopt)),
      cgroup_(std::exchange(other.cgroup_, std::nullopt)) {
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

// Errors can be ignored: a process that cannot be signalled or waited for is gone already. The
// pipes go first, since the child may be waiting for somebody to read them.
[[gnu::hot]] void Child::drop() noexcept {
  if (!pidfd_) return;  // moved from, or detached
  close_pipes();
  if (status_ || policy_ == DropPolicy::detach) return;
  if (policy_ == DropPolicy::kill) (void)pidfd_->send_signal(SIGKILL);
  (void)(policy_ == DropPolicy::terminate ? terminate(grace_) : wait());
}

[[gnu::hot]] void Child::close_pipes() noexcept {
  for (auto& pipe : pipes_)
    pipe.reset();
  terminal_.reset();
}

const PidFd& Child::pidfd() const noexcept {
  if (!pidfd_) detail::contract_violation("use of a Child that was moved from or detached");
  return *pidfd_;
}

pid_t Child::pid() const noexcept {
  (void)pidfd();  // or the program stops here
  return pid_;
}

const SpawnReport& Child::report() const noexcept {
  (void)pidfd();  // or the program stops here
  return report_;
}

template <class Answer>
Answer Child::remember(Answer answer) noexcept {
  if (answer) status_ = *answer;
  return answer;
}

[[gnu::hot]] Result<ExitStatus> Child::wait() noexcept {
  stdin_pipe().reset();
  if (status_) return *status_;
  return remember(pidfd().wait());
}

Result<std::optional<ExitStatus>> Child::try_wait() noexcept {
  if (status_) return status_;
  return remember(pidfd().try_wait());
}

Result<std::optional<ExitStatus>> Child::wait_for(std::chrono::nanoseconds duration) noexcept {
  if (status_) return status_;
  return remember(pidfd().wait_for(duration));
}

Result<std::optional<ExitStatus>> Child::wait_until(
    std::chrono::steady_clock::time_point deadline) noexcept {
  if (status_) return status_;
  return remember(pidfd().wait_until(deadline));
}

Result<ExitStatus> Child::terminate(std::chrono::nanoseconds grace) noexcept {
  if (status_) return *status_;
  (void)pidfd().send_signal(SIGTERM);
  stdin_pipe().reset();
  const auto in_time = wait_for(grace);
  if (!in_time) return std::unexpected(in_time.error());
  if (*in_time) return **in_time;
  (void)pidfd().send_signal(SIGKILL);
  return wait();
}

// Before Linux 6.9 a group can be named by its number only. That of a group whose leader has not
// been reaped is not given to another one.
Result<> Child::send_signal_to_group(int signo) noexcept {
  if (!leads_group_) return detail::failure(ESRCH);
  const int pidfd = this->pidfd().fd().get();
  constexpr unsigned process_group = 1 << 2;  // PIDFD_SIGNAL_PROCESS_GROUP
  if (::syscall(SYS_pidfd_send_signal, pidfd, signo, nullptr, process_group) == 0) return {};
  if (errno != EINVAL || signo < 0 || signo > detail::kernel::signal_count)
    return detail::last_error();

  siginfo_t info{};
  const bool is_unreaped =
      !status_ && ::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd), &info,
                           WEXITED | WNOHANG | WNOWAIT | __WALL) == 0;
  if (!is_unreaped || pid_ <= 1) return detail::failure(EOPNOTSUPP);
  if (::kill(-pid_, signo) == -1) return detail::last_error();
  return {};
}

Result<> Child::kill_cgroup() noexcept {
  (void)pidfd();  // or the program stops here
  if (!cgroup_) return detail::failure(EOPNOTSUPP);
  const auto file = open(*cgroup_, "cgroup.kill", O_WRONLY);
  if (!file) return std::unexpected(file.error());
  if (detail::retry_eintr([&] { return ::write(file->get(), "1", 1); }) == -1)
    return detail::last_error();
  return {};
}

PidFd Child::detach() && noexcept {
  (void)pidfd();  // or the program stops here
  PidFd process = *std::exchange(pidfd_, std::nullopt);
  status_.reset();
  close_pipes();
  return process;
}

}  // namespace v0
}  // namespace sysfd
