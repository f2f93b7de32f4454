// SPDX-License-Identifier: MIT
#include <sysfd/pending_child.hpp>

#include <utility>

#include <sysfd/detail/deadline.hpp>

#include "child_end.hpp"
#include "prepared_shared.hpp"
#include "signals_blocked.hpp"
#include "startup.hpp"

namespace sysfd {
inline namespace v0 {

// What the child may read until it is decided, in the order in which one thing needs the other.
struct PendingChild::Job {
  Job(std::shared_ptr<PreparedCommand::Shared> of, const SpawnChanges& changes,
      Confirmation confirmation)
      : shared(std::move(of)),
        lease(*shared),
        startup(*shared->state, lease.work(),
                confirmation == Confirmation::by_descriptor ? Command::Attempt::Kind::reported
                                                            : Command::Attempt::Kind::pending,
                changes) {}

  std::shared_ptr<PreparedCommand::Shared> shared;
  PreparedCommand::Lease lease;
  Command::Startup startup;
  std::optional<OwnedFd> report;
};

PendingChild::PendingChild(std::unique_ptr<Job> job) noexcept : job_(std::move(job)) {}
PendingChild::PendingChild(PendingChild&&) noexcept = default;

PendingChild& PendingChild::operator=(PendingChild&& other) noexcept {
  const PendingChild former(std::exchange(job_, std::exchange(other.job_, nullptr)));
  return *this;
}

PendingChild::~PendingChild() {
  if (!job_) return;
  Command::Startup& startup = job_->startup;
  const auto in_time = [&startup] {
    return startup.await(detail::deadline_after(Timeout(startup.grace()))) == 0;
  };
  const DropPolicy policy = startup.drop_policy();
  if (startup.is_copy() || policy == DropPolicy::kill ||
      (policy == DropPolicy::terminate && !in_time()))
    cancel();
  else
    (void)finish();
}

PendingChild::Job& PendingChild::job() const noexcept {
  if (!job_)
    detail::contract_violation("use of a PendingChild that was finished, cancelled or moved from");
  return *job_;
}

// In a copy of the process nobody would ever say that it has left this memory.
Result<Child, SpawnError> PendingChild::settle() {
  const auto job = std::exchange(job_, nullptr);
  if (job->startup.is_copy())
    return std::unexpected(SpawnError{SpawnStep::start, detail::error_code(ECHILD), -1,
                                      "by a process that this one is a copy of"});
  return job->startup.settle();
}

Result<Child, SpawnError> PendingChild::finish() {
  Command::Startup& startup = job().startup;
  if (!startup.is_copy()) (void)startup.await({});
  return settle();
}

Result<Child, SpawnError> PendingChild::try_finish() {
  auto child = finish_before({detail::Clock::time_point::min()});
  if (!child && child.error().step == SpawnStep::confirmation)
    child.error().code = detail::error_code(EAGAIN);
  return child;
}

Result<Child, SpawnError> PendingChild::finish_for(Timeout timeout) {
  return finish_before(detail::deadline_after(timeout));
}

Result<Child, SpawnError> PendingChild::finish_until(
    std::chrono::steady_clock::time_point deadline) {
  return finish_before({deadline});
}

Result<Child, SpawnError> PendingChild::finish_before(const detail::Deadline& deadline) {
  Command::Startup& startup = job().startup;
  const long answer = startup.is_copy() ? 0 : startup.await(deadline);
  if (answer == 0) return settle();
  return std::unexpected(
      SpawnError{SpawnStep::confirmation, detail::error_code(static_cast<int>(-answer)), -1, ""});
}

// What a child may still use that cannot be ended is never freed.
void PendingChild::cancel() noexcept {
  if (!job().startup.cancel({detail::Clock::now() + detail::kill_patience})) (void)job_.release();
  job_.reset();
}

pid_t PendingChild::pid() const noexcept {
  return job().startup.pid();
}

BorrowedFd PendingChild::fd() const noexcept {
  const auto& report = job().report;
  if (!report) detail::contract_violation("PendingChild::fd() without Confirmation::by_descriptor");
  return *report;
}

Result<PendingChild, SpawnError> PreparedCommand::start(std::shared_ptr<Shared> shared,
                                                        const SpawnChanges& changes,
                                                        Confirmation confirmation) {
  auto job = std::make_unique<PendingChild::Job>(std::move(shared), changes, confirmation);
  if (auto mistake = job->startup.prepare()) return std::unexpected(*std::move(mistake));
  const auto mistake = [&] {
    const detail::SignalsBlocked blocked;
    return job->startup.enter();
  }();
  if (mistake) return std::unexpected(*mistake);
  if (confirmation == Confirmation::by_descriptor) job->report = job->startup.take_report();
  return PendingChild(std::move(job));
}

Result<PendingChild, SpawnError> PreparedCommand::spawn_async(const SpawnChanges& changes,
                                                              Confirmation confirmation) const {
  (void)shared();  // or the program stops here
  return start(shared_, changes, confirmation);
}

Result<PendingChild, SpawnError> Command::spawn_async(Confirmation confirmation) && {
  State& state = this->state();
  if (state.mistake) return std::unexpected(*state.mistake);
  auto asked = Attempt::ask_once(state);
  const auto shared = std::make_shared<PreparedCommand::Shared>();
  PreparedCommand::Takeover takeover(*shared, state_, std::move(asked));
  auto pending = PreparedCommand::start(shared, detail::no_changes, confirmation);
  if (pending) takeover.succeed();
  return pending;
}

}  // namespace v0
}  // namespace sysfd
