// SPDX-License-Identifier: MIT
#include <sysfd/child.hpp>

#include <csignal>
#include <utility>

namespace sysfd {
inline namespace v0 {

Child::Child(PidFd pidfd, pid_t pid, DropPolicy policy) noexcept
    : pidfd_(std::move(pidfd)), pid_(pid), policy_(policy) {}

Child::Child(Child&& other) noexcept
    : pidfd_(std::exchange(other.pidfd_, std::nullopt)),
      pid_(other.pid_),
      policy_(other.policy_),
      status_(std::exchange(other.status_, std::nullopt)) {
  for (std::size_t i = 0; i < std::size(pipes_); ++i)
    pipes_[i] = std::exchange(other.pipes_[i], std::nullopt);
}

Child& Child::operator=(Child&& other) noexcept {
  if (this == &other) return *this;
  drop();
  pidfd_ = std::exchange(other.pidfd_, std::nullopt);
  pid_ = other.pid_;
  policy_ = other.policy_;
  status_ = std::exchange(other.status_, std::nullopt);
  for (std::size_t i = 0; i < std::size(pipes_); ++i)
    pipes_[i] = std::exchange(other.pipes_[i], std::nullopt);
  return *this;
}

Child::~Child() {
  drop();
}

// Errors can be ignored: a process that cannot be signalled or waited for is gone already. The pipes
// go first, since the child may be waiting for somebody to read them.
void Child::drop() noexcept {
  close_pipes();
  if (!pidfd_ || status_ || policy_ == DropPolicy::detach) return;
  if (policy_ == DropPolicy::kill) (void)pidfd_->send_signal(SIGKILL);
  (void)wait();
}

void Child::close_pipes() noexcept {
  for (auto& pipe : pipes_)
    pipe.reset();
}

const PidFd& Child::pidfd() const noexcept {
  if (!pidfd_) detail::contract_violation("use of a Child that was moved from or detached");
  return *pidfd_;
}

pid_t Child::pid() const noexcept {
  (void)pidfd();  // or the program stops here
  return pid_;
}

template <class Answer>
Answer Child::remember(Answer answer) noexcept {
  if (answer) status_ = *answer;
  return answer;
}

Result<ExitStatus> Child::wait() noexcept {
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

PidFd Child::detach() && noexcept {
  (void)pidfd();  // or the program stops here
  PidFd process = *std::exchange(pidfd_, std::nullopt);
  status_.reset();
  close_pipes();
  return process;
}

}  // namespace v0
}  // namespace sysfd
