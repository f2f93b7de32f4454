// SPDX-License-Identifier: MIT
#include "start/keeper_tree.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

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

bool await_end_of(const PidFd& process, const Deadline& deadline) noexcept {
  pollfd entries[2] = {{.fd = process.fd().get(), .events = POLLIN, .revents = 0}};
  return raw_poll_until(entries, 1, deadline) > 0;
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

Result<ExitStatus> KeeperTree::wait(const PidFd& program, const Deadline& deadline) noexcept {
  long heard = 0;
  while (!status_ && heard >= 0) {
    heard = hear(deadline);
    // The program has ended a moment before the keeper says so.
    const bool is_late = heard == -ETIMEDOUT || heard == -ECANCELED;
    if (is_late && await_end_of(program, {Clock::time_point::min()}))
      heard = hear({Clock::now() + patience_with_keeper});
  }
  if (status_) return *status_;
  if (heard != -ECHILD) return failure(static_cast<int>(-heard));
  const auto status = program.wait_for(timeout_until(deadline));
  if (status) remember(*status);
  return status;
}

void KeeperTree::send_signal(int signo) noexcept {
  tell(KeeperMessage::send_signal, signo);
  const Deadline deadline{Clock::now() + patience_with_keeper};
  for (long heard = 0; heard >= 0 && heard != KeeperMessage::signal_sent;)
    heard = hear(deadline);
}

void KeeperTree::begin_kill() noexcept {
  is_killed_ |= !status_;
  tell(KeeperMessage::kill_all);
  if (cgroup_) (void)cgroup_->kill();  // which a keeper that was killed would not do
}

void KeeperTree::release() noexcept {
  tell(KeeperMessage::release);
  if (cgroup_) cgroup_->keep();  // the keeper removes it
}

bool KeeperTree::await_end(const Deadline& deadline) noexcept {
  if (!await_end_of(*keeper_, deadline)) return false;
  reap();
  return true;
}

void KeeperTree::finish_kill(const PidFd& program, Clock::time_point deadline) noexcept {
  if (await_end({deadline})) {
    (void)program.send_signal(SIGKILL);  // as a keeper that was killed has not
    return;
  }
  // The end of an init ends all. A subreaper has to kill them: it is slow, or was stopped.
  for (const int signo : {kind_ == ContainmentKind::subreaper ? SIGCONT : SIGKILL, SIGKILL}) {
    (void)keeper_->send_signal(signo);
    (void)program.send_signal(SIGKILL);
    if (await_end({Clock::now() + kill_patience})) return;
  }
}

// The cgroup's counts are those at the end of the program, before anything is killed.
void KeeperTree::remember(ExitStatus status) noexcept {
  status_ = status;
  if (cgroup_)
    counts_ = {.oom_kills = count_in(cgroup_->fd(), "memory.events", "oom_kill "),
               .refused_forks = count_in(cgroup_->fd(), "pids.events", "max ")};
}

// Returns KeeperMessage::What, or -errno. ECHILD: the keeper has ended.
long KeeperTree::hear(const Deadline& deadline) noexcept {
  // A copy of this process may hold the keeper's end of the socket.
  pollfd entries[3] = {{.fd = keeper_->fd().get(), .events = POLLIN, .revents = 0},
                       {.fd = control_.get(), .events = POLLIN, .revents = 0}};
  const long ready = raw_poll_until(entries, 2, deadline);
  if (ready <= 0) return ready == 0 ? -ETIMEDOUT : ready;
  KeeperMessage message{};
  long size = 0;
  do  // the keeper has ended with something unread: ECONNRESET, once, before what it has said
    size = system_call_retried(SYS_recvfrom, control_.get(), &message, sizeof message, MSG_DONTWAIT,
                               nullptr);
  while (size == -ECONNRESET);
  if (size == -EAGAIN && entries[0].revents != 0) return -ECHILD;
  if (size != sizeof message) return size < 0 ? size : -ECHILD;
  if (message.what == KeeperMessage::program_ended)
    remember(ExitStatus::from_wait_status(message.value));
  return message.what;
}

// A keeper that has ended already hears nothing.
void KeeperTree::tell(KeeperMessage::What what, int value) const noexcept {
  const KeeperMessage message{what, value};
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
