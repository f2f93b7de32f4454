// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_START_KEPT_TREE_HPP
#define SYSFD_SPAWN_SRC_START_KEPT_TREE_HPP

#include <cstddef>
#include <cstdint>
#include <optional>

#include <sysfd/cgroup.hpp>
#include <sysfd/containment.hpp>
#include <sysfd/detail/deadline.hpp>
#include <sysfd/exit_status.hpp>
#include <sysfd/pidfd.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// What has happened in the cgroup of a tree, see Ending. Empty: it is not known.
struct TreeCounts {
  std::optional<std::uint64_t> oom_kills{};
  std::optional<std::uint64_t> refused_forks{};
};

// How a program of a tree has ended.
struct ProgramEnd {
  std::optional<ExitStatus> status{};  // empty: it is not known
  TreeCounts counts{};                 // at that moment
  bool is_killed = false;              // begin_kill() has come before
};

// The processes of a tree (Command::contain(), Pipeline::contain()), as their owner has them. The
// programs, which are counted from 0, have a Child each; these may be in different threads. A
// program that contains no child is linked without what implements this.
//
// The destructor leaves the tree as it is.
class KeptTree {
 public:
  KeptTree() = default;
  virtual ~KeptTree() = default;
  KeptTree(const KeptTree&) = delete;
  KeptTree& operator=(const KeptTree&) = delete;

  virtual ContainmentKind kind() const noexcept = 0;
  // Its own cgroup; null: it has none.
  virtual const Cgroup* cgroup() const noexcept = 0;
  virtual std::size_t program_count() const noexcept = 0;
  virtual ProgramEnd end_of(std::size_t program) const noexcept = 0;
  // Waits for the end of a program, whose pidfd this is. ETIMEDOUT, ECANCELED, ECHILD as
  // PidFd::wait_for().
  virtual Result<ExitStatus> wait(std::size_t program, const PidFd& process,
                                  const Deadline& deadline) noexcept = 0;
  // Sends a signal to all processes.
  virtual void send_signal(int signo) noexcept = 0;
  // Tells the keeper to kill all processes.
  virtual void begin_kill() noexcept = 0;
  // Waits for the end of all processes. False: it has not come by then.
  virtual bool await_end(const Deadline& deadline) noexcept = 0;
  // Waits for the end of all processes after begin_kill(). After the deadline it ends the keeper,
  // and the program with this pidfd, by force: two seconds more at most.
  virtual void finish_kill(const PidFd& process, Clock::time_point deadline) noexcept = 0;
  // One Child, of those of all programs, gives the tree up. True: it is the last.
  virtual bool leave() noexcept = 0;
  // Lets the tree go on without its owner: nothing above reaches it any more.
  virtual void release() noexcept = 0;
  virtual bool is_released() const noexcept = 0;
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_START_KEPT_TREE_HPP
