// SPDX-License-Identifier: MIT
//
// A child process that a Command has started. It owns the process as an OwnedFd owns its
// descriptor: a process that still runs when its Child is destroyed is killed and reaped. To let it
// run, use `std::move(*child).detach()` or another policy (Command::on_drop()).
//
//     auto child = sysfd::Command("worker").spawn();
//     if (!child) return fail(child.error().describe());
//     auto status = child->wait_for(2s);                   // or wait(), without a limit
//     if (!status && status.error() == std::errc::timed_out)
//       status = child->terminate(5s);                     // SIGTERM; SIGKILL after five seconds
//     if (status) use(to_string(*status));                 // "exited with code 0"
//
// A Child keeps its pidfd until it is destroyed, also when the process has ended. Each
// Stdio::pipe(), terminal() and cgroup() takes one more descriptor. So N children that write into
// pipes need 2 N descriptors (RLIMIT_NOFILE). close_descriptors() closes them and keeps the status.
//
// A Child that was copied by fork(2) only closes the copy's descriptors when it is destroyed.
#ifndef SYSFD_CHILD_HPP
#define SYSFD_CHILD_HPP
#include <sysfd/detail/cxx23.hpp>

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>

#include <sysfd/attributes.hpp>
#include <sysfd/containment.hpp>
#include <sysfd/detail/chrono.hpp>
#include <sysfd/drop_policy.hpp>
#include <sysfd/ending.hpp>
#include <sysfd/exit_status.hpp>
#include <sysfd/output.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/pidfd.hpp>
#include <sysfd/result.hpp>
#include <sysfd/timeout.hpp>

namespace sysfd {
inline namespace v0 {

namespace detail {
struct ChildAccess;
struct ChildGroup;
struct ChildResources;
class ChildStages;
struct CloneResult;
struct CommandSpec;
struct Deadline;
class KeptTree;
struct Killed;
struct SpawnPlan;
struct StartedChild;
}  // namespace detail

// How a child was started.
struct SpawnReport {
  bool by_clone3;  // else by clone(2), since clone3 was refused
  // After its first system calls the child held only the descriptors that it was passed. Otherwise
  // it held copies of all of the parent's until exec, as with fork(2).
  bool isolated_table;
  bool reaps_itself;        // CLONE_AUTOREAP
  bool killed_with_parent;  // CLONE_PIDFD_AUTOKILL
  int busy_retries;         // number of ETXTBSY retries
  bool copied_memory;       // of the parent, below a memory limit: see Command::cgroup()
};

class [[nodiscard("a Child that is dropped kills its process")]] Child {
 public:
  SYSFD_API Child(Child&& other) noexcept;
  // The process that is replaced is dropped by its policy.
  SYSFD_API Child& operator=(Child&& other) noexcept;
  // Drops the process by its policy: see Command::on_drop(). The default kills and reaps it.
  SYSFD_API ~Child();

  // The pidfd: to send signals, to poll, and so on. It never refers to another process, even after
  // the process was reaped.
  SYSFD_API const PidFd& pidfd() const noexcept SYSFD_LIFETIMEBOUND;
  BorrowedFd fd() const noexcept SYSFD_LIFETIMEBOUND { return pidfd().fd(); }

  // The process number, for logs. Once the process is reaped, another process can get the same
  // number.
  SYSFD_API pid_t pid() const noexcept;

  // The parent's end of a stream that was set to Stdio::pipe(), else empty. It can be moved from,
  // and closed by reset(). A child that reads its stdin to the end ends only after this end is
  // closed.
  std::optional<OwnedFd>& stdin_pipe() & noexcept SYSFD_LIFETIMEBOUND { return pipes_[0]; }
  std::optional<OwnedFd>& stdout_pipe() & noexcept SYSFD_LIFETIMEBOUND { return pipes_[1]; }
  std::optional<OwnedFd>& stderr_pipe() & noexcept SYSFD_LIFETIMEBOUND { return pipes_[2]; }

  // The parent's end of the pseudo-terminal of Command::terminal() or Stdio::terminal(), else
  // empty. Reading from it fails with EIO when no process has the child's end open.
  std::optional<OwnedFd>& terminal() & noexcept SYSFD_LIFETIMEBOUND { return terminal_; }

  // How it was started.
  SYSFD_API const SpawnReport& report() const noexcept SYSFD_LIFETIMEBOUND;

  // How the child's tree is kept together; ContainmentKind::none without Command::contain().
  SYSFD_API ContainmentKind containment() const noexcept;

  // Why it has ended.
  //
  // Errors: EAGAIN: it was not waited for yet.
  [[nodiscard]] SYSFD_API Result<Ending> ending() const noexcept;
  // What a tree with a cgroup of its own (Containment) uses or has used, until the Child is
  // destroyed.
  //
  // Errors: EOPNOTSUPP: it has none. As Cgroup::usage().
  [[nodiscard]] SYSFD_API Result<CgroupUsage> usage() const;

  // waitid(2): these wait for the end of the process, as those of PidFd. Once they have returned a
  // status, they return it again without a system call. All but try_wait() first close
  // stdin_pipe(), for which the child may be waiting. None reads stdout_pipe(), stderr_pipe() or
  // terminal(): a child that writes more than these can hold does not end. Use communicate() then.
  //
  // Errors: as PidFd. ECHILD: the child was reaped elsewhere (or SIGCHLD is ignored), and this
  //   kernel cannot tell its status.
  [[nodiscard]] SYSFD_API Result<ExitStatus> wait() noexcept;
  [[nodiscard]] SYSFD_API Result<ExitStatus> try_wait() noexcept;  // EAGAIN: it has not ended yet
  [[nodiscard]] SYSFD_API Result<ExitStatus> wait_for(Timeout timeout) noexcept;  // ETIMEDOUT
  [[nodiscard]] SYSFD_API Result<ExitStatus> wait_until(
      std::chrono::steady_clock::time_point deadline) noexcept;

  // Sends SIGTERM, and SIGCONT in case it is stopped, closes stdin_pipe(), and kills the child if
  // it has not ended within the grace period. If it leads a process group, the whole group gets
  // these signals. If the child ends in time, the rest of the group got SIGTERM, and is left
  // running. A grace period that is canceled (Timeout::canceled_by()), or that cannot be waited for
  // (ENOMEM), is over. Of one that is contained, the whole tree gets the signals, with all stages
  // of a Pipeline::contain().
  //
  // Errors:
  //   as wait().
  //   EPERM: it could not be killed.
  //   ETIMEDOUT: it was killed, and has not ended yet.
  // Blocks: for the grace period, then as described at DropPolicy.
  [[nodiscard]] SYSFD_API Result<ExitStatus> terminate(Timeout grace) noexcept;

  // Replaces the drop policy and the grace period of the Command. See Command::on_drop().
  SYSFD_API void on_drop(DropPolicy policy, Timeout grace = std::chrono::seconds(5)) noexcept;

  // poll(2), read(2), write(2): writes the input to stdin_pipe(), reads stdout_pipe(),
  // stderr_pipe() and terminal(), all at the same time, until the child has ended (see OutputEnd).
  // A stream without a pipe is left out. Each pipe is closed at its end. SIGPIPE is not raised.
  //
  // At the timeout the child goes on, and what was read is returned. A next call can go on with the
  // rest of the input. A timeout of zero takes what is there. From the first call on, the pipes are
  // in non-blocking mode. OutputOptions::max_size counts for each call. No input is taken if there
  // is no stdin_pipe(), or no longer. Not a cancellation point.
  //
  // Errors: of descriptors that are no longer pipes: those of poll(2), read(2), write(2).
  // Allocates: what it returns, and 64 KiB.
  [[nodiscard]] SYSFD_API Result<Output> communicate(const OutputOptions& options = {});

  // pidfd_send_signal(2) with PIDFD_SIGNAL_PROCESS_GROUP: sends a signal to the process group that
  // the child leads (Session::process_group 0 or new_session), also after the child has ended.
  // Before Linux 6.9 this is kill(2), and works only until the child is reaped, because its number
  // cannot be reused until then; never for one that is contained.
  //
  // Errors:
  //   ESRCH: it leads no group, or the group is empty.
  //   EOPNOTSUPP: the child was reaped, and this kernel cannot signal a group by pidfd.
  //   EINVAL, EPERM.
  [[nodiscard]] SYSFD_API Result<> send_signal_to_group(int signo) noexcept;

  // cgroup.kill: kills all processes in the cgroup that the child was started in, and in the
  // cgroups below it, also those that have forked away. Remove the cgroup afterwards: Linux 6.14 to
  // 7.1 kill what is started in it later.
  //
  // Errors:
  //   EOPNOTSUPP: the Command had no cgroup.
  //   ENOENT: the cgroup was removed, or the kernel is older.
  //   EACCES.
  // Since: Linux 5.14.
  [[nodiscard]] SYSFD_API Result<> kill_cgroup() noexcept;

  // close(2): closes the pidfd, terminal(), the pipes and the cgroup's directory of a child whose
  // status is known (wait(), try_wait(), ...). After that, wait() and its variants, terminate(),
  // communicate(), pid() and report() still work. pidfd(), fd() and detach() stop the program.
  // send_signal_to_group() and kill_cgroup() fail with EOPNOTSUPP.
  //
  // Errors: EAGAIN: the child was not waited for yet. Nothing is closed.
  SYSFD_API Result<> close_descriptors() noexcept;

  // Gives up the process without ending it, and closes the pipes. When it ends it is a zombie until
  // a process waits for it (for example with the returned PidFd) or the caller's process ends. A
  // child that is killed_with_parent lives only as long as this PidFd. Of one that is contained,
  // the zombie is its keeper.
  SYSFD_API PidFd detach() && noexcept;
  void detach() const& = delete;  // write std::move(child).detach()

 private:
  friend struct detail::ChildAccess;
  friend struct detail::StartedChild;
  Child(detail::CloneResult& clone, const detail::CommandSpec& spec,
        detail::SpawnPlan& plan) noexcept;
  void take(detail::ChildResources& resources, const detail::CommandSpec& spec) noexcept;
  void drop() noexcept;
  void drop_tree() noexcept;
  void begin_drop() noexcept;
  bool shares_tree() const noexcept;
  detail::Killed kill_stage() noexcept;
  Result<ExitStatus> await_kill_of_stage(const detail::Killed& killed,
                                         std::chrono::steady_clock::time_point deadline) noexcept;
  void ask_to_end() noexcept;
  void forget() noexcept;
  Result<ExitStatus> terminate_tree(Timeout grace) noexcept;
  Result<ExitStatus> wait_for_tree(const detail::Deadline& deadline) noexcept;
  void close_pipes() noexcept;
  void leave_tree() noexcept;
  void require_process() const noexcept;
  detail::ChildGroup group() const noexcept;
  detail::Killed kill() noexcept;
  Result<ExitStatus> await_kill(const detail::Killed& killed,
                                std::chrono::steady_clock::time_point deadline) noexcept;
  Result<ExitStatus> end_by_force() noexcept;
  Result<ExitStatus> remember(Result<ExitStatus> answer) noexcept;
  Result<ExitStatus> wait_before(const detail::Deadline& deadline) noexcept;

  std::uint64_t mark_;  // the parent's fork mark
  // Empty after a move or detach(), with no status either, and after close_descriptors().
  std::optional<PidFd> pidfd_;
  pid_t pid_;
  bool leads_group_;
  DropPolicy policy_;
  unsigned program_ = 0;  // which one of the tree
  std::chrono::nanoseconds grace_;
  SpawnReport report_;
  std::optional<ExitStatus> status_;
  std::optional<OwnedFd> pipes_[3];
  std::optional<OwnedFd> terminal_;
  std::optional<OwnedFd> cgroup_;
  std::shared_ptr<detail::ChildStages> stages_;  // of a pipeline
  std::shared_ptr<detail::KeptTree> tree_;       // of a contained child, or pipeline
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_CHILD_HPP
