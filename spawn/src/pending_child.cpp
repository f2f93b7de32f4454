// SPDX-License-Identifier: MIT
#include <sysfd/pending_child.hpp>

#include <utility>

#include <sysfd/detail/deadline.hpp>

#include "child.hpp"
#include "prepared_state.hpp"
#include "start/async_start.hpp"
#include "start/kill.hpp"
#include "start/scoped_signal_block.hpp"

namespace sysfd {
inline namespace v0 {

// What the child may read until it is settled, in the order in which one thing needs the other.
struct PendingChild::Impl {
  Impl(const std::shared_ptr<detail::PreparedState>& prepared, Confirmation confirmation)
      : state(prepared),
        lease(*state),
        start(state->spec(), lease.scratch(),
              confirmation == Confirmation::by_descriptor ? detail::StartMode::async_reported
                                                          : detail::StartMode::async) {}

  std::shared_ptr<detail::PreparedState> state;
  detail::ScratchLease lease;
  detail::AsyncStart start;
  std::optional<OwnedFd> report;
};

PendingChild::PendingChild(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
PendingChild::PendingChild(PendingChild&&) noexcept = default;

PendingChild& PendingChild::operator=(PendingChild&& other) noexcept {
  const PendingChild former(std::exchange(impl_, std::exchange(other.impl_, nullptr)));
  return *this;
}

PendingChild::~PendingChild() {
  if (!impl_) return;
  detail::AsyncStart& start = impl_->start;
  const auto in_time = [&start] {
    return start.await(detail::deadline_after(Timeout(start.spec().grace))) == 0;
  };
  const DropPolicy policy = start.spec().drop_policy;
  if (start.is_copy() || policy == DropPolicy::kill ||
      (policy == DropPolicy::terminate && !in_time()))
    cancel();
  else
    (void)finish();
}

PendingChild::Impl& PendingChild::impl() const noexcept {
  if (!impl_)
    detail::contract_violation("use of a PendingChild that was finished, canceled or moved from");
  return *impl_;
}

// In a copy of the process nobody would ever say that it has left this memory.
Result<Child, SpawnError> PendingChild::settle() {
  const auto impl = std::exchange(impl_, nullptr);
  if (impl->start.is_copy())
    return std::unexpected(SpawnError{SpawnStep::start, detail::error_code(ECHILD), -1,
                                      "by a process that this one is a copy of"});
  return detail::make_child(impl->start.finish(), impl->start.spec(), impl->start.plan());
}

Result<Child, SpawnError> PendingChild::finish() {
  detail::AsyncStart& start = impl().start;
  if (!start.is_copy()) (void)start.await({});
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
  detail::AsyncStart& start = impl().start;
  const long answer = start.is_copy() ? 0 : start.await(deadline);
  if (answer == 0) return settle();
  return std::unexpected(
      SpawnError{SpawnStep::confirmation, detail::error_code(static_cast<int>(-answer)), -1, ""});
}

// What a child may still use that cannot be ended is never freed.
void PendingChild::cancel() noexcept {
  if (!impl().start.cancel({detail::Clock::now() + detail::kill_patience})) (void)impl_.release();
  impl_.reset();
}

pid_t PendingChild::pid() const noexcept {
  return impl().start.pid();
}

BorrowedFd PendingChild::fd() const noexcept {
  const auto& report = impl().report;
  if (!report) detail::contract_violation("PendingChild::fd() without Confirmation::by_descriptor");
  return *report;
}

namespace detail {

Result<PendingChild, SpawnError> start_pending(const std::shared_ptr<PreparedState>& state,
                                               const SpawnChanges& changes,
                                               Confirmation confirmation) {
  auto impl = std::make_unique<PendingChild::Impl>(state, confirmation);
  if (auto done = impl->start.make_plan(changes); !done)
    return std::unexpected(std::move(done.error()));
  auto started = [&] {
    const ScopedSignalBlock blocked;
    return impl->start.start();
  }();
  if (!started) return std::unexpected(std::move(started.error()));
  if (confirmation == Confirmation::by_descriptor) impl->report = impl->start.take_report();
  return PendingChild(std::move(impl));
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
