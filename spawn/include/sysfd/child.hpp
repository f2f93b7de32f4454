// SPDX-License-Identifier: MIT
//
// A child process that sysfd::Command has started.
//
//     auto status = child->wait();                                  // until it has ended
//     auto status = child->wait_for(std::chrono::seconds(2));       // no value: it still runs
//     child->pidfd().send_signal(SIGTERM);
//
// A Child owns its process as an OwnedFd owns its descriptor: when the Child is destroyed, a
// process that still runs is killed and reaped. Let it live on with `std::move(child).detach()`, or
// choose another policy in the Command.
#ifndef SYSFD_CHILD_HPP
#define SYSFD_CHILD_HPP

#include <sys/types.h>

#include <chrono>
#include <optional>

#include <sysfd/attributes.hpp>
#include <sysfd/exit_status.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/pidfd.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {

// What becomes of a child that has not been waited for when its Child is destroyed.
enum class DropPolicy {
  kill,    // SIGKILL, then wait: nothing is left. Blocks for as long as the kernel needs to end the
           // process.
  wait,    // wait until it ends by itself. Blocks.
  detach,  // nothing. When it ends it stays a zombie, until somebody waits for it or this process
           // ends.
};

class [[nodiscard("a Child that is dropped kills its process")]] Child {
 public:
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
  std::optional<OwnedFd>& stdin_pipe() noexcept SYSFD_LIFETIMEBOUND { return pipes_[0]; }
  std::optional<OwnedFd>& stdout_pipe() noexcept SYSFD_LIFETIMEBOUND { return pipes_[1]; }
  std::optional<OwnedFd>& stderr_pipe() noexcept SYSFD_LIFETIMEBOUND { return pipes_[2]; }

  // As those of PidFd, errors included. Asked again, they give the same answer without a system
  // call. wait() first closes stdin_pipe(), for which the child may be waiting.
  [[nodiscard]] SYSFD_API Result<ExitStatus> wait() noexcept;
  [[nodiscard]] SYSFD_API Result<std::optional<ExitStatus>> try_wait() noexcept;
  [[nodiscard]] SYSFD_API Result<std::optional<ExitStatus>> wait_for(
      std::chrono::nanoseconds duration) noexcept;
  [[nodiscard]] SYSFD_API Result<std::optional<ExitStatus>> wait_until(
      std::chrono::steady_clock::time_point deadline) noexcept;

  // Gives up the process: it lives on, and is a zombie when it has ended, until somebody waits for
  // it (for instance by the PidFd returned here) or this process ends. The pipe ends are closed.
  SYSFD_API PidFd detach() && noexcept;

 private:
  friend class Command;
  Child(PidFd pidfd, pid_t pid, DropPolicy policy) noexcept;
  void drop() noexcept;
  void close_pipes() noexcept;
  template <class Answer>
  Answer remember(Answer answer) noexcept;

  std::optional<PidFd> pidfd_;  // nothing once moved from or detached
  pid_t pid_;
  DropPolicy policy_;
  std::optional<ExitStatus> status_;
  std::optional<OwnedFd> pipes_[3];
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_CHILD_HPP
