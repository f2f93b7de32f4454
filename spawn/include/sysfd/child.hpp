// SPDX-License-Identifier: MIT
//
// A child process that sysfd::Command has started.
//
//     auto status = child->wait_for(2s);                   // or wait(), for as long as it takes
//     if (!status && status.error() == std::errc::timed_out)
//       status = child->terminate(5s);                     // SIGTERM; SIGKILL after five seconds
//     if (status) std::cout << to_string(*status);         // "exited with code 0"
//
// A Child owns its process as an OwnedFd owns its descriptor: when the Child is destroyed, a
// process that still runs is killed and reaped. Let it live on with `std::move(child).detach()`, or
// choose another policy in the Command.
//
// A Child has one descriptor, its pidfd, until it is destroyed, also when the process has ended;
// one more for each Stdio::pipe(), terminal() and cgroup(). A program with N children that write
// into pipes needs 2 N (RLIMIT_NOFILE). close_descriptors() gives them back and keeps the status.
//
// In a copy of this process that fork(2) has made, its Child
// closes the copy's descriptors and does nothing else when it is destroyed.
#ifndef SYSFD_CHILD_HPP
#define SYSFD_CHILD_HPP
#include <sysfd/detail/cxx23.hpp>

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>

#include <sysfd/attributes.hpp>
#include <sysfd/detail/chrono.hpp>
#include <sysfd/exit_status.hpp>
#include <sysfd/output.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/pidfd.hpp>
#include <sysfd/result.hpp>
#include <sysfd/timeout.hpp>

namespace sysfd {
inline namespace v0 {

namespace detail {
struct Deadline;
struct Family;
struct Killed;
}  // namespace detail

// What happens to a child that has not been waited for when its Child is destroyed.
enum class DropPolicy {
  kill,       // SIGKILL, then wait for its end as said below
  terminate,  // as terminate(), with the grace period of Command::on_drop()
  wait,       // wait until it ends by itself, however long that takes
  detach,  // nothing. When it ends it is gone (CLONE_AUTOREAP, Linux 7.1; there is no SIGCHLD for
           // it then), or, before Linux 7.1, stays a zombie until somebody waits for it or this
           // process ends.
};

// One rule holds wherever a child is ended by force: by dropping or terminating it, at the timeout of
// Command::output(), as a stage of a Pipeline, by PendingChild::cancel().
//
// - A child that leads a process group (Session::process_group 0, new_session, a terminal) is ended
//   with all of that group, any other child alone. A cgroup is not touched: see kill_cgroup().
// - Where the kill is refused (EPERM: a set-user-ID program, a filter), the child is not waited for.
// - A child that was killed is waited for one second at most (output(): 40 milliseconds after the
//   timeout), and one more while it lacks nothing but a processor or gives back its memory. It may
//   take longer where a tracer (ptrace(2)) keeps its status, or where it sleeps in the kernel and
//   cannot be interrupted.
//
// What could not be ended in this way is left to itself. It is a zombie when it has ended, until this
// process waits for all of its children (waitpid(-1)), or ends.

// Which way a child was started.
struct SpawnReport {
  bool by_clone3;  // else by clone(2), since clone3 was refused
  bool
      isolated_table;  // after its first system calls it held no descriptor of the parent that it was
                       // not given; else it did until exec, as with fork(2)
  bool reaps_itself;        // CLONE_AUTOREAP
  bool killed_with_parent;  // CLONE_PIDFD_AUTOKILL
  int busy_retries;         // how often the program was found open for writing
};

class [[nodiscard("a Child that is dropped kills its process")]] Child {
  struct Start;  // of Command, which nobody else can name

 public:
  explicit Child(const Start& start) noexcept;
  SYSFD_API Child(Child&& other) noexcept;
  SYSFD_API Child& operator=(
      Child&& other) noexcept;  // what was held until now is dropped by its policy
  SYSFD_API ~Child();

  // The process itself: send_signal, get_fd, id, a descriptor to poll. It cannot be a stranger,
  // whoever reaps the process.
  SYSFD_API const PidFd& pidfd() const noexcept SYSFD_LIFETIMEBOUND;
  BorrowedFd fd() const noexcept SYSFD_LIFETIMEBOUND { return pidfd().fd(); }

  // The process number, for people and logs. Once the process is reaped the number can be given to
  // another.
  SYSFD_API pid_t pid() const noexcept;

  // The parent's end of a stream for which the Command said Stdio::pipe(), else nothing. It may be
  // moved away, and closed by reset(). A child that reads its stdin to the end ends only once this
  // end is closed.
  std::optional<OwnedFd>& stdin_pipe() & noexcept SYSFD_LIFETIMEBOUND { return pipes_[0]; }
  std::optional<OwnedFd>& stdout_pipe() & noexcept SYSFD_LIFETIMEBOUND { return pipes_[1]; }
  std::optional<OwnedFd>& stderr_pipe() & noexcept SYSFD_LIFETIMEBOUND { return pipes_[2]; }

  // The parent's end of the pseudo-terminal that Command::terminal() or Stdio::terminal() made, else
  // nothing. Reading from it fails with EIO once nobody has the child's end open.
  std::optional<OwnedFd>& terminal() & noexcept SYSFD_LIFETIMEBOUND { return terminal_; }

  // Which way it was started.
  SYSFD_API const SpawnReport& report() const noexcept SYSFD_LIFETIMEBOUND;

  // As those of PidFd, errors included: for a child, ECHILD means that somebody else has reaped it
  // (or SIGCHLD is ignored), and that this kernel cannot tell what its status was. Asked again, they
  // give the same answer without a system call. All but try_wait() first close stdin_pipe(), for
  // which the child may be waiting. None reads the other pipes or terminal(): a child that writes
  // more than they hold does not end. See communicate().
  [[nodiscard]] SYSFD_API Result<ExitStatus> wait() noexcept;
  [[nodiscard]] SYSFD_API Result<ExitStatus> try_wait() noexcept;  // EAGAIN: it has not ended yet
  [[nodiscard]] SYSFD_API Result<ExitStatus> wait_for(Timeout timeout) noexcept;  // ETIMEDOUT
  [[nodiscard]] SYSFD_API Result<ExitStatus> wait_until(
      std::chrono::steady_clock::time_point deadline) noexcept;

  // Asks it to end (SIGTERM, and SIGCONT in case that it is stopped), closes stdin_pipe(), and kills
  // it if it has not ended within the grace period. A group that it leads is asked and killed with it;
  // when the child has ended in time, the rest of the group has been asked, and is left to itself.
  // Blocks for the grace period, and as long as said at DropPolicy. A grace period that is called off
  // (Timeout::canceled_by) is over. Errors: as wait(); EPERM it could not be killed; ETIMEDOUT it was
  // killed, and has not ended yet.
  [[nodiscard]] SYSFD_API Result<ExitStatus> terminate(Timeout grace) noexcept;

  // Replaces the drop policy and grace period that the Command set. See Command::on_drop().
  SYSFD_API void on_drop(DropPolicy policy, Timeout grace = std::chrono::seconds(5)) noexcept;

  // Feeds the input to stdin_pipe(), reads stdout_pipe() and stderr_pipe() to their ends, whichever
  // of them there are, all at once so that nobody waits for the other, and waits for the child. The
  // pipes are closed as they come to an end. After a timeout the child goes on, what was read is
  // there, and one may go on with the rest of the input; a timeout of zero takes all that is there.
  // The pipes are in non-blocking mode from then on. OutputOptions::max_size counts for each call.
  // Nothing is taken of input for which there is no pipe, or none any more. terminal() is not read.
  // SIGPIPE is not raised. Errors, of descriptors that are no pipes any more: those of poll(2),
  // read(2), write(2). Allocates, 64 KiB among that. Not a cancellation point.
  [[nodiscard]] SYSFD_API Result<Output> communicate(const OutputOptions& options = {});

  // Sends a signal to the process group that the child leads (Session::process_group 0 or
  // new_session), also after the child itself has ended. By the pidfd (PIDFD_SIGNAL_PROCESS_GROUP,
  // Linux 6.9); before, by number, and only as long as nobody has reaped the child, since the number
  // cannot be another group's until then. Errors: ESRCH it leads no group, or none of it is left;
  // EOPNOTSUPP the child was reaped, and this kernel cannot do it by the pidfd; EINVAL, EPERM.
  [[nodiscard]] SYSFD_API Result<> send_signal_to_group(int signo) noexcept;

  // cgroup.kill: kills all processes in the cgroup that the child was started in, and in those below
  // it, however often they have forked. Since Linux 5.14. Errors: EOPNOTSUPP the Command was given
  // no cgroup; ENOENT it was removed, or an older kernel; EACCES. Such a cgroup is to be removed then:
  // Linux 6.14 to 7.1 kill what is started in it later.
  [[nodiscard]] SYSFD_API Result<> kill_cgroup() noexcept;

  // Closes the pidfd, terminal(), the pipes and the cgroup's directory of a child whose status is
  // known (wait(), try_wait(), ...), which then holds no descriptor. What it answers without them
  // it goes on to answer: wait() and the like, terminate(), communicate(), pid(), report().
  // pidfd(), fd() and detach() then stop the program, send_signal_to_group() and kill_cgroup() fail
  // with EOPNOTSUPP.
  // Errors: EAGAIN nobody has waited for it here yet; nothing is closed then.
  SYSFD_API Result<> close_descriptors() noexcept;

  // Gives up the process: it lives on, and is a zombie when it has ended, until somebody waits for
  // it (for instance by the PidFd returned here) or this process ends. The pipe ends are closed. One
  // that is killed_with_parent lives only as long as this PidFd.
  SYSFD_API PidFd detach() && noexcept;

 private:
  friend class Command;
  friend class Pipeline;
  void drop() noexcept;
  void close_pipes() noexcept;
  void require_process() const noexcept;
  detail::Family family() const noexcept;
  void ask_to_end() noexcept;
  detail::Killed kill() noexcept;
  Result<ExitStatus> await_kill(const detail::Killed& killed,
                                std::chrono::steady_clock::time_point deadline) noexcept;
  Result<ExitStatus> end_by_force() noexcept;
  void wait_before(Output& output, const detail::Deadline& deadline);
  Result<ExitStatus> remember(Result<ExitStatus> answer) noexcept;
  Result<ExitStatus> wait_before(const detail::Deadline& deadline) noexcept;

  struct Stages;

  std::uint64_t mark_;  // of the process whose child it is
  // Nothing once moved from or detached, when there is no status either, and after
  // close_descriptors().
  std::optional<PidFd> pidfd_;
  pid_t pid_;
  bool leads_group_;
  DropPolicy policy_;
  std::chrono::nanoseconds grace_;
  SpawnReport report_;
  std::optional<ExitStatus> status_;
  std::optional<OwnedFd> pipes_[3];
  std::optional<OwnedFd> terminal_;
  std::optional<OwnedFd> cgroup_;
  std::shared_ptr<Stages> stages_;  // of a pipeline
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_CHILD_HPP
