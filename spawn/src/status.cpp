// SPDX-License-Identifier: MIT
//
// Running a program to its end. The usual child runs beside its parent, which sleeps until it has
// ended: suspended until the program executes, the parent would wake for nothing but to wait again.
#include <sys/syscall.h>
#include <sys/wait.h>

#include <csignal>
#include <memory>

#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/syscall.hpp>

#include "attempt.hpp"
#include "signals_blocked.hpp"
#include "startup.hpp"

namespace sysfd {
inline namespace v0 {

using detail::Job;

// Whether no part of this process but its memory has to wait for the child to execute, which is
// soon. What holds for the next child as well has made nothing for this one.
bool Command::Attempt::can_run_beside() const noexcept {
  return work_.plan_holds && !Startup::must_suspend(state_) && !work_.changes_credentials &&
         state_.busy_retries <= 0;
}

// A child that cannot be waited for is not left running, nor in this memory. Nor is the pidfd to be
// trusted: somebody may have closed it, and opened something else under its number.
SpawnError Command::Attempt::give_up(const PidFd& process, pid_t number,
                                     std::error_code why) const {
  const bool had_ended = why == std::errc::no_child_process;
  if (!had_ended) {
    (void)process.send_signal(SIGKILL);
    if (detail::system_call_retried(SYS_wait4, number, nullptr, __WALL, nullptr) < 0)
      (void)detail::await_end(process.fd().get(), {});
  }
  const auto progress = work_.job.progress;
  if (progress == Job::Progress::failed || (had_ended && progress != Job::Progress::executing))
    return why_not_executing(std::unexpected(why));
  return error_at(SpawnStep::wait, why, -1);
}

Result<ExitStatus, SpawnError> Command::Attempt::run_beside() {
  if (!work_.apart) {
    work_.apart = std::make_unique_for_overwrite<detail::Apart>();
    work_.apart->is_watched = false;
  }
  const auto entered = [&] {
    const detail::SignalsBlocked blocked;
    return detail::enter_child(work_.job, work_.birth, work_.apart.get());
  }();
  // Where this is refused, by an emulator or a filter, that may not be; or it says why.
  if (!entered) return run_and_wait();
  const PidFd process = PidFd::unsafe_adopt(OwnedFd::adopt(work_.job.pidfd));
  const auto status = process.wait();
  detail::note_departure(work_.job);
  if (!status) return std::unexpected(give_up(process, entered->pid, status.error()));
  if (work_.job.progress == Job::Progress::executing) return *status;
  return std::unexpected(why_not_executing(status));
}

Result<ExitStatus, SpawnError> Command::Attempt::run_and_wait() {
  auto child = run();
  if (!child) return std::unexpected(std::move(child.error()));
  const auto status = child->wait();
  if (!status) return std::unexpected(error_at(SpawnStep::wait, status.error(), -1));
  return *status;
}

Result<ExitStatus, SpawnError> Command::Attempt::status(State& state, Workspace& work,
                                                        const SpawnChanges& changes) {
  Attempt attempt(state, work, Kind::child, nullptr, changes);
  if (state.prepare_no_zombie) [[unlikely]]
    return std::unexpected(*(attempt.*state.prepare_no_zombie)("status()"));
  if (const auto* parts = work.plan_holds ? nullptr : attempt.parts_for_descriptors())
    if (auto mistake = (attempt.*parts->refuse_own_ends)())
      return std::unexpected(*std::move(mistake));
  if (auto mistake = attempt.prepare()) return std::unexpected(*std::move(mistake));
  auto status = work.runs_beside ? attempt.run_beside() : attempt.run_and_wait();
  give_foreground_back(state, work);
  return status;
}

[[gnu::hot]] Result<ExitStatus, SpawnError> Command::status() {
  State& state = this->state();
  if (state.mistake) return std::unexpected(*state.mistake);
  return Attempt::status(state, state.workspace, detail::no_changes);
}

}  // namespace v0
}  // namespace sysfd
