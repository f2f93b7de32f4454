// SPDX-License-Identifier: MIT
#include "start/keeper_tree.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <string_view>

#include <sysfd/create.hpp>
#include <sysfd/detail/proc_file.hpp>
#include <sysfd/detail/raw_syscall.hpp>

#include "start/kill.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

// What takes the keeper so long has another reason: it is stopped, for example.
constexpr std::chrono::milliseconds patience_with_keeper{100};

// Returns 0, or -errno: ETIMEDOUT, ECANCELED.
long await_end_of(const PidFd& process, const Deadline& deadline) noexcept {
  pollfd entries[2] = {{.fd = process.fd().get(), .events = POLLIN, .revents = 0}};
  const long ended = raw_poll_until(entries, 1, deadline);
  return ended == 0 ? -ETIMEDOUT : std::min(ended, 0L);
}

// Cgroup::events() would allocate. Empty: there is no such file, for example.
std::optional<std::uint64_t> count_in(BorrowedFd cgroup, const char* name,
                                      std::string_view label) noexcept {
  const auto file = open(cgroup, name, O_RDONLY);
  if (!file) return std::nullopt;
  char room[24];
  const auto text = find_field(*file, label, room);
  std::uint64_t count = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), count).ec != std::errc())
    return std::nullopt;
  return count;
}

}  // namespace

KeeperTree::KeeperTree(OwnedFd control, std::size_t programs)
    : control_(std::move(control)), users_(programs) {
  ends_.reserve(programs);
  for (std::size_t i = 0; i < programs; ++i)
    ends_.push_back({});
}

ProgramEnd KeeperTree::end_of(std::size_t program) const noexcept {
  const std::lock_guard lock(mutex_);
  return ends_[program];
}

Result<ExitStatus> KeeperTree::wait(std::size_t program, const PidFd& process,
                                    const Deadline& deadline) noexcept {
  if (const auto status = end_of(program).status) return *status;
  long heard = program_count() > 1 ? await_end_of(process, deadline) : 0;
  if (heard == 0) heard = hear_end(program, deadline);
  // The program has ended a moment before the keeper says so.
  const bool is_late = heard == -ETIMEDOUT || heard == -ECANCELED;
  if (is_late && await_end_of(process, {Clock::time_point::min()}) == 0) {
    const long heard_after = hear_end(program, {Clock::now() + patience_with_keeper});
    if (heard_after != -ETIMEDOUT) heard = heard_after;
  }
  if (heard == 0) return *end_of(program).status;
  if (heard != -ECHILD) return failure(static_cast<int>(-heard));
  return process.wait_for(timeout_until(deadline));
}

void KeeperTree::send_signal(int signo) noexcept {
  const unsigned asked = ++signals_asked_;
  tell(KeeperMessage::send_signal, signo);
  const Deadline deadline{Clock::now() + patience_with_keeper};
  while (static_cast<int>(asked - signals_sent_) > 0 && !deadline.is_past())
    if (const long heard = hear(next_look(deadline)); heard == -ECHILD) break;
}

void KeeperTree::begin_kill() noexcept {
  if (is_released_) return;
  // One whose end was not heard yet has ended by itself.
  while (program_count() > 1 && hear({Clock::time_point::min()}) == 0) {
  }
  {
    const std::lock_guard lock(mutex_);
    for (ProgramEnd& end : ends_)
      end.is_killed |= !end.status;
  }
  tell(KeeperMessage::kill_all);
  if (cgroup_) (void)cgroup_->kill();  // which a keeper that was killed would not do
}

void KeeperTree::release() noexcept {
  is_released_ = true;
  tell(KeeperMessage::release);
  if (cgroup_) cgroup_->keep();  // the keeper removes it
}

bool KeeperTree::await_end(const Deadline& deadline) noexcept {
  if (await_end_of(*keeper_, deadline) < 0) return false;
  reap();
  return true;
}

void KeeperTree::finish_kill(const PidFd& process, Clock::time_point deadline) noexcept {
  if (is_released_) return;
  // What a keeper that is killed has not told is lost before Linux 6.15.
  if (await_end_on_its_way(*keeper_, deadline)) {
    reap();
    (void)process.send_signal(SIGKILL);  // as a keeper that was killed has not
    return;
  }
  // The end of an init ends all. A subreaper has to kill them: it is slow, or was stopped.
  for (const int signo : {kind_ == ContainmentKind::subreaper ? SIGCONT : SIGKILL, SIGKILL}) {
    (void)keeper_->send_signal(signo);
    (void)process.send_signal(SIGKILL);
    if (await_end({Clock::now() + kill_patience})) return;
  }
}

// The cgroup's counts are those at the end of the program, before anything is killed.
void KeeperTree::remember(std::size_t program, ExitStatus status) noexcept {
  ProgramEnd& end = ends_[program];
  if (end.status) return;
  end.status = status;
  if (cgroup_)
    end.counts = {.oom_kills = count_in(cgroup_->fd(), "memory.events", "oom_kill "),
                  .refused_forks = count_in(cgroup_->fd(), "pids.events", "max ")};
}

// Who waits with others has to look from time to time: another thread may be who hears. It is not
// for long: the keeper tells of an end at once, and who waits for it has seen it.
Deadline KeeperTree::next_look(const Deadline& deadline) const noexcept {
  constexpr std::chrono::milliseconds look_after{1};
  if (program_count() == 1) return deadline;
  return {std::min(deadline.time, Clock::now() + look_after), deadline.canceled_by};
}

// Returns 0 when that is known, or -errno.
long KeeperTree::hear_end(std::size_t program, const Deadline& deadline) noexcept {
  for (;;) {
    const long heard = hear(next_look(deadline));
    if (end_of(program).status) return 0;
    const bool goes_on = heard >= 0 || (heard == -ETIMEDOUT && !deadline.is_past());
    if (!goes_on) return heard;
  }
}

// Hears one message, if another thread has not heard it. Returns 0, or -errno. ECHILD: the keeper
// has ended.
long KeeperTree::hear(const Deadline& deadline) noexcept {
  // A copy of this process may hold the keeper's end of the socket.
  pollfd entries[3] = {{.fd = keeper_->fd().get(), .events = POLLIN, .revents = 0},
                       {.fd = control_.get(), .events = POLLIN, .revents = 0}};
  const long ready = raw_poll_until(entries, 2, deadline);
  if (ready <= 0) return ready == 0 ? -ETIMEDOUT : ready;
  const std::lock_guard lock(mutex_);
  KeeperMessage message{};
  long size = 0;
  do  // the keeper has ended with something unread: ECONNRESET, once, before what it has said
    size = system_call_retried(SYS_recvfrom, control_.get(), &message, sizeof message, MSG_DONTWAIT,
                               nullptr);
  while (size == -ECONNRESET);
  if (size == -EAGAIN) return entries[0].revents != 0 ? -ECHILD : 0;
  if (size != sizeof message) return size < 0 ? size : -ECHILD;
  if (message.what == KeeperMessage::program_ended)
    remember(static_cast<std::size_t>(message.program),
             ExitStatus::from_wait_status(message.value));
  if (message.what == KeeperMessage::signal_sent) ++signals_sent_;
  return 0;
}

// A keeper that has ended already hears nothing.
void KeeperTree::tell(KeeperMessage::What what, int value) const noexcept {
  const KeeperMessage message{what, value, 0};
  system_call(SYS_sendto, control_.get(), &message, sizeof message, MSG_NOSIGNAL | MSG_DONTWAIT,
              nullptr);
}

// Another thread of this process may have reaped it (waitpid(-1)).
void KeeperTree::reap() const noexcept {
  system_call_retried(SYS_waitid, P_PIDFD, keeper_->fd().get(), nullptr, WEXITED | WNOHANG | __WALL,
                      nullptr);
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
